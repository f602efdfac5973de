import {
  abortedError,
  type CommandHandler,
  type CommandIo,
  type JsonValue,
  KinoportError,
  type Log,
  toKinoportError,
} from '@kinoport/core';
import type { Peer } from '../rpc/peer.ts';
import type { CommandCancelParams, CommandRunParams } from '../rpc/protocol.ts';
import type { RegistryImpl } from './registry.ts';

/** Runs the plugin's contributed commands on behalf of a client of the host. */
export function serveCommands(peer: Peer, registry: RegistryImpl<CommandHandler>, log: Log): void {
  const running = new Map<string, { readonly cancelled: AbortController; isClientGone: boolean }>();
  peer.onNotification('command/cancel', (params) => {
    const { runId, isClientGone } = params as CommandCancelParams;
    const run = running.get(runId);
    if (!run) return;
    run.isClientGone = isClientGone;
    run.cancelled.abort(abortedError());
  });
  peer.handle('command/run', async (params, givenUp) => {
    const { runId, command, args, options, client } = params as CommandRunParams;
    const handler = registry.get(command);
    const cancelled = new AbortController();
    const run = { cancelled, isClientGone: false };
    const signal = AbortSignal.any([givenUp, cancelled.signal]);
    let written: Promise<void> = Promise.resolve();
    const output = (stream: 'out' | 'err' | 'status', text: string): void => {
      written = written.then(() => peer.call('command/output', { runId, stream, text }));
      written.catch(() => undefined);
    };
    const prompt: CommandIo['prompt'] = async (question, { hidden = false } = {}) => {
      // What explains the question stands above it.
      await written.catch(() => undefined);
      const answer = await peer.call<{ readonly line: string | null }>(
        'command/prompt',
        { runId, question, hidden },
        { signal, timeout: Number.POSITIVE_INFINITY },
      );
      if (answer.line === null)
        throw new KinoportError(
          'NOT_INTERACTIVE',
          'There is a question to answer, but no terminal to ask on.',
          {
            hint: 'Give the answer on the command line; --help shows how.',
          },
        );
      return answer.line;
    };
    const io: CommandIo = {
      ...client,
      signal,
      get isClientGone() {
        return run.isClientGone;
      },
      line: (text) => output('out', text),
      error: (text) => output('err', text),
      json: (value: JsonValue) => output('out', JSON.stringify(value)),
      status: (text) => output('status', text),
      prompt,
      async *lines() {
        for (;;) {
          const { line } = await peer.call<{ readonly line: string | null }>(
            'command/prompt',
            { runId, question: null },
            { signal, timeout: Number.POSITIVE_INFINITY },
          );
          if (line === null) return;
          yield line;
        }
      },
      configure: (settings) => peer.call('command/configure', { runId, settings }, { signal }),
    };
    running.set(runId, run);
    try {
      const exitCode = await handler({ args, options } as Parameters<CommandHandler>[0], io);
      return { exitCode: exitCode ?? 0 };
    } catch (error) {
      throw failure(command, error, log);
    } finally {
      running.delete(runId);
      // What was printed arrives before the end is told; a client that has gone gets nothing more.
      await written.catch(() => undefined);
    }
  });
}

/** An error that carries no code of its own is the plugin's fault: the viewer gets a sentence, the log the stack. */
function failure(command: string, error: unknown, log: Log): KinoportError {
  const known = toKinoportError(error);
  if (known.code !== 'INTERNAL') return known;
  log.error(`the command "${command}" failed`, { stack: known.stack ?? known.message });
  return new KinoportError('COMMAND_FAILED', `The command "${command}" failed: ${known.message}`, {
    hint: 'The stack is in the log of the plugin.',
    cause: error,
  });
}
