import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  abortedError,
  type Disposable,
  isKinoportError,
  KinoportError,
  type PublishOptions,
  serializeError,
} from '@kinoport/core';

/** Gives bytes of one stream; see `PublishOptions.read`. */
export type ReadBytes = PublishOptions['read'];

export interface ByteServerOptions {
  /** Unix socket or named pipe, not yet there. */
  readonly socketPath: string;
  /** Failures of the server and of `read` functions, for the plugin's log. */
  readonly onError: (error: unknown, streamId?: string) => void;
}

/**
 * The plugin's end of the stream front: hands out the bytes of its published streams over a private socket.
 *
 * `GET /<id>?start=N&end=M` (end exclusive; absent: to the end) is answered with 200 and the bytes, with 404
 * when the stream is not published, with 502 and `{ error: SerializedError }` when `read` fails before its first
 * byte. A failure after that breaks the connection, so that whoever reads never takes a part for the whole.
 */
export interface ByteServer extends Disposable {
  readonly socketPath: string;
  /** Starts listening with the first stream; an id that is there already gets the new function. */
  publish(id: string, read: ReadBytes): Promise<void>;
  /** Ends the reads of the stream that are under way. */
  unpublish(id: string): void;
  /** Ends all reads and connections, and removes the socket. */
  dispose(): Promise<void>;
}

export function createByteServer(options: ByteServerOptions): ByteServer {
  return new HttpByteServer(options);
}

interface Published {
  readonly read: ReadBytes;
  readonly running: Set<AbortController>;
}

class HttpByteServer implements ByteServer {
  readonly socketPath: string;
  readonly #onError: (error: unknown, streamId?: string) => void;
  readonly #published = new Map<string, Published>();
  readonly #server: Server;
  #listening: Promise<void> | undefined;
  #disposing: Promise<void> | undefined;

  constructor(options: ByteServerOptions) {
    this.socketPath = options.socketPath;
    this.#onError = options.onError;
    this.#server = createServer({ requestTimeout: 10_000, keepAlive: false }, (request, response) => {
      this.#serve(request, response).catch(this.#onError);
    });
  }

  async publish(id: string, read: ReadBytes): Promise<void> {
    if (this.#disposing) throw new KinoportError('DISPOSED', 'The byte server is closed.');
    this.#published.set(id, { read, running: this.#published.get(id)?.running ?? new Set() });
    this.#listening ??= this.#listen();
    try {
      await this.#listening;
    } catch (error) {
      this.#listening = undefined;
      this.#published.delete(id);
      throw error;
    }
  }

  unpublish(id: string): void {
    const published = this.#published.get(id);
    this.#published.delete(id);
    for (const controller of published?.running ?? []) controller.abort();
  }

  dispose(): Promise<void> {
    this.#disposing ??= this.#close();
    return this.#disposing;
  }

  #listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.socketPath, () => {
        this.#server.off('error', reject);
        this.#server.on('error', this.#onError);
        resolve();
      });
    });
  }

  async #close(): Promise<void> {
    for (const id of [...this.#published.keys()]) this.unpublish(id);
    try {
      await this.#listening;
    } catch {
      return; // never listened; publish has reported it
    }
    if (!this.#listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = parseTarget(request);
    const published = target && this.#published.get(target.id);
    if (!target || !published) {
      answerError(response, 404, new KinoportError('STREAM_NOT_FOUND', 'The stream is not published.'));
      return;
    }
    const controller = new AbortController();
    published.running.add(controller);
    response.once('close', () => controller.abort());
    try {
      await send(published.read, target, response, controller.signal);
    } catch (error) {
      const aborted = controller.signal.aborted;
      if (!aborted || !isKinoportError(error, 'ABORTED')) this.#onError(error, target.id);
      if (aborted || response.headersSent) response.destroy();
      else answerError(response, 502, error);
    } finally {
      published.running.delete(controller);
      controller.abort();
    }
  }
}

interface Target {
  readonly id: string;
  readonly start: number;
  readonly end: number | undefined;
}

function parseTarget(request: IncomingMessage): Target | undefined {
  if (request.method !== 'GET') return undefined;
  const match = /^\/([A-Za-z0-9_-]+)\?start=(\d+)(?:&end=(\d+))?$/.exec(request.url ?? '');
  const [, id, start, end] = match ?? [];
  if (id === undefined || start === undefined) return undefined;
  return { id, start: Number(start), end: end === undefined ? undefined : Number(end) };
}

function answerError(response: ServerResponse, status: number, error: unknown): void {
  const body = Buffer.from(JSON.stringify({ error: serializeError(error) }));
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': body.length });
  response.end(body);
}

/** Sends what `read` gives, one chunk at a time: the next is asked for when the kernel has taken the last. */
async function send(
  read: ReadBytes,
  target: Target,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const orAborted = abortable(signal);
  let left = target.end === undefined ? Number.POSITIVE_INFINITY : target.end - target.start;
  const begin = (): void => {
    if (response.headersSent) return;
    const length = Number.isFinite(left) ? { 'Content-Length': left } : {};
    response.writeHead(200, { 'Content-Type': 'application/octet-stream', ...length });
  };
  const iterator = read(target.start, target.end, signal)[Symbol.asyncIterator]();
  let finished = false;
  try {
    while (left > 0) {
      const step = await orAborted(iterator.next());
      if (step.done) {
        finished = true;
        break;
      }
      const chunk = step.value.length > left ? step.value.subarray(0, left) : step.value;
      if (chunk.length === 0) continue;
      begin();
      left -= chunk.length;
      // Waiting for the callback lets a `read` fill one buffer again and again.
      await orAborted(
        new Promise<void>((resolve, reject) => {
          response.write(chunk, (error) => (error ? reject(error) : resolve()));
        }),
      );
    }
    if (left > 0 && Number.isFinite(left)) {
      throw new KinoportError(
        'SOURCE_FAILED',
        `The source ended ${left} bytes before the end of the range.`,
        {
          hint: 'Give every byte of the range in read(), or throw.',
        },
      );
    }
  } finally {
    // Not awaited: a `read` that does not heed its signal would keep the connection from being closed.
    if (!finished) iterator.return?.().catch(() => {});
  }
  begin();
  response.end();
}

/** Makes awaiting end with the signal, without a listener per await. */
function abortable(signal: AbortSignal): <T>(work: Promise<T>) => Promise<T> {
  let interrupt: ((error: Error) => void) | undefined;
  signal.addEventListener('abort', () => interrupt?.(abortedError()), { once: true });
  return (work) =>
    new Promise((resolve, reject) => {
      interrupt = reject;
      work.then(resolve, reject);
      if (signal.aborted) reject(abortedError());
    });
}
