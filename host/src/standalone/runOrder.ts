import {
  KinoportError,
  type StandaloneHandler,
  serializeError,
  systemClock,
  toKinoportError,
} from '@kinoport/core';
import { errorView, type Output } from '../cli/terminal/output.ts';
import { explained } from '../runtime/denials.ts';
import { commandIo } from './commandIo.ts';
import type { Interrupts } from './interrupts.ts';
import type { StandaloneOrder } from './order.ts';

/** Loads the plugin's module and runs it; returns its exit code. Errors are those that a person is told. */
export async function runOrder(
  order: StandaloneOrder,
  output: Output,
  interrupts: Interrupts,
): Promise<number> {
  const { command, plugin, input, config } = order;
  const { io, terminal } = commandIo(order, output, interrupts);
  try {
    const handler = await load(order);
    const { onDidAskToReload } = interrupts;
    const exitCode =
      (await handler(input, io, { plugin, config, clock: systemClock, onDidAskToReload })) ?? 0;
    if (Number.isInteger(exitCode) && exitCode >= 0 && exitCode <= 255) return exitCode;
    throw new KinoportError(
      'COMMAND_FAILED',
      `The command "${command}" ended with ${exitCode}, not 0 to 255.`,
    );
  } catch (error) {
    throw failure(order, error);
  } finally {
    terminal.dispose();
  }
}

async function load({ command, module }: StandaloneOrder): Promise<StandaloneHandler> {
  let loaded: { readonly default?: unknown };
  try {
    loaded = await import(module);
  } catch (error) {
    throw new KinoportError(
      'PLUGIN_LOAD_FAILED',
      `The code of "${command}" could not be loaded: ${serializeError(error).message}`,
      { hint: `It is in ${module}`, cause: error },
    );
  }
  if (typeof loaded.default === 'function') return loaded.default as StandaloneHandler;
  throw new KinoportError(
    'PLUGIN_LOAD_FAILED',
    `The module of "${command}" has no function as its default export.`,
    { hint: 'export default defineCommand(async (input, io, ctx) => { ... })' },
  );
}

/** What Node denied is told as what it is; an error that carries no code of its own is the plugin's fault. */
export function failure({ command, plugin, access }: StandaloneOrder, thrown: unknown): KinoportError {
  const error = explained(thrown, { id: plugin.id, access });
  const known = toKinoportError(error);
  if (known.code !== 'INTERNAL') return known;
  return new KinoportError('COMMAND_FAILED', `The command "${command}" failed: ${known.message}`, {
    hint: 'With -v it shows where.',
    cause: error,
  });
}

/** Prints what went wrong; returns the exit code. */
export function tell(output: Output, error: KinoportError): number {
  if (output.json) {
    output.value({ error: errorView(error) });
    return error.exitCode;
  }
  output.error(error);
  const { cause } = error;
  if (output.verbose && cause instanceof Error) output.note(cause.stack ?? cause.message);
  return error.exitCode;
}
