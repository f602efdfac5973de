import type { Command } from 'commander';
import type { CliContext, CommonOptions } from '../../context.ts';
import type { DevOptions } from './dev/dev.ts';
import { PLUGIN_HELP } from './help.ts';

/** Adds a command whose code is loaded when it runs. */
export type AddCommand = <O extends CommonOptions>(
  parent: Command,
  usage: string,
  description: string,
  help: string,
  run: (args: readonly (string | undefined)[], options: O) => Promise<number>,
  json?: boolean,
) => Command;

/** `plugin info`, `enable`, `disable`, `reload`, `profile`, `dev`. */
export function registerPluginCommands(plugin: Command, add: AddCommand, ctx: CliContext): void {
  add(plugin, 'info <id>', 'everything about one', PLUGIN_HELP.info, async ([id = ''], o) =>
    (await import('./info.ts')).runPluginInfo(ctx, id, o),
  );
  for (const [name, text] of [
    ['enable', 'switch one on in the config'],
    ['disable', 'switch one off in the config'],
    ['reload', 'start its code anew, without a gap'],
  ] as const) {
    add(plugin, `${name} <id>`, text, PLUGIN_HELP[name], async ([id = ''], o) =>
      (await import('./switch.ts')).runPluginSwitch(ctx, name, id, o),
    );
  }
  add(plugin, 'profile [id]', 'what they cost in time and memory', PLUGIN_HELP.profile, async ([id], o) =>
    (await import('./profile.ts')).runPluginProfile(ctx, id, o),
  );
  add<DevOptions>(
    plugin,
    'dev <dir>',
    'work on one: loaded again with every change',
    PLUGIN_HELP.dev,
    async ([dir = ''], o) => (await import('./dev/dev.ts')).runPluginDev(ctx, dir, o),
  )
    .option('--inspect [port]', 'let debuggers attach; the port stays over reloads (default: 9229)')
    .option('--inspect-brk [port]', 'wait for a debugger before the code is loaded');
}
