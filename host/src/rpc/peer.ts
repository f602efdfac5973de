import {
  abortedError,
  type Clock,
  type Disposable,
  deserializeError,
  Emitter,
  type Event,
  KinoportError,
  type SerializedError,
  serializeError,
  toDisposable,
} from '@kinoport/core';
import { isMessageId, type Message, type MessageId } from './messages.ts';
import type { Transport } from './transport.ts';

export { pipeTransport, type Transport } from './transport.ts';

/** Calls under way at once in one direction. */
const MAX_IN_FLIGHT = 256;
/** Those that the other side has given up may still be at work here. */
const MAX_RUNNING = 4 * MAX_IN_FLIGHT;
const ERROR_CODE = -32000;
const CANCEL = '$/cancelRequest';

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds until the caller gives up; `Infinity` for calls that wait for the world. */
  readonly timeout?: number;
  /** Goes out however many calls are under way, and however much the other side has not read. */
  readonly urgent?: boolean;
}

type Handler = (params: unknown, signal: AbortSignal) => Promise<unknown>;
type NoteListener = (params: unknown) => void;

interface PendingCall {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One end of a JSON-RPC connection over a pipe. Coded errors cross whole; an AbortSignal becomes a
 * cancellation and back, and the caller rejects at once; garbage from the other side closes the connection, and
 * with the connection everything ends that was done for it. Answers that nobody waits for, cancellations of what is
 * not under way and notes that nobody listens to are ignored.
 */
export class Peer implements Disposable {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #name: string;
  readonly #onDidClose = new Emitter<KinoportError | undefined>();
  readonly #handlers = new Map<string, Handler>();
  readonly #listeners = new Map<string, NoteListener>();
  readonly #pending = new Map<MessageId, PendingCall>();
  readonly #running = new Map<MessageId, AbortController>();
  #lastId = 0;
  #messages = 0;
  #closed = false;
  #closeReason: KinoportError | undefined;

  constructor(transport: Transport, options: { readonly clock: Clock; readonly name: string }) {
    this.#transport = transport;
    this.#clock = options.clock;
    this.#name = options.name;
    transport.onClose(() => this.#close(undefined));
  }

  /** Fires once; with the error when the other side broke the protocol or was given up. */
  get onDidClose(): Event<KinoportError | undefined> {
    return this.#onDidClose.event;
  }

  /** How many messages went through, either way; answers, too. */
  get messages(): number {
    return this.#messages;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Starts to read; handlers are registered before. */
  listen(): void {
    if (this.#closed) return;
    this.#transport.listen(
      (message) => this.#hear(message),
      (error) => this.#close(error),
    );
  }

  handle(method: string, handler: Handler): Disposable {
    this.#handlers.set(method, handler);
    return toDisposable(() => {
      this.#handlers.delete(method);
    });
  }

  onNotification(method: string, listener: NoteListener): Disposable {
    this.#listeners.set(method, listener);
    return toDisposable(() => {
      if (this.#listeners.get(method) === listener) this.#listeners.delete(method);
    });
  }

  /**
   * @throws KinoportError of the other side; `PLUGIN_CALL_TIMEOUT`, `PLUGIN_BUSY`, `ABORTED`; `PLUGIN_CRASHED`
   *   when the connection closes before the answer; `PLUGIN_UNRESPONSIVE` when the other side has not read for long
   */
  call<T>(method: string, params: unknown, options: CallOptions = {}): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const { signal, timeout = 30_000, urgent = false } = options;
      if (signal?.aborted) throw abortedError();
      if (this.#closed) throw this.#gone();
      if (this.#pending.size >= MAX_IN_FLIGHT && !urgent) {
        throw new KinoportError(
          'PLUGIN_BUSY',
          `More than ${MAX_IN_FLIGHT} calls are under way in ${this.#name}.`,
        );
      }
      this.#lastId += 1;
      const id = this.#lastId;
      this.#messages += 1;
      this.#transport.send({ jsonrpc: '2.0', id, method, params: wrap(params) }, undefined, urgent);
      let timer: Disposable | undefined;
      const over = (): void => {
        this.#pending.delete(id);
        void timer?.dispose();
        signal?.removeEventListener('abort', onAbort);
      };
      const giveUp = (error: KinoportError): void => {
        over();
        this.#send({ jsonrpc: '2.0', method: CANCEL, params: { id } }, true);
        reject(error);
      };
      const onAbort = (): void => giveUp(abortedError());
      signal?.addEventListener('abort', onAbort, { once: true });
      if (Number.isFinite(timeout)) {
        timer = this.#clock.after(timeout, () => {
          const late = `${this.#name} did not answer "${method}" within ${timeout / 1000} s.`;
          giveUp(new KinoportError('PLUGIN_CALL_TIMEOUT', late));
        });
      }
      this.#pending.set(id, {
        resolve: (result) => {
          over();
          resolve(result as T);
        },
        reject: (error) => {
          over();
          reject(error);
        },
      });
    });
  }

  /** Resolves when the pipe has taken the message. */
  notify(method: string, params: unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw this.#gone();
      this.#messages += 1;
      this.#transport.send({ jsonrpc: '2.0', method, params: wrap(params) }, (error) =>
        error ? reject(this.#gone()) : resolve(),
      );
    });
  }

  /** Sends at once what may have been kept back for a moment; for a process that is about to end. */
  flush(): void {
    if (!this.#closed) this.#transport.flush();
  }

  /** Closes the connection because of what the other side did or failed to do. */
  fail(reason: KinoportError): void {
    this.#close(reason);
  }

  dispose(): void {
    this.#close(undefined);
  }

  #hear(message: Message): void {
    this.#messages += 1;
    if (this.#closed) return;
    const { id, method } = message;
    if (method === undefined) this.#hearAnswer(message);
    else if (id === undefined) this.#hearNote(method, message.params);
    else if (isMessageId(id)) void this.#answer(id, method, message.params);
  }

  #hearAnswer({ id, result, error }: Message): void {
    const call = isMessageId(id) ? this.#pending.get(id) : undefined;
    if (!call) return;
    if (error !== undefined && error !== null) call.reject(remoteError(error));
    else if (result !== undefined) call.resolve(result);
    else
      call.reject(
        new KinoportError('PLUGIN_PROTOCOL', `${this.#name} answered neither a result nor an error.`),
      );
  }

  #hearNote(method: string, params: unknown): void {
    if (method === CANCEL) {
      const id = (params as { readonly id?: unknown } | null | undefined)?.id;
      if (isMessageId(id)) this.#running.get(id)?.abort(abortedError());
      return;
    }
    try {
      this.#listeners.get(method)?.(unwrap(params));
    } catch {
      // A note has nobody to answer; its listener checks what it is sent and tells of it itself.
    }
  }

  async #answer(id: MessageId, method: string, params: unknown): Promise<void> {
    const abort = new AbortController();
    try {
      const handler = this.#handlers.get(method);
      if (!handler) throw new KinoportError('METHOD_NOT_FOUND', `There is no method "${method}".`);
      if (this.#running.size >= MAX_RUNNING)
        throw new KinoportError('PLUGIN_BUSY', `More than ${MAX_RUNNING} calls are under way here.`);
      if (this.#running.has(id))
        throw new KinoportError('PLUGIN_PROTOCOL', `A call with the id ${JSON.stringify(id)} is under way.`);
      this.#running.set(id, abort);
      const result = (await handler(unwrap(params), abort.signal)) ?? null;
      if (this.#closed) return;
      this.#messages += 1;
      this.#transport.send({ jsonrpc: '2.0', id, result });
    } catch (error) {
      const { stack: _, ...data } = serializeError(error);
      this.#send({ jsonrpc: '2.0', id, error: { code: ERROR_CODE, message: data.message, data } });
    } finally {
      if (this.#running.get(id) === abort) this.#running.delete(id);
    }
  }

  /** For what has no caller who could be told: what cannot be sent ends the connection. */
  #send(message: Message, isUrgent = false): void {
    if (this.#closed) return;
    try {
      this.#messages += 1;
      this.#transport.send(message, undefined, isUrgent);
    } catch (error) {
      this.#close(error instanceof KinoportError ? error : undefined);
    }
  }

  #close(reason: KinoportError | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closeReason = reason;
    this.#transport.destroy();
    const gone = this.#gone();
    for (const call of [...this.#pending.values()]) call.reject(gone);
    for (const abort of [...this.#running.values()]) abort.abort(abortedError());
    this.#onDidClose.fire(reason);
    this.#onDidClose.dispose();
  }

  #gone(): KinoportError {
    const reason = this.#closeReason;
    const message = reason?.message ?? `The connection to ${this.#name} is closed.`;
    return new KinoportError('PLUGIN_CRASHED', message, reason ? { cause: reason } : {});
  }
}

/** Parameters of JSON-RPC are an object or a list: all else goes as a list of one. */
function wrap(params: unknown): object {
  if (params === undefined) return {};
  const isPlain = typeof params === 'object' && params !== null && !Array.isArray(params);
  return isPlain ? params : [params];
}

function unwrap(params: unknown): unknown {
  return Array.isArray(params) && params.length === 1 ? params[0] : params;
}

function remoteError(error: unknown): KinoportError {
  const { message, data } = error as { readonly message?: unknown; readonly data?: unknown };
  if (isSerializedError(data)) return deserializeError(data);
  return new KinoportError(
    'PLUGIN_PROTOCOL',
    typeof message === 'string' ? message : 'A call was answered with an error that is none.',
  );
}

function isSerializedError(value: unknown): value is SerializedError {
  if (typeof value !== 'object' || value === null) return false;
  const { code, message, hint, stack } = value as Record<string, unknown>;
  return (
    typeof code === 'string' &&
    typeof message === 'string' &&
    (hint === undefined || typeof hint === 'string') &&
    (stack === undefined || typeof stack === 'string')
  );
}
