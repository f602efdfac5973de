import { PRODUCT } from '@kinoport/core';
import { KEYS_HELP } from './play/keys.ts';

const name = PRODUCT.command;

/** Lines of commands with what they do. */
export function examples(...lines: readonly (readonly [string, string])[]): string {
  const width = Math.max(...lines.map(([command]) => command.length));
  return `\nExamples:\n${lines.map(([command, text]) => `  ${name} ${command.padEnd(width)}  ${text}`).join('\n')}`;
}

/** What stands below the options in a command's `--help`. */
export const HELP = {
  root: examples(
    ['play demo', 'a clip that comes along'],
    ['film.mkv', 'the same as play film.mkv'],
    ['play ~/Show/', 'the first episode not yet watched'],
    ['continue', 'go on with something you began'],
  ),
  play: `${examples(
    ['play film.mkv', 'goes on where you stopped'],
    ['play ~/Show/ --file 3', 'the fourth file of a folder'],
    ["play 'magnet:?xt=...'", 'an address with signs of the shell needs quotes'],
    ['play film.mkv --start 50% --paused', 'open in the middle'],
    ['play film.mkv -- --mute=yes', "arguments for the player's own command line"],
    ['play ./-film.mkv', 'a name that begins with a dash'],
    ['play -- -film.mkv --mute=yes', 'the same: with no file before --, the first after it is the file'],
  )}\n\n${KEYS_HELP}\n\nThe film goes on when the terminal is closed. A folder called like a command is ./name.`,
  continue: examples(
    ['continue', 'lists and asks; Enter takes the first'],
    ['continue 2', 'the second of the list'],
    ['continue alien', 'by words of the title'],
  ),
  next: examples(['next', 'the next episode, or item of the queue']),
  previous: examples(['previous', 'the one before']),
  progress: examples(
    ['progress', 'all, the newest first'],
    ['progress film.mkv --json', 'of one file, for programs'],
    ['progress mark ~/Show/', 'all of a folder as watched'],
  ),
  mark: examples(
    ['progress mark film.mkv', 'as watched'],
    ['progress mark film.mkv --unwatched', 'as not watched'],
  ),
  forget: examples(['progress forget film.mkv', 'as if it had never been played']),
  export: examples(['progress export backup.json', 'into a file; without one it is printed']),
  import: examples(['progress import backup.json', 'what is newer there than here is taken over']),
  files: examples(['files ~/Show/', 'with the numbers that play --file takes']),
  plugin: examples(
    ['plugin list', 'what is there and what it gives'],
    ['plugin logs mpv -f', 'what one writes'],
  ),
  logs: examples(
    ['plugin logs mpv', 'its last 100 lines'],
    ['plugin logs mpv -f -n 0', 'only what it writes from now on'],
    ['plugin logs mpv -n 5000 > mpv.log', 'into a file, as it is'],
  ),
  create: examples(
    ['plugin create', 'asks what it contributes, and writes it into a new folder'],
    ['plugin create --yes --kind source --language ts --id radio', 'for scripts'],
  ),
  install: `${examples(
    ['plugin install kinoport-plugin-x', 'from the npm registry; name@1.2.0 for a version'],
    ['plugin install ./my-plugin', 'a copy of a folder, as npm would pack it'],
    ['plugin install ./x-1.0.0.tgz', 'a tarball; an address works, too'],
    ['plugin install git+https://example.org/x.git#v1', 'a git repository, at a branch or tag'],
  )}\n\nIt shows what the plugin asks for and installs nothing before that is allowed. Install scripts of packages run\nonly when they are allowed by name.`,
  update: examples(
    ['plugin update', 'all that were installed; asks only for what is new'],
    ['plugin update x', 'this one'],
  ),
  remove: examples(
    ['plugin remove x', 'asks what becomes of its data'],
    ['plugin remove x --data', 'leaves nothing'],
  ),
  search: examples(['plugin search subtitles', 'packages with the keyword kinoport-plugin']),
  test: examples(
    ['plugin test', 'the plugin in this folder'],
    ['plugin test ~/src/radio --only source.read', 'some clauses of it'],
    ['plugin test --json > report.json', 'for a CI'],
  ),
  pack: examples(['plugin pack .', 'builds, checks and shows it, and writes it here']),
  config: examples(
    ['config check', 'says file, line and what was expected'],
    ['config schema > schema.json', 'for completion in an editor'],
    ['config path', 'where the file is'],
  ),
  secret: `${examples(
    ['config secret subtitles token', 'asks for it; what is typed is not shown'],
    ['config secret subtitles token < file', 'from a file or another program'],
    ['config secret --list', 'which are set and which are missing'],
    ['config secret subtitles token --remove', 'forget it'],
    ['config secret subtitles token --move', 'out of the config file'],
  )}\n\nA secret is never given on the command line, where other programs and the history of the shell could see it.`,
  doctor: examples(['doctor', 'is everything in place?'], ['doctor --json', 'the same for programs']),
  serve: examples(
    ['serve', 'run the host in the foreground, for services and for looking at it'],
    ['serve --safe-mode', 'only with the plugins that come along'],
  ),
  stop: examples(['stop', 'end the host and what plays in it']),
} as const;
