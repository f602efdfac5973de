import type { Command } from 'commander';
import type { CliContext, CommonOptions } from '../../context.ts';
import { HELP } from '../../help.ts';
import type { InstallOptions } from './install.ts';
import type { RemoveOptions } from './remove.ts';

type Add = <O extends CommonOptions>(
  usage: string,
  description: string,
  help: string,
  run: (args: readonly (string | undefined)[], options: O) => Promise<number>,
) => Command;

/** `plugin install`, `update`, `remove` and `search`. */
export function addInstallCommands(
  ctx: CliContext,
  add: Add,
  words: (args: readonly (string | undefined)[]) => readonly string[],
): void {
  withBuilds(
    add<InstallOptions>('install <package>', 'install a plugin', HELP.install, async ([spec = ''], o) =>
      (await import('./install.ts')).runInstall(ctx, spec, o),
    ),
  ).option('--integrity <hash>', 'refuse it unless its sha512 is this one: sha512-...');
  withBuilds(
    add<InstallOptions>('update [id]', 'install newer versions', HELP.update, async ([id], o) =>
      (await import('./install.ts')).runUpdate(ctx, id, o),
    ),
  );
  add<RemoveOptions>('remove <id>', 'remove an installed plugin', HELP.remove, async ([id = ''], o) =>
    (await import('./remove.ts')).runRemove(ctx, id, o),
  )
    .option('--data', 'remove what it has stored, too')
    .option('--keep-data', 'keep what it has stored');
  add('search [words...]', 'look for plugins in the registry', HELP.search, async (args, o) =>
    (await import('./search.ts')).runSearch(ctx, words(args), o),
  );
}

function withBuilds(command: Command): Command {
  const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  return command
    .option('-y, --yes', 'allow what it asks for unasked, install scripts excepted')
    .option('--allow-build <name>', 'run the install scripts of this package', collect)
    .option('--skip-build <name>', 'install this package without running its install scripts', collect);
}
