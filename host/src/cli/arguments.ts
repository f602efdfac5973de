import { isInfohash } from './uris.ts';

/** The command line after it was made regular: what commander parses, and what stands behind `--`. */
export interface PreparedArguments {
  readonly args: readonly string[];
  /** Behind `--` of a command that plays: the player's own arguments. `undefined`: there was no `--`. */
  readonly rest: readonly string[] | undefined;
}

const ROOT_OPTIONS = new Set(['-h', '--help', '-V', '--version']);
const PLAYING = new Set(['play', 'continue']);

/**
 * Makes `kinoport film.mkv` into `kinoport play film.mkv` and takes off what belongs to the player.
 * @param known names of the commands
 * @param exists whether there is a file or folder of that name
 */
export function prepareArguments(
  argv: readonly string[],
  known: ReadonlySet<string>,
  exists: (path: string) => boolean,
): PreparedArguments {
  const dashes = argv.indexOf('--');
  const before = dashes < 0 ? argv : argv.slice(0, dashes);
  const first = before[0];
  const looksLikeMedia = (text: string): boolean =>
    text === 'demo' || /[/\\.:]/.test(text) || isInfohash(text) || (!text.startsWith('-') && exists(text));

  let args = before;
  if (first === undefined ? dashes >= 0 : !known.has(first) && !ROOT_OPTIONS.has(first)) {
    const media = first?.startsWith('-')
      ? before.some(looksLikeMedia)
      : first === undefined || looksLikeMedia(first);
    if (media) args = ['play', ...before];
  }
  if (dashes < 0) return { args, rest: undefined };
  const rest = argv.slice(dashes + 1);
  return PLAYING.has(args[0] ?? '') ? { args, rest } : { args: [...args, '--', ...rest], rest: undefined };
}

/**
 * What is played and what the player is given: behind `--` stand the player's arguments, but when nothing stands
 * before it, the first one is the file (`play -- -film.mkv --fs`).
 */
export function splitRest(
  uris: readonly string[],
  rest: readonly string[] | undefined,
): { readonly uris: readonly string[]; readonly playerArgs: readonly string[] } {
  if (rest === undefined) return { uris, playerArgs: [] };
  return uris.length > 0 ? { uris, playerArgs: rest } : { uris: rest.slice(0, 1), playerArgs: rest.slice(1) };
}
