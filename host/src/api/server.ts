import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Clock, type Disposable, KinoportError, PRODUCT, serializeError } from '@kinoport/core';
import type { FastifyInstance } from 'fastify';
import { WebSocketServer } from 'ws';
import type { Logger } from '../log/logger.ts';
import type { PlaybackService } from '../playback/service.ts';
import type { PluginManager } from '../plugins/manager.ts';
import { Outbox } from '../rpc/outbox.ts';
import { Peer } from '../rpc/peer.ts';
import type { ApiClient, ApiMethods } from './methods.ts';
import type { HostEndpoint, PlaybackEvent } from './protocol.ts';
import { METHODS } from './protocol.ts';
import { socketTransport } from './socketTransport.ts';
import { MAX_UPLOAD, type Uploads } from './uploads.ts';

const MAX_FRAME = 16 * 1024 * 1024;
const MAX_CLIENTS = 100;
/** Milliseconds for which a request that is too large is read, so that it can be answered. */
const DRAIN = 2000;

export interface ApiServerOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly methods: ApiMethods;
  readonly uploads: Uploads;
  readonly playback: PlaybackService;
  readonly plugins: PluginManager;
}

/**
 * The local API over HTTP and WebSocket. Loopback only; every request needs the token, a Host that is this
 * machine's loopback (against DNS rebinding) and no Origin but this server's own.
 */
export class ApiServer implements Disposable {
  readonly #options: ApiServerOptions;
  readonly #sockets: WebSocketServer;
  readonly #token = randomBytes(32).toString('base64url');
  readonly #server = createServer((request, response) => this.#answer(request, response));
  #http: Promise<FastifyInstance> | undefined;
  #port = 0;

  constructor(options: ApiServerOptions) {
    this.#options = options;
    this.#sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME, perMessageDeflate: false });
  }

  /** Clients that hold a connection open. */
  get clients(): number {
    return this.#sockets.clients.size;
  }

  async start(): Promise<HostEndpoint> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: '127.0.0.1', port: 0 }, resolve);
    });
    const address = this.#server.address();
    this.#port = typeof address === 'object' && address !== null ? address.port : 0;
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    return { pid: process.pid, version: PRODUCT.apiVersion, port: this.#port, token: this.#token };
  }

  async dispose(): Promise<void> {
    for (const client of this.#sockets.clients) client.close(1001);
    this.#sockets.close();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    for (const client of this.#sockets.clients) client.terminate();
    await closed;
    await (await this.#http)?.close();
  }

  /** The routes are made for the first request: the command line comes by WebSocket and needs none of them. */
  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.#http ??= this.#routes();
    this.#http.then(
      (http) => http.routing(request, response),
      (error: unknown) => {
        this.#options.log.error('the local API', { message: serializeError(error).message });
        response.destroy();
      },
    );
  }

  #drain(request: IncomingMessage): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(DRAIN, resolve);
      const ended = (): void => {
        void timer.dispose();
        resolve();
      };
      request.once('end', ended).once('close', ended).resume();
    });
  }

  async #routes(): Promise<FastifyInstance> {
    const { default: Fastify } = await import('fastify');
    const http = Fastify({ bodyLimit: MAX_FRAME, logger: false });
    http.addHook('onRequest', async (request) => this.#admit(request.raw));
    http.setErrorHandler(async (thrown, request, reply) => {
      const large = tooLarge(thrown);
      // Who is still sending would meet a closed connection, and not the answer.
      if (large) await this.#drain(request.raw);
      const error = large ?? thrown;
      const { stack: _, ...data } = serializeError(error);
      return reply
        .code(statusOf(data.code, (error as { statusCode?: number }).statusCode))
        .send({ error: data });
    });
    http.setNotFoundHandler(async () => {
      throw new KinoportError('METHOD_NOT_FOUND', 'There is nothing at this address.');
    });
    for (const method of Object.keys(METHODS)) {
      http.post(`/v1/${method}`, async (request) => {
        const abort = new AbortController();
        request.raw.on('close', () => request.raw.complete || abort.abort());
        return this.#options.methods.call(method, request.body ?? {}, {}, abort.signal);
      });
    }
    await http.register(async (scope) => {
      // Bytes, whatever they are said to be.
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => body);
      scope.post('/v1/upload', { bodyLimit: MAX_UPLOAD }, async (request, reply) => {
        const gone = new AbortController();
        reply.raw.once('close', () => gone.abort());
        const { name } = request.query as { readonly name?: unknown };
        return this.#options.uploads.resolve(name, request.body, gone.signal);
      });
    });
    await http.ready();
    return http;
  }

  /** @throws KinoportError `API_FORBIDDEN`, `API_UNAUTHORIZED` */
  #admit(request: IncomingMessage): void {
    const hosts = [`127.0.0.1:${this.#port}`, `localhost:${this.#port}`];
    const { host, origin, authorization } = request.headers;
    if (!hosts.includes(host ?? ''))
      throw new KinoportError('API_FORBIDDEN', 'The request names another host.');
    if (origin !== undefined && !hosts.some((own) => origin === `http://${own}`)) {
      throw new KinoportError('API_FORBIDDEN', 'The request comes from a foreign page.');
    }
    const given = Buffer.from(authorization ?? '');
    const wanted = Buffer.from(`Bearer ${this.#token}`);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
      throw new KinoportError('API_UNAUTHORIZED', 'The request has no valid token.', {
        hint: 'Programs of this user find it in the endpoint file of the host.',
      });
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    try {
      this.#admit(request);
      if (request.url !== '/v1/rpc' || this.clients >= MAX_CLIENTS)
        throw new KinoportError('API_FORBIDDEN', 'Not here.');
    } catch (error) {
      const status = statusOf(serializeError(error).code);
      socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (ws) => {
      this.#serve(new Peer(socketTransport(ws), { clock: this.#options.clock, name: 'a client' }));
    });
  }

  #serve(peer: Peer): void {
    const { methods, playback, plugins } = this.#options;
    const outbox = new Outbox({
      send: (method, params) => peer.notify(method, params),
      onOverflow: (error) => peer.fail(error),
    });
    const wanted = new Set<string | undefined>();
    const gone = new AbortController();
    let wantsPlugins = false;
    const client: ApiClient = {
      subscribe: (sessionId) => wanted.add(sessionId),
      subscribePlugins: () => {
        wantsPlugins = true;
      },
      notify: async (method, params) => outbox.fact(method, params),
      send: (method, params) => peer.notify(method, params),
      gone: gone.signal,
      request: (method, params, signal) =>
        peer.call(method, params, { signal, timeout: Number.POSITIVE_INFINITY }),
    };
    const listening = playback.onDidEmit((event) => {
      if (wanted.has(undefined) || wanted.has(event.sessionId)) tell(outbox, event);
    });
    const watching = plugins.set.onDidChange((view) => {
      if (wantsPlugins) outbox.state(`plugin:${view.id}`, 'plugins.event', view);
    });
    for (const method of Object.keys(METHODS)) {
      peer.handle(method, (params, signal) =>
        methods.call(method, params, client, AbortSignal.any([signal, gone.signal])),
      );
    }
    peer.onDidClose(() => {
      void listening.dispose();
      void watching.dispose();
      outbox.dispose();
      gone.abort();
    });
    peer.listen();
  }
}

function tell(outbox: Outbox, event: PlaybackEvent): void {
  if (event.type === 'state') outbox.state(event.sessionId, 'playback.event', event);
  else outbox.fact('playback.event', event);
}

/** Where a file is too large for an upload, which the server finds out by itself. */
function tooLarge(error: unknown): KinoportError | undefined {
  if ((error as { readonly code?: unknown }).code !== 'FST_ERR_CTP_BODY_TOO_LARGE') return undefined;
  return new KinoportError('UPLOAD_TOO_LARGE', 'More was sent than is taken.', {
    hint: `A file may have ${MAX_UPLOAD / 1024 / 1024} MiB.`,
    cause: error,
  });
}

function statusOf(code: string, fallback = 500): number {
  if (code === 'API_UNAUTHORIZED') return 401;
  if (code === 'API_FORBIDDEN') return 403;
  if (code.endsWith('NOT_FOUND') || code === 'PROGRESS_NONE') return 404;
  if (code === 'UPLOAD_TOO_LARGE') return 413;
  if (code === 'INVALID_ARGUMENT' || code.endsWith('_INVALID')) return 400;
  return fallback >= 400 ? fallback : 500;
}
