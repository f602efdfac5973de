import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type Clock, Emitter, isKinoportError, KinoportError } from '@kinoport/core';
import { addressName } from './address.ts';
import { DeliveryError, deliver, unreachable, within } from './delivery.ts';
import { checkRegistration, StreamEntry } from './entry.ts';
import type { FailedRead, StreamFront, StreamReads, StreamRegistration } from './front.ts';
import { listen } from './listen.ts';
import { type ByteSelection, ifRangeHolds, selectBytes } from './ranges.ts';
import { ResponseSink } from './responseSink.ts';

export interface HttpStreamFrontOptions {
  readonly clock: Clock;
  /** Failures of the server itself and of listeners. */
  readonly onError: (error: unknown) => void;
  /** Web origins that may read streams; none by default. */
  readonly allowOrigin?: (origin: string) => boolean;
  /** Milliseconds that a request waits for the plugin to come back; default 30 000. */
  readonly holdTimeout?: number;
  /** Responses at a time for one stream; default 32. */
  readonly maxReaders?: number;
}

const MAX_CONNECTIONS = 256;
/**
 * Milliseconds to the first byte of a stream that has just failed. A player asks again three or four times
 * before it gives up, and each time the source would be as patient as at first.
 */
const SECOND_CHANCE = 4_000;

/** {@link StreamFront} on Node's HTTP server. */
export class HttpStreamFront implements StreamFront {
  readonly #options: HttpStreamFrontOptions;
  readonly #holdTimeout: number;
  readonly #maxReaders: number;
  readonly #entries = new Map<string, StreamEntry>();
  readonly #running = new Set<Promise<void>>();
  readonly #server: Server;
  readonly #failed: Emitter<FailedRead>;
  readonly #read: Emitter<StreamReads>;
  readonly onDidFailRead: StreamFront['onDidFailRead'];
  readonly onDidRead: StreamFront['onDidRead'];
  #port: number | undefined;
  #disposing: Promise<void> | undefined;

  constructor(options: HttpStreamFrontOptions) {
    this.#options = options;
    this.#holdTimeout = options.holdTimeout ?? 30_000;
    this.#maxReaders = options.maxReaders ?? 32;
    this.#failed = new Emitter({ onError: options.onError });
    this.#read = new Emitter({ onError: options.onError });
    this.onDidFailRead = this.#failed.event;
    this.onDidRead = this.#read.event;
    // No limit on how long a response takes: a film may stand paused for a night.
    this.#server = createServer(
      {
        headersTimeout: 10_000,
        requestTimeout: 10_000,
        keepAliveTimeout: 15_000,
        maxHeaderSize: 16 * 1024,
        noDelay: true,
      },
      (request, response) => this.#accept(request, response),
    );
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  get port(): number | undefined {
    return this.#port;
  }

  get ids(): readonly string[] {
    return [...this.#entries.keys()];
  }

  async start(preferredPort?: number): Promise<number> {
    this.#port = await listen(this.#server, preferredPort);
    this.#server.on('error', this.#options.onError);
    return this.#port;
  }

  expect(id: string): void {
    if (!this.#entries.has(id)) this.#entries.set(id, new StreamEntry(id, this.#options.clock));
  }

  register(registration: StreamRegistration): string {
    if (this.#disposing || this.#port === undefined)
      throw new KinoportError('DISPOSED', 'The stream front is not running.');
    checkRegistration(registration);
    this.expect(registration.id);
    this.#entries.get(registration.id)?.register(registration);
    const name = addressName(registration.name, registration.type);
    return `http://127.0.0.1:${this.#port}/s/${registration.id}/${name}`;
  }

  unregister(id: string): void {
    const entry = this.#entries.get(id);
    this.#entries.delete(id);
    entry?.close();
  }

  failedReads(id: string): readonly FailedRead[] {
    return [...(this.#entries.get(id)?.failures ?? [])];
  }

  reads(id: string): StreamReads | undefined {
    return this.#entries.get(id)?.reads;
  }

  dispose(): Promise<void> {
    this.#disposing ??= this.#close();
    return this.#disposing;
  }

  async #close(): Promise<void> {
    for (const id of [...this.#entries.keys()]) this.unregister(id);
    if (this.#server.listening) {
      await new Promise<void>((resolve) => {
        this.#server.close(() => resolve());
        this.#server.closeAllConnections();
      });
    }
    await Promise.all(this.#running);
    this.#failed.dispose();
    this.#read.dispose();
  }

  #accept(request: IncomingMessage, response: ServerResponse): void {
    const work = this.#serve(request, response)
      .catch((error: unknown) => {
        response.destroy();
        this.#options.onError(error);
      })
      .finally(() => this.#running.delete(work));
    this.#running.add(work);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Cache-Control', 'no-store');
    // A page of anybody else cannot embed it either, even one that has learnt the address.
    response.setHeader('Cross-Origin-Resource-Policy', 'same-site');
    if (!this.#isWelcome(request, response)) return refuse(response, 403);
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return refuse(response, 405, { Allow: 'GET, HEAD', Connection: 'close' });
    const id = /^\/s\/([A-Za-z0-9_-]+)(?:\/[^/?]*)?(?:\?.*)?$/.exec(request.url ?? '')?.[1];
    const entry = id === undefined ? undefined : this.#entries.get(id);
    if (!entry) return refuse(response, 404);
    if (entry.responses.size >= this.#maxReaders) return refuse(response, 503, { 'Retry-After': '1' });

    const controller = new AbortController();
    entry.responses.add(controller);
    response.once('close', () => controller.abort());
    const limit = entry.isBroken
      ? this.#options.clock.after(SECOND_CHANCE, () => {
          if (!response.headersSent) controller.abort(unreachable());
        })
      : undefined;
    try {
      await this.#answer(request, response, entry, controller.signal);
    } catch (error) {
      this.#breakOff(response, entry, controller.signal, error);
    } finally {
      await limit?.dispose();
      entry.responses.delete(controller);
    }
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    entry: StreamEntry,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock } = this.#options;
    const limits = { clock, holdTimeout: this.#holdTimeout, signal };
    const registration = await within(limits, () => entry.whenRegistered());
    const { size } = registration;
    const selection = select(request, registration);
    if (selection.kind === 'unsatisfiable')
      return refuse(response, 416, { 'Accept-Ranges': 'bytes', 'Content-Range': `bytes */${size}` });

    const start = selection.kind === 'part' ? selection.start : 0;
    const end = selection.kind === 'part' ? selection.end : size;
    const head = headers(registration, selection);
    const status = selection.kind === 'part' ? 206 : 200;
    if (request.method === 'HEAD') {
      response.writeHead(status, head).end();
      return;
    }
    let offset = start;
    const sink = new ResponseSink(
      response,
      () => response.writeHead(status, head),
      (bytes) => {
        const isFirst = offset === start;
        offset += bytes;
        if (entry.served(bytes, offset, isFirst)) this.#read.fire(entry.reads);
      },
    );
    await deliver({ entry, start, end, sink, ...limits });
    sink.finish();
  }

  /** A player must not take a part for the whole: what is under way is cut, not ended. */
  #breakOff(response: ServerResponse, entry: StreamEntry, signal: AbortSignal, error: unknown): void {
    const known = error instanceof DeliveryError ? error.error : isKinoportError(error) ? error : undefined;
    if (!known) throw error;
    if (isKinoportError(known, 'STREAM_NOT_FOUND')) {
      if (response.headersSent) response.destroy();
      else refuse(response, 404);
      return;
    }
    // The player has closed: nobody is left to miss the bytes.
    if (isKinoportError(known, 'ABORTED') && signal.aborted) return;
    const offset = error instanceof DeliveryError ? error.offset : entry.reads.offset;
    const failure: FailedRead = { id: entry.id, offset, error: known, at: this.#options.clock.now() };
    entry.fail(failure);
    if (response.headersSent) response.destroy();
    else if (isKinoportError(known, 'SOURCE_UNREACHABLE')) refuse(response, 503, { 'Retry-After': '5' });
    else refuse(response, 502);
    this.#failed.fire(failure);
  }

  /** Keeps foreign web pages out: rebound host names, and every origin that is not allowed. */
  #isWelcome(request: IncomingMessage, response: ServerResponse): boolean {
    const { host, origin } = request.headers;
    if (host !== `127.0.0.1:${this.#port}` && host !== `localhost:${this.#port}`) return false;
    if (origin === undefined) return true;
    if (!this.#options.allowOrigin?.(origin)) return false;
    response.setHeader('Access-Control-Allow-Origin', origin);
    response.setHeader('Access-Control-Expose-Headers', 'Accept-Ranges, Content-Length, Content-Range');
    response.setHeader('Vary', 'Origin');
    return true;
  }
}

/** Ranges are defined for GET and known sizes only; elsewhere the header is to be ignored. */
function select(request: IncomingMessage, { size, validators }: StreamRegistration): ByteSelection {
  if (size === undefined || request.method !== 'GET') return { kind: 'whole' };
  const ifRange = request.headers['if-range'];
  if (!ifRangeHolds(typeof ifRange === 'string' ? ifRange : undefined, validators)) return { kind: 'whole' };
  return selectBytes(request.headers.range, size);
}

function headers(
  registration: StreamRegistration,
  selection: ByteSelection,
): Record<string, string | number> {
  const { size, type, validators } = registration;
  const result: Record<string, string | number> = { 'Content-Type': type };
  if (validators?.etag !== undefined) result.ETag = validators.etag;
  if (validators?.lastModified !== undefined)
    result['Last-Modified'] = new Date(validators.lastModified).toUTCString();
  if (size === undefined) return result;
  result['Accept-Ranges'] = 'bytes';
  result['Content-Length'] = selection.kind === 'part' ? selection.end - selection.start : size;
  if (selection.kind === 'part')
    result['Content-Range'] = `bytes ${selection.start}-${selection.end - 1}/${size}`;
  return result;
}

function refuse(response: ServerResponse, status: number, extra: Record<string, string> = {}): void {
  if (response.destroyed) return;
  response.writeHead(status, { ...extra, 'Content-Length': 0 }).end();
}
