import { randomBytes } from 'node:crypto';
import {
  abortedError,
  type Clock,
  isKinoportError,
  type JsonObject,
  KinoportError,
  sleep,
} from '@kinoport/core';
import Type from 'typebox';
import { believed } from '../plugins/answers.ts';
import type { PluginCalls } from '../plugins/calls.ts';
import type { PluginManager } from '../plugins/manager.ts';
import type { Plugin } from '../plugins/plugin.ts';
import { checks } from '../plugins/schemas.ts';
import { checkedSchema } from '../plugins/validation.ts';
import type { ApiClient } from './methods.ts';
import type { Results } from './protocol.ts';

/** Milliseconds that a command has to end by itself once it was cancelled. */
const CANCEL_PATIENCE = 10_000;

interface Run {
  readonly plugin: Plugin;
  readonly client: ApiClient;
  readonly signal: AbortSignal;
}

interface ConfigureParams {
  readonly runId: string;
  readonly settings: JsonObject;
}

const configureParams = checkedSchema<ConfigureParams>(() =>
  Type.Object({
    runId: Type.String({ maxLength: 64 }),
    settings: Type.Record(Type.String({ minLength: 1, maxLength: 200 }), Type.Unknown(), {
      minProperties: 1,
      maxProperties: 100,
    }),
  }),
);

export interface CommandRunRequest {
  readonly command: string;
  readonly args: Record<string, unknown>;
  readonly options: Record<string, unknown>;
  readonly client: {
    readonly isTTY: boolean;
    readonly columns: number;
    readonly color: boolean;
    readonly wantsJson: boolean;
    readonly display: Readonly<Record<string, string>>;
  };
}

/** Commands of plugins that are under way, each with the client it talks to. */
export class CommandRuns {
  readonly #plugins: () => PluginManager;
  readonly #clock: Clock;
  readonly #runs = new Map<string, Run>();

  /** @param configure changes settings of a plugin */
  constructor(
    calls: PluginCalls,
    plugins: () => PluginManager,
    clock: Clock,
    configure: (id: string, settings: JsonObject) => Promise<unknown>,
  ) {
    this.#plugins = plugins;
    this.#clock = clock;
    calls.onCall<{ readonly runId: string; readonly stream: unknown; readonly text: unknown }>(
      'command/output',
      async (params) => {
        const stream = params.stream === 'err' || params.stream === 'status' ? params.stream : 'out';
        await this.#find(params.runId).client.send?.('command.output', {
          stream,
          text: String(params.text),
        });
      },
    );
    calls.onCall<{ readonly runId: string; readonly question: unknown; readonly hidden?: unknown }>(
      'command/prompt',
      async ({ runId, question, hidden }) => {
        const { client, signal } = this.#find(runId);
        if (!client.request) return { line: null };
        try {
          const asked = { question: typeof question === 'string' ? question : null, hidden: hidden === true };
          return { line: await client.request<string | null>('command.prompt', asked, signal) };
        } catch (error) {
          if (isKinoportError(error, 'NOT_INTERACTIVE')) return { line: null };
          throw error;
        }
      },
    );
    calls.onCall<ConfigureParams>(
      'command/configure',
      async ({ runId, settings }, plugin) => {
        const run = this.#find(runId);
        if (run.plugin !== plugin) throw notRunning();
        await configure(plugin.id, settings);
      },
      configureParams,
    );
  }

  get size(): number {
    return this.#runs.size;
  }

  /**
   * The command is told when `signal` fires, and still ends by itself: what it prints on the way out and its exit
   * code count. One that goes on for 10 s is left alone.
   * @throws KinoportError `COMMAND_UNKNOWN`, and what the command throws
   */
  async run(
    request: CommandRunRequest,
    client: ApiClient,
    signal: AbortSignal,
  ): Promise<Results['commands.run']> {
    const plugin = await this.#plugin(request.command);
    const runId = randomBytes(8).toString('hex');
    this.#runs.set(runId, { plugin, client, signal });
    try {
      const params = {
        ...request,
        args: request.args as JsonObject,
        options: request.options as JsonObject,
        runId,
      };
      const generation = await plugin.current(signal);
      const over = new AbortController();
      const cancel = (): void => {
        // A connection that closes cancels its calls before it tells that the client is gone.
        queueMicrotask(() => {
          const note = { runId, isClientGone: client.gone?.aborted === true };
          generation.peer.notify('command/cancel', note).catch(() => undefined);
        });
        sleep(this.#clock, CANCEL_PATIENCE, over.signal).then(
          () => giveUp.abort(abortedError()),
          () => undefined,
        );
      };
      const giveUp = new AbortController();
      signal.addEventListener('abort', cancel, { once: true });
      try {
        const end = await generation.call<unknown>('command/run', params, {
          long: true,
          signal: giveUp.signal,
          timeout: Number.POSITIVE_INFINITY,
        });
        return believed(checks.commandEnd, end, `The command "${request.command}"`, 'at its end');
      } finally {
        signal.removeEventListener('abort', cancel);
        over.abort();
      }
    } finally {
      this.#runs.delete(runId);
    }
  }

  /** A plugin that the config has just got is not known yet. @throws KinoportError `COMMAND_UNKNOWN` */
  async #plugin(command: string): Promise<Plugin> {
    try {
      return this.#plugins().commandPlugin(command);
    } catch (error) {
      if (!isKinoportError(error, 'COMMAND_UNKNOWN')) throw error;
      await this.#plugins().set.refresh();
      return this.#plugins().commandPlugin(command);
    }
  }

  #find(runId: unknown): Run {
    const run = this.#runs.get(String(runId));
    if (!run) throw notRunning();
    return run;
  }
}

function notRunning(): KinoportError {
  return new KinoportError('INVALID_ARGUMENT', 'The command is not running any more.');
}
