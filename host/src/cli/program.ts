import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type CommandContribution, KinoportError, PRODUCT } from '@kinoport/core';
import { Command, Option } from 'commander';
import type { PreparedArguments } from './arguments.ts';
import { prepareArguments } from './arguments.ts';
import { CACHE_HELP } from './commands/cache/help.ts';
import { registerCacheCommands } from './commands/cache/register.ts';
import type { SecretOptions } from './commands/configSecret.ts';
import type { FilesOptions } from './commands/files.ts';
import { addPlayerOptions, type PlayOptions } from './commands/playOptions.ts';
import type { CreateCommandOptions } from './commands/plugin/create.ts';
import { addInstallCommands } from './commands/plugin/installCommands.ts';
import type { LogsOptions } from './commands/plugin/logs.ts';
import { registerPluginCommands } from './commands/plugin/register.ts';
import type { TestCommandOptions } from './commands/plugin/test.ts';
import { type CliContext, type CommonOptions, outputFor } from './context.ts';
import type { KnownCommand } from './contributed.ts';
import { HELP } from './help.ts';
import { usageError } from './usage.ts';

/** Runs the command line; returns the exit code. @throws KinoportError, `USAGE` for what is not understood */
export async function runProgram(ctx: CliContext, argv: readonly string[]): Promise<number> {
  const result = { exitCode: 0 };
  const prepared: { value: PreparedArguments } = { value: { args: argv, rest: undefined } };
  const contributed = { value: '' };
  const program = buildProgram(ctx, result, () => prepared.value.rest);
  program.addHelpText('after', () => contributed.value);
  const known = new Set([
    'help',
    ...program.commands.flatMap((command) => [command.name(), ...command.aliases()]),
  ]);
  prepared.value = prepareArguments(argv, known, (path) => existsSync(resolve(ctx.cwd, path)));

  const { args } = prepared.value;
  const [first] = args;
  if (first === undefined) {
    const { runOverview } = await import('./commands/overview.ts');
    return runOverview(ctx);
  }
  try {
    if (first === 'help' && args[1] !== undefined && !known.has(args[1]) && !args[1].startsWith('-')) {
      const exitCode = await runOther(ctx, [...args.slice(1), '--help']);
      if (exitCode !== undefined) return exitCode;
    }
    if (first === 'help') checkTopic(known, args[1]);
    if (isRootHelp(args)) contributed.value = await contributedHelp(ctx);
    if (!known.has(first) && !first.startsWith('-')) {
      const exitCode = await runOther(ctx, args);
      if (exitCode !== undefined) return exitCode;
    }
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    return usageError(error, commandOf(program, args));
  }
  return result.exitCode;
}

function isRootHelp([first, second]: readonly string[]): boolean {
  return first === '-h' || first === '--help' || (first === 'help' && second === undefined);
}

/** What plugins add to the commands; the config may be broken and help still wanted. */
async function contributedHelp(ctx: CliContext): Promise<string> {
  try {
    const { contributedCommands } = await import('./contributed.ts');
    return (await import('./contributedHelp.ts')).commandLines(
      contributionsOf(await contributedCommands(ctx)),
    );
  } catch {
    return '';
  }
}

function contributionsOf(commands: readonly KnownCommand[]): readonly CommandContribution[] {
  return commands.map(({ contribution }) => contribution);
}

/** @throws KinoportError `USAGE` for help about what is no command of the program */
function checkTopic(known: ReadonlySet<string>, topic: string | undefined): void {
  if (topic === undefined || topic.startsWith('-') || known.has(topic)) return;
  throw new KinoportError('USAGE', `Unknown command "${topic}".`, {
    hint: `"${PRODUCT.command} --help" shows what there is; of a plugin's command: "${PRODUCT.command} ${topic} --help".`,
  });
}

/** The command that some arguments begin with, as far as there is one: `progress mark`. */
function commandOf(parent: Command, args: readonly string[]): string | undefined {
  const [first, ...rest] = args;
  if (first === 'help') return first;
  const command = parent.commands.find((each) => each.name() === first);
  return command && [command.name(), commandOf(command, rest)].filter((word) => word !== undefined).join(' ');
}

/** A command of a plugin, when there is one of that name. */
async function runOther(ctx: CliContext, args: readonly string[]): Promise<number | undefined> {
  const { contributedCommands, contributedProgram, findContributed, runContributed } = await import(
    './contributed.ts'
  );
  const commands = await contributedCommands(ctx);
  const found = findContributed(commands, args);
  if (!found)
    return (await import('./contributedHelp.ts')).runGroup(
      contributionsOf(commands),
      args,
      outputFor(ctx, {}),
    );
  let exitCode = 0;
  const command = contributedProgram(
    found.contribution,
    async (values, options) => {
      exitCode =
        found.contribution.standalone === undefined
          ? await runContributed(ctx, found.contribution.command, values, options)
          : await (await import('./standalone.ts')).runStandalone(ctx, found, values, options);
    },
    ctx,
  );
  await withCommonOptions(regular(command), true).parseAsync(found.rest, { from: 'user' });
  return exitCode;
}

function buildProgram(
  ctx: CliContext,
  result: { exitCode: number },
  rest: () => readonly string[] | undefined,
): Command {
  const program = regular(new Command(PRODUCT.command))
    .description('Play anything, in the player you already like, and go on where you stopped.')
    .version(ctx.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .addOption(new Option('--safe-mode', 'start the host with the plugins only that come along'))
    .helpCommand('help [command]', 'show help for a command')
    // What stands behind a subcommand is its own: `progress` and `progress mark` both have --json.
    .enablePositionalOptions()
    .addHelpText('after', HELP.root);

  /** Adds a command whose code is loaded when it runs. */
  const add = <O extends CommonOptions>(
    parent: Command,
    usage: string,
    description: string,
    help: string,
    run: (args: readonly (string | undefined)[], options: O) => Promise<number>,
    json = true,
  ): Command => {
    const command = parent.command(usage).description(description).addHelpText('after', help);
    return withCommonOptions(command, json).action(async (...given: unknown[]) => {
      // Commander hands over each argument, then the options, then the command.
      const args = given.slice(0, -2).flat() as readonly (string | undefined)[];
      result.exitCode = await run(args, command.opts<O>());
    });
  };
  /** A command that only holds others. It takes their options, so that a mistyped one is met as what it is. */
  const group = (name: string, description: string, help: string): Command =>
    withCommonOptions(program.command(name).description(description).addHelpText('after', help), true);
  const words = (args: readonly (string | undefined)[]): readonly string[] =>
    args.filter((arg): arg is string => arg !== undefined);

  addPlayerOptions(
    add<PlayOptions>(
      program,
      'play [uris...]',
      'play files, folders and addresses',
      HELP.play,
      async (args, o) => (await import('./commands/play.ts')).runPlay(ctx, words(args), o, rest()),
    )
      .usage('[options] <uri...> [-- PLAYER ARGS]')
      .option('--source <id>', 'the source to use')
      .option('--file <n|name>', 'which item of a folder or playlist: a number from 0, or a part of its name')
      .option('--from-start', 'begin with the first item, not with the first one not yet watched')
      .option('--shuffle', 'in random order'),
  );
  addPlayerOptions(
    add<PlayOptions>(program, 'continue [words...]', 'go on with something', HELP.continue, async (args, o) =>
      (await import('./commands/continue.ts')).runContinue(ctx, words(args), o, rest()),
    ).usage('[options] [n|words...] [-- PLAYER ARGS]'),
  );
  for (const name of ['next', 'previous'] as const) {
    const text = name === 'next' ? 'play the next item of what plays' : 'play the item before';
    add(program, name, text, HELP[name], async (_args, o) =>
      (await import('./commands/steer.ts')).runSkip(ctx, name, o),
    );
  }

  const progress = add<CommonOptions & { readonly limit?: string }>(
    program,
    'progress [uri]',
    'what was played, and how far',
    HELP.progress,
    async ([uri], o) => (await import('./commands/progress.ts')).runProgress(ctx, uri, o),
  ).option('--limit <n>', 'at most so many');
  add<CommonOptions & { readonly unwatched?: boolean }>(
    progress,
    'mark <uri>',
    'mark as watched',
    HELP.mark,
    async ([uri = ''], o) => (await import('./commands/progress.ts')).runMark(ctx, uri, o),
  ).option('--unwatched', 'mark as not watched');
  add(progress, 'forget <uri>', 'forget the progress', HELP.forget, async ([uri = ''], o) =>
    (await import('./commands/progress.ts')).runForget(ctx, uri, o),
  );
  add(progress, 'export [file]', 'write all progress as JSON', HELP.export, async ([file], o) =>
    (await import('./commands/progress.ts')).runExport(ctx, file, o),
  );
  add(progress, 'import <file>', 'read an export', HELP.import, async ([file = ''], o) =>
    (await import('./commands/progress.ts')).runImport(ctx, file, o),
  );

  add<FilesOptions>(
    program,
    'files <uri>',
    'what a folder, playlist or address holds',
    HELP.files,
    async ([uri = ''], o) => (await import('./commands/files.ts')).runFiles(ctx, uri, o),
  )
    .option('--source <id>', 'the source to use')
    .option('-y, --yes', 'agree to what the source asks for');

  registerCacheCommands(group('cache', 'what sources keep on disk', CACHE_HELP.cache), add, ctx);

  const plugin = group('plugin', 'the plugins', HELP.plugin);
  add(plugin, 'list', 'the plugins, what they give and how they are', HELP.plugin, async (_args, o) =>
    (await import('./commands/inspect.ts')).runPluginList(ctx, o),
  );
  add<LogsOptions>(plugin, 'logs <id>', 'what a plugin has written', HELP.logs, async ([id = ''], o) =>
    (await import('./commands/plugin/logs.ts')).runPluginLogs(ctx, id, o),
  )
    .option('-f, --follow', 'and what it writes from now on, until Ctrl-C')
    .option('-n, --lines <n>', 'so many of the last lines (default: 100)');
  add<CreateCommandOptions>(
    plugin,
    'create [directory]',
    'begin a plugin of your own',
    HELP.create,
    async ([directory], o) =>
      (await import('./commands/plugin/create.ts')).runPluginCreate(ctx, directory, o),
  )
    .option('-k, --kind <kinds>', 'source, player, command, playback; several with commas')
    .option('-l, --language <language>', 'ts or js')
    .option('--id <id>', 'its id')
    .option('--name <name>', 'the name that people read')
    .option('-y, --yes', 'ask nothing and take the defaults');
  add<TestCommandOptions>(
    plugin,
    'test [directory]',
    'run a plugin against the contracts of what it contributes',
    HELP.test,
    async ([directory], o) => (await import('./commands/plugin/test.ts')).runPluginTest(ctx, directory, o),
  )
    .option('--only <text>', 'only clauses whose name contains the text')
    .option('--timeout <seconds>', 'for each clause (default: 30)');
  registerPluginCommands(plugin, add, ctx);

  addInstallCommands(ctx, (...command) => add(plugin, ...command), words);

  add(
    plugin,
    'pack [directory]',
    'make a tarball that others can install',
    HELP.pack,
    async ([directory], o) => (await import('./commands/plugin/pack.ts')).runPluginPack(ctx, directory, o),
  );

  const config = group('config', 'the config file', HELP.config);
  add(config, 'check', 'look for mistakes', HELP.config, async (_args, o) =>
    (await import('./commands/config.ts')).runConfigCheck(ctx, o),
  );
  add(config, 'schema', 'print the JSON Schema of the file', HELP.config, async (_args, o) =>
    (await import('./commands/config.ts')).runConfigSchema(ctx, o),
  );
  add(config, 'path', 'print where the file is', HELP.config, async (_args, o) =>
    (await import('./commands/config.ts')).runConfigPath(ctx, o),
  );

  add<SecretOptions>(
    config,
    'secret [plugin] [name]',
    'give a plugin a password or token, kept outside of the file',
    HELP.secret,
    async ([pluginId, name], o) =>
      (await import('./commands/configSecret.ts')).runConfigSecret(ctx, pluginId, name, o),
  )
    .option('--list', 'which are set, and which are missing; never what they are')
    .option('--remove', 'forget it')
    .option('--move', 'take it out of the config file, where it stands now');

  add(program, 'doctor', 'check that everything is in place', HELP.doctor, async (_args, o) =>
    (await import('./commands/doctor.ts')).runDoctor(ctx, o),
  );
  add(
    program,
    'serve',
    'run the host in the foreground',
    HELP.serve,
    async () => (await import('./commands/serve.ts')).runServe(ctx),
    false,
  );
  add(program, 'stop', 'end the background host', HELP.stop, async (_args, o) =>
    (await import('./commands/steer.ts')).runStop(ctx, o),
  );
  return program;
}

/** Errors are thrown, and printed in one place. */
function regular(command: Command): Command {
  return command.exitOverride().configureOutput({ writeErr: () => undefined });
}

function withCommonOptions(command: Command, json: boolean): Command {
  if (json) command.option('--json', 'print JSON');
  return command.option('-v, --verbose', 'say more').option('-q, --quiet', 'say nothing but errors');
}
