import { randomBytes } from 'node:crypto';
import { isKinoportError, type JsonObject, KinoportError } from '@kinoport/core';
import type { PluginCalls } from '../plugins/calls.ts';
import type { PluginManager } from '../plugins/manager.ts';
import type { ApiClient } from './methods.ts';
import type { Results } from './protocol.ts';

interface Run {
  readonly client: ApiClient;
  readonly signal: AbortSignal;
}

export interface CommandRunRequest {
  readonly command: string;
  readonly args: Record<string, unknown>;
  readonly options: Record<string, unknown>;
  readonly client: {
    readonly isTTY: boolean;
    readonly columns: number;
    readonly color: boolean;
    readonly wantsJson: boolean;
  };
}

/** Commands of plugins that are under way, each with the client it talks to. */
export class CommandRuns {
  readonly #plugins: () => PluginManager;
  readonly #runs = new Map<string, Run>();

  constructor(calls: PluginCalls, plugins: () => PluginManager) {
    this.#plugins = plugins;
    calls.onCall<{ readonly runId: string; readonly stream: unknown; readonly text: unknown }>(
      'command/output',
      async (params) => {
        const stream = params.stream === 'err' ? 'err' : 'out';
        await this.#find(params.runId).client.notify?.('command.output', {
          stream,
          text: String(params.text),
        });
      },
    );
    calls.onCall<{ readonly runId: string; readonly question: unknown }>(
      'command/prompt',
      async ({ runId, question }) => {
        const { client, signal } = this.#find(runId);
        if (!client.request) return { line: null };
        try {
          const text = typeof question === 'string' ? question : '';
          return { line: await client.request<string>('command.prompt', { question: text }, signal) };
        } catch (error) {
          if (isKinoportError(error, 'NOT_INTERACTIVE')) return { line: null };
          throw error;
        }
      },
    );
  }

  get size(): number {
    return this.#runs.size;
  }

  /** @throws KinoportError `COMMAND_UNKNOWN`, and what the command throws */
  async run(
    request: CommandRunRequest,
    client: ApiClient,
    signal: AbortSignal,
  ): Promise<Results['commands.run']> {
    const plugin = this.#plugins().commandPlugin(request.command);
    const runId = randomBytes(8).toString('hex');
    this.#runs.set(runId, { client, signal });
    try {
      const params = {
        ...request,
        args: request.args as JsonObject,
        options: request.options as JsonObject,
        runId,
      };
      return await plugin.call('command/run', params, { signal, timeout: Number.POSITIVE_INFINITY });
    } finally {
      this.#runs.delete(runId);
    }
  }

  #find(runId: unknown): Run {
    const run = this.#runs.get(String(runId));
    if (!run) throw new KinoportError('INVALID_ARGUMENT', 'The command is not running any more.');
    return run;
  }
}
