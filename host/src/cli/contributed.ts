import { type CommandContribution, isKinoportError, KinoportError, PRODUCT } from '@kinoport/core';
import { Command } from 'commander';
import { commandsOf } from '../plugins/commandContributions.ts';
import { displayEnvironment } from '../processes/environment.ts';
import { findPlugins } from './commands/config.ts';
import { findHost, withHost } from './connection/connectHost.ts';
import { type CliContext, type CommonOptions, outputFor } from './context.ts';
import { EXIT_INTERRUPTED } from './exitCodes.ts';
import { optionValues, typedValue, valueName } from './optionValues.ts';
import { CommandTerminal } from './terminal/commandTerminal.ts';
import { onSignals } from './terminal/signals.ts';

/** A command of a plugin. */
export interface KnownCommand {
  readonly contribution: CommandContribution;
  /** The plugin's folder. */
  readonly root: string;
}

/** A command of a plugin, found by the words it begins with. */
export interface ContributedCommand extends KnownCommand {
  /** What stands behind the command's own words. */
  readonly rest: readonly string[];
}

/** What plugins contribute: what a running host knows, also of folders that somebody works on, then all manifests. */
export async function contributedCommands(ctx: CliContext): Promise<readonly KnownCommand[]> {
  const found = (await findPlugins(ctx)).flatMap(({ enabled, manifest, root, access }) =>
    (enabled && manifest ? commandsOf(manifest.package.kinoport, access.granted) : []).map(
      (contribution) => ({
        contribution,
        root,
      }),
    ),
  );
  const commands = [...(await commandsOfHost(ctx)), ...found];
  const names = commands.map(({ contribution }) => contribution.command);
  return commands.filter(({ contribution }, at) => names.indexOf(contribution.command) === at);
}

async function commandsOfHost(ctx: CliContext): Promise<readonly KnownCommand[]> {
  const host = await findHost(ctx);
  try {
    if (host?.endpoint.version !== ctx.hostVersion) return [];
    return await host.call('commands.list', {});
  } catch {
    // On its way out; the manifests say the same.
    return [];
  } finally {
    await host?.dispose();
  }
}

/** The contributed command that the words mean; no code is run for it. The longer name wins. */
export function findContributed(
  commands: readonly KnownCommand[],
  words: readonly string[],
): ContributedCommand | undefined {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(' ');
    const found = commands.find(({ contribution }) => contribution.command === name);
    if (found) return { ...found, rest: words.slice(length) };
  }
  return undefined;
}

/** The command with its arguments and options, as its manifest declares them. */
export function contributedProgram(
  contribution: CommandContribution,
  run: (args: Record<string, unknown>, options: Record<string, unknown> & CommonOptions) => Promise<void>,
  ctx: CliContext,
): Command {
  const command = new Command(`${PRODUCT.command} ${contribution.command}`)
    .description(contribution.title)
    .helpOption('-h, --help', 'show help');
  const args = contribution.args ?? [];
  for (const { name, required, variadic, description } of args) {
    const text = variadic ? `${name}...` : name;
    command.argument(required ? `<${text}>` : `[${text}]`, description);
  }
  for (const { name, type, description = '', default: preset, env } of contribution.options ?? []) {
    const flag = type === 'boolean' ? `--${name}` : `--${name} <${valueName(type)}>`;
    const text = env === undefined ? description : `${description} (${env})`;
    command.option(flag, text.trimStart(), preset as string | boolean | undefined);
  }
  return command.action(async (...given: unknown[]) => {
    const values = await Promise.all(
      args.map(async ({ name, type }, i) => [name, await typedValue(ctx, name, type, given[i])] as const),
    );
    const { json, verbose, quiet } = given[args.length] as CommonOptions;
    await run(Object.fromEntries(values.filter(([, value]) => value !== undefined)), {
      ...(await optionValues(ctx, contribution, command)),
      ...(json ? { json } : {}),
      ...(verbose ? { verbose } : {}),
      ...(quiet ? { quiet } : {}),
    });
  });
}

/** Runs a contributed command in the host, with this process as its terminal. */
export async function runContributed(
  ctx: CliContext,
  command: string,
  args: Record<string, unknown>,
  { json, verbose, quiet, ...options }: Record<string, unknown> & CommonOptions,
): Promise<number> {
  const output = outputFor(ctx, { json: json === true, verbose: verbose === true, quiet: quiet === true });
  const cancel = new AbortController();
  return withHost(ctx, async (host) => {
    const left = Promise.withResolvers<number>();
    const interrupt = (): void => {
      if (cancel.signal.aborted) left.resolve(EXIT_INTERRUPTED);
      cancel.abort();
    };
    const signals = onSignals({ interrupt, hangUp: () => left.resolve(EXIT_INTERRUPTED) });
    const terminal = new CommandTerminal(output, interrupt);
    const printing = host.onDidOutput(({ stream, text }) => {
      if (stream === 'out') terminal.data(text);
      else if (stream === 'err') terminal.note(text);
      else terminal.status(text);
    });
    host.setPrompt((question, hidden) =>
      question === null ? terminal.next() : terminal.ask(question, hidden),
    );
    try {
      const client = {
        isTTY: output.isTTY,
        columns: output.columns ?? 80,
        color: output.color,
        wantsJson: output.json,
        display: displayEnvironment(ctx.environment),
      };
      const done = host.call('commands.run', { command, args, options, client }, { signal: cancel.signal });
      return await Promise.race([left.promise, done.then(({ exitCode }) => exitCode)]);
    } catch (error) {
      // The config names its plugin, the manifest has it: the host is what does not know it.
      if (!isKinoportError(error, 'COMMAND_UNKNOWN')) throw error;
      throw new KinoportError('COMMAND_UNKNOWN', error.message, {
        hint: `The host that runs could not load its plugin; "${PRODUCT.command} plugin list" says why.`,
        cause: error,
      });
    } finally {
      await signals.dispose();
      await printing.dispose();
      terminal.dispose();
    }
  });
}
