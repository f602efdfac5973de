import {
  abortedError,
  type Disposable,
  deserializeError,
  Emitter,
  type Event,
  KinoportError,
  type SerializedError,
} from '@kinoport/core';
import type { Static } from 'typebox';
import type {
  CommandOutput,
  HostEndpoint,
  METHODS,
  MethodName,
  PlaybackEvent,
  PluginView,
  Results,
  WaitingNote,
} from '../../api/protocol.ts';
import type { WorkerProgress } from '../../plugins/install/worker/protocol.ts';
import { WebSocketClient } from './webSocket.ts';

/** Parameters of a method. */
export type Params<M extends MethodName> = Static<(typeof METHODS)[M]>;

/** Answers a question of a contributed command; without one, with a line of standard input, `null` at its end. */
export type PromptHandler = (question: string | null, hidden: boolean) => Promise<string | null>;

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface Message {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code?: unknown; readonly message?: unknown; readonly data?: unknown };
}

/**
 * A connection to the running host: JSON-RPC 2.0 in WebSocket text frames. Answers are of the protocol's types
 * because client and host are of one version.
 */
export class HostConnection implements Disposable {
  readonly endpoint: HostEndpoint;
  /** Resolves when the connection is gone, from whichever side. */
  readonly closed: Promise<void>;
  readonly #socket: WebSocketClient;
  readonly #pending = new Map<number, Pending>();
  readonly #events = new Emitter<PlaybackEvent>();
  readonly #output = new Emitter<CommandOutput>();
  readonly #installProgress = new Emitter<WorkerProgress>();
  readonly #plugins = new Emitter<PluginView>();
  readonly #waiting = new Emitter<WaitingNote>();
  #prompt: PromptHandler | undefined;
  #nextId = 1;

  private constructor(endpoint: HostEndpoint, socket: WebSocketClient) {
    this.endpoint = endpoint;
    this.#socket = socket;
    this.closed = socket.closed.then(() => this.#lost());
    socket.onMessage((text) => this.#received(text));
  }

  /**
   * Connects to a host that should be running.
   * @throws KinoportError `HOST_UNREACHABLE`
   */
  static async connect(endpoint: HostEndpoint): Promise<HostConnection> {
    const { port, token } = endpoint;
    try {
      return new HostConnection(endpoint, await WebSocketClient.connect({ port, token, path: '/v1/rpc' }));
    } catch (cause) {
      throw new KinoportError('HOST_UNREACHABLE', 'The background host does not answer.', { cause });
    }
  }

  /** What happens in the sessions that this connection has subscribed to. */
  get onDidPlayback(): Event<PlaybackEvent> {
    return this.#events.event;
  }

  /** What a contributed command prints. */
  get onDidOutput(): Event<CommandOutput> {
    return this.#output.event;
  }

  /** What is done at the moment for an installation that this connection asked for. */
  get onDidInstallProgress(): Event<WorkerProgress> {
    return this.#installProgress.event;
  }

  /** Changes of plugins, once this connection has subscribed to them. */
  get onDidChangePlugin(): Event<PluginView> {
    return this.#plugins.event;
  }

  /** A source makes a call of this connection wait. */
  get onDidWait(): Event<WaitingNote> {
    return this.#waiting.event;
  }

  /** Who answers the questions of a contributed command. */
  setPrompt(handler: PromptHandler): void {
    this.#prompt = handler;
  }

  /**
   * Calls a method of the host. When the signal fires the host is asked to cancel (`$/cancelRequest`); the call
   * still settles by its answer, since what is done by then has to be undone by who asked for it.
   * @throws KinoportError of the host as it is; `HOST_UNREACHABLE` when the connection is lost; `ABORTED`
   */
  call<M extends MethodName>(
    method: M,
    params: Params<M>,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Results[M]> {
    const id = this.#nextId++;
    const { signal } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(abortedError());
        return;
      }
      if (!this.#socket.isOpen) {
        reject(lostError());
        return;
      }
      const cancel = (): void => this.#send({ method: '$/cancelRequest', params: { id } });
      signal?.addEventListener('abort', cancel, { once: true });
      const settled = (): void => signal?.removeEventListener('abort', cancel);
      this.#pending.set(id, {
        resolve: (value) => {
          settled();
          resolve(value as Results[M]);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      });
      this.#send({ id, method, params });
    });
  }

  /** Ends the connection; resolves when it is closed. */
  async dispose(): Promise<void> {
    this.#socket.close();
    const force = setTimeout(() => this.#socket.terminate(), 300);
    await this.closed;
    clearTimeout(force);
  }

  #send(message: Record<string, unknown>): void {
    this.#socket.send(JSON.stringify({ jsonrpc: '2.0', ...message }));
  }

  #received(text: string): void {
    const message = parse(text);
    if (!message) {
      this.#socket.terminate();
      return;
    }
    if (typeof message.method === 'string') {
      if (message.id === undefined) this.#notified(message.method, message.params);
      else void this.#asked(message.id, message.method, message.params);
      return;
    }
    if (typeof message.id !== 'number') return;
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.error) pending?.reject(errorOf(message.error));
    else pending?.resolve(message.result);
  }

  #notified(method: string, params: unknown): void {
    if (method === 'playback.event') this.#events.fire(params as PlaybackEvent);
    if (method === 'plugins.installProgress') this.#installProgress.fire(params as WorkerProgress);
    if (method === 'plugins.event') this.#plugins.fire(params as PluginView);
    if (method === 'source.waiting') this.#waiting.fire(params as WaitingNote);
    if (method === 'command.output') this.#output.fire(params as CommandOutput);
  }

  async #asked(id: unknown, method: string, params: unknown): Promise<void> {
    try {
      if (method !== 'command.prompt' || !this.#prompt) {
        throw new KinoportError('NOT_INTERACTIVE', 'There is no terminal to ask on.');
      }
      const { question, hidden } = (params ?? {}) as {
        readonly question?: unknown;
        readonly hidden?: unknown;
      };
      const answer = await this.#prompt(typeof question === 'string' ? question : null, hidden === true);
      this.#send({ id, result: answer });
    } catch (error) {
      const data =
        error instanceof KinoportError
          ? {
              code: error.code,
              message: error.message,
              ...(error.hint === undefined ? {} : { hint: error.hint }),
            }
          : { code: 'INTERNAL', message: String(error) };
      this.#send({ id, error: { code: -32000, message: data.message, data } });
    }
  }

  #lost(): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const call of pending) call.reject(lostError());
  }
}

function lostError(): KinoportError {
  return new KinoportError('HOST_UNREACHABLE', 'The connection to the background host was lost.', {
    hint: 'Run the command again; the host is started when it is not running.',
  });
}

function parse(text: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Message) : undefined;
  } catch {
    return undefined;
  }
}

function errorOf(error: NonNullable<Message['error']>): KinoportError {
  const data = error.data;
  if (typeof data === 'object' && data !== null && 'code' in data && 'message' in data) {
    return deserializeError(data as SerializedError);
  }
  const unknownMethod = error.code === -32601;
  return new KinoportError(
    unknownMethod ? 'METHOD_NOT_FOUND' : 'INTERNAL',
    String(error.message ?? 'The host answered with an error.'),
  );
}
