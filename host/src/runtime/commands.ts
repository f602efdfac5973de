import { type CommandHandler, type CommandIo, type JsonValue, KinoportError } from '@kinoport/core';
import type { Peer } from '../rpc/peer.ts';
import type { CommandRunParams } from '../rpc/protocol.ts';
import type { RegistryImpl } from './registry.ts';

/** Runs the plugin's contributed commands on behalf of a client of the host. */
export function serveCommands(peer: Peer, registry: RegistryImpl<CommandHandler>): void {
  peer.handle('command/run', async (params, signal) => {
    const { runId, command, args, options, client } = params as CommandRunParams;
    const handler = registry.get(command);
    let written: Promise<void> = Promise.resolve();
    const output = (stream: 'out' | 'err', text: string): void => {
      written = written.then(() => peer.call('command/output', { runId, stream, text }));
      written.catch(() => undefined);
    };
    const prompt = async (question: string): Promise<string> => {
      const answer = await peer.call<{ readonly line: string | null }>(
        'command/prompt',
        { runId, question },
        { signal, timeout: Number.POSITIVE_INFINITY },
      );
      if (answer.line === null)
        throw new KinoportError('NOT_INTERACTIVE', 'There is nobody to answer a question.');
      return answer.line;
    };
    const io: CommandIo = {
      ...client,
      signal,
      line: (text) => output('out', text),
      error: (text) => output('err', text),
      json: (value: JsonValue) => output('out', JSON.stringify(value)),
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
    };
    const exitCode = await handler({ args, options } as Parameters<CommandHandler>[0], io);
    await written;
    return { exitCode: exitCode ?? 0 };
  });
}
