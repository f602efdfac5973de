import type { Duplex } from 'node:stream';
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
import {
  CancellationTokenSource,
  createMessageConnection,
  ErrorCodes,
  type MessageConnection,
  type MessageReader,
  type MessageWriter,
  NullLogger,
  ResponseError,
} from 'vscode-jsonrpc/node';
import { LineMessageReader, LineMessageWriter } from './lineCodec.ts';

/** Calls under way at once in one direction. */
const MAX_IN_FLIGHT = 256;
const ERROR_CODE = -32000;

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds until the caller gives up; `Infinity` for calls that wait for the world. */
  readonly timeout?: number;
  /** Goes out however many calls are under way. */
  readonly urgent?: boolean;
}

/** What carries the messages of a peer. */
export interface Transport {
  /** Tells a broken protocol to `onViolation`, once. */
  reader(onViolation: (error: KinoportError) => void): MessageReader;
  readonly writer: MessageWriter;
  onClose(listener: () => void): void;
  destroy(): void;
}

/** JSON lines over a pipe. */
export function pipeTransport(stream: Duplex): Transport {
  return {
    reader: (onViolation) => new LineMessageReader(stream, onViolation),
    writer: new LineMessageWriter(stream),
    onClose: (listener) => {
      stream.on('close', listener);
      stream.on('end', listener);
      stream.on('error', listener);
    },
    destroy: () => stream.destroy(),
  };
}

type Handler = (params: unknown, signal: AbortSignal) => Promise<unknown>;

/**
 * One end of a JSON-RPC connection over a pipe. Coded errors cross whole; an AbortSignal becomes a
 * cancellation and back, and the caller rejects at once; garbage from the other side closes the connection, and
 * with the connection everything ends that was done for it.
 */
export class Peer implements Disposable {
  readonly #transport: Transport;
  readonly #connection: MessageConnection;
  readonly #clock: Clock;
  readonly #name: string;
  readonly #onDidClose = new Emitter<KinoportError | undefined>();
  readonly #handlers = new Map<string, Handler>();
  readonly #pending = new Set<(error: KinoportError) => void>();
  readonly #running = new Set<AbortController>();
  #closed = false;
  #closeReason: KinoportError | undefined;

  constructor(transport: Transport, options: { readonly clock: Clock; readonly name: string }) {
    this.#transport = transport;
    this.#clock = options.clock;
    this.#name = options.name;
    const reader = transport.reader((error) => this.#close(error));
    this.#connection = createMessageConnection(reader, transport.writer, NullLogger);
    this.#connection.onClose(() => this.#close(undefined));
    this.#connection.onError(([error]) => {
      if (error instanceof KinoportError) this.#close(error);
    });
    transport.onClose(() => this.#close(undefined));
    this.#connection.onRequest(async (method, params, token) => {
      const handler = this.#handlers.get(method);
      const abort = new AbortController();
      const listening = token.onCancellationRequested(() => abort.abort(abortedError()));
      this.#running.add(abort);
      try {
        if (!handler) throw new KinoportError('METHOD_NOT_FOUND', `There is no method "${method}".`);
        return (await handler(unwrap(params), abort.signal)) ?? null;
      } catch (error) {
        const { stack: _, ...data } = serializeError(error);
        return new ResponseError(ERROR_CODE, data.message, data);
      } finally {
        this.#running.delete(abort);
        listening.dispose();
      }
    });
  }

  /** Fires once; with the error when the other side broke the protocol. */
  get onDidClose(): Event<KinoportError | undefined> {
    return this.#onDidClose.event;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Starts to read; handlers are registered before. */
  listen(): void {
    this.#connection.listen();
  }

  handle(method: string, handler: Handler): Disposable {
    this.#handlers.set(method, handler);
    return toDisposable(() => {
      this.#handlers.delete(method);
    });
  }

  onNotification(method: string, listener: (params: unknown) => void): Disposable {
    const subscription = this.#connection.onNotification(method, (params: unknown) =>
      listener(unwrap(params)),
    );
    return toDisposable(() => subscription.dispose());
  }

  /**
   * @throws KinoportError of the other side; `PLUGIN_CALL_TIMEOUT`, `PLUGIN_BUSY`, `ABORTED`; `PLUGIN_CRASHED`
   *   when the connection closes before the answer.
   */
  async call<T>(method: string, params: unknown, options: CallOptions = {}): Promise<T> {
    if (options.signal?.aborted) throw abortedError();
    if (this.#closed) throw this.#gone();
    if (this.#pending.size >= MAX_IN_FLIGHT && options.urgent !== true) {
      throw new KinoportError(
        'PLUGIN_BUSY',
        `More than ${MAX_IN_FLIGHT} calls are under way in ${this.#name}.`,
      );
    }
    const cancellation = new CancellationTokenSource();
    const { promise: interrupted, reject } = Promise.withResolvers<never>();
    interrupted.catch(() => undefined);
    this.#pending.add(reject);
    const onAbort = (): void => {
      cancellation.cancel();
      reject(abortedError());
    };
    options.signal?.addEventListener('abort', onAbort, { once: true });
    const timeout = options.timeout ?? 30_000;
    const timer = Number.isFinite(timeout)
      ? this.#clock.after(timeout, () => {
          cancellation.cancel();
          reject(
            new KinoportError(
              'PLUGIN_CALL_TIMEOUT',
              `${this.#name} did not answer "${method}" within ${timeout / 1000} s.`,
            ),
          );
        })
      : undefined;
    const answer = this.#connection.sendRequest<T>(method, params ?? {}, cancellation.token);
    answer.catch(() => undefined);
    try {
      return await Promise.race([answer, interrupted]);
    } catch (error) {
      throw this.#translate(error);
    } finally {
      this.#pending.delete(reject);
      options.signal?.removeEventListener('abort', onAbort);
      await timer?.dispose();
      cancellation.dispose();
    }
  }

  /** Resolves when the pipe has taken the message. */
  notify(method: string, params: unknown): Promise<void> {
    if (this.#closed) return Promise.reject(this.#gone());
    return this.#connection.sendNotification(method, params ?? {});
  }

  dispose(): void {
    this.#close(undefined);
  }

  #close(reason: KinoportError | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closeReason = reason;
    this.#transport.destroy();
    this.#connection.dispose();
    for (const reject of this.#pending) reject(this.#gone());
    for (const abort of this.#running) abort.abort(abortedError());
    this.#onDidClose.fire(reason);
    this.#onDidClose.dispose();
  }

  #gone(): KinoportError {
    return new KinoportError(
      'PLUGIN_CRASHED',
      this.#closeReason?.message ?? `The connection to ${this.#name} is closed.`,
    );
  }

  #translate(error: unknown): unknown {
    if (error instanceof KinoportError) return error;
    if (error instanceof ResponseError) {
      // What the library says of calls that were under way when the connection was given up.
      if (error.code === ErrorCodes.PendingResponseRejected) return this.#gone();
      const data: unknown = error.data;
      if (isSerializedError(data)) return deserializeError(data);
      // What the library says by itself: a message over the limit, or one that is not of the protocol.
      return new KinoportError('PLUGIN_PROTOCOL', error.message);
    }
    return this.#closed ? this.#gone() : error;
  }
}

/** vscode-jsonrpc wraps a parameter that is no plain object into an array. */
function unwrap(params: unknown): unknown {
  return Array.isArray(params) && params.length === 1 ? params[0] : params;
}

function isSerializedError(value: unknown): value is SerializedError {
  if (typeof value !== 'object' || value === null) return false;
  const { code, message, hint } = value as Record<string, unknown>;
  return (
    typeof code === 'string' &&
    typeof message === 'string' &&
    (hint === undefined || typeof hint === 'string')
  );
}
