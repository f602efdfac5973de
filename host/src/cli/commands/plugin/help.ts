import { examples } from '../../help.ts';

/** What stands below the options of the commands of `plugin`. */
export const PLUGIN_HELP = {
  info: examples(['plugin info mpv', 'its state, folder, log, and what was the matter last']),
  enable: examples(['plugin enable mpv', 'at once, and in the config']),
  disable: examples(['plugin disable mpv', 'what plays in it is stopped']),
  reload: examples(['plugin reload mpv', 'what plays in it goes on']),
  profile: examples(
    ['plugin profile', 'of all that run'],
    ['plugin profile mpv --json', 'of one, for programs'],
  ),
  dev: `${examples(
    ['plugin dev .', 'the folder with its package.json'],
    ['plugin dev . --inspect', 'with a debugger: chrome://inspect, or "attach" in VS Code'],
    ['plugin dev . --inspect-brk=9333', 'which is waited for, on another port'],
  )}

While it runs the folder stands in for what else has the plugin's id. What ran before goes on while the new code does
not load, and comes back at the end.`,
} as const;
