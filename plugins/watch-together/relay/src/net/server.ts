import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Clock, type Disposable, KinoportError, sleep } from '@kinoport/core';
import { type WebSocket, WebSocketServer } from 'ws';
import { CLOSE, LIMITS, SOCKET_PATH } from '../../../src/protocol/index.ts';
import { addressKey, maskedAddress, type TrustedProxies } from './address.ts';
import type { AddressLimits } from './addressLimits.ts';
import type { Door } from './door.ts';
import type { Pages } from './pages.ts';
import { Session } from './session.ts';

export interface TlsFiles {
  readonly cert: Buffer;
  readonly key: Buffer;
}

export interface RelayServerOptions {
  readonly door: Door;
  readonly pages: Pages;
  readonly limits: AddressLimits;
  readonly proxies: TrustedProxies;
  readonly clock: Clock;
  readonly tls?: TlsFiles;
  readonly maxConnections: number;
  /** Origins of web pages that may connect; programs send none and always may. */
  readonly origins: ReadonlySet<string>;
  readonly log: (event: string, facts?: Readonly<Record<string, unknown>>) => void;
}

/** Milliseconds over which members come back after a drain, so that they do not all come at once. */
const SPREAD = 3000;

/** The relay's port: WebSockets at `/ws`, pages elsewhere. */
export class RelayServer implements Disposable {
  readonly #options: RelayServerOptions;
  readonly #server: Server | SecureServer;
  readonly #secure: SecureServer | undefined;
  readonly #sockets: WebSocketServer;
  readonly #sessions = new Set<Session>();
  readonly #idle: (() => void)[] = [];
  #draining = false;

  constructor(options: RelayServerOptions) {
    this.#options = options;
    const http = {
      maxHeaderSize: 8192,
      headersTimeout: 10_000,
      requestTimeout: 10_000,
      keepAliveTimeout: 5000,
    };
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      options.pages.answer(request, response).catch((error: unknown) => {
        options.log('request failed', { error: String(error) });
        response.destroy();
      });
    };
    if (options.tls) {
      this.#secure = createSecureServer({ ...http, ...options.tls, minVersion: 'TLSv1.2' }, answer);
      this.#server = this.#secure;
    } else this.#server = createServer(http, answer);
    this.#sockets = new WebSocketServer({
      noServer: true,
      maxPayload: LIMITS.frameBytes,
      perMessageDeflate: false,
      clientTracking: false,
    });
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#upgrade(request, socket as Socket, head),
    );
    this.#server.on('clientError', (_: Error, socket: Duplex) => socket.destroy());
    // Beyond members, some place for pages and for those who are told that it is full.
    this.#server.maxConnections = options.maxConnections + 200;
  }

  get connections(): number {
    return this.#sessions.size;
  }

  /** @throws KinoportError `RELAY_START_FAILED` */
  async listen(host: string, port: number): Promise<AddressInfo> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
      this.#server.listen({ host, port, backlog: 4096 }, resolve);
    });
    return this.#server.address() as AddressInfo;
  }

  /** New connections get this certificate. @throws what OpenSSL says of it; the old one stays then */
  reload(tls: TlsFiles): void {
    this.#secure?.setSecureContext({ ...tls, minVersion: 'TLSv1.2' });
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on('error', () => undefined);
    const place = this.#place(request, socket);
    if (typeof place === 'string') {
      this.#options.door.metrics.count('refused_total');
      socket.end(`HTTP/1.1 ${place}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    socket.once('close', () => void place.held.dispose());
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) =>
      this.#open(webSocket, socket, place.address),
    );
  }

  /** The key of the address that asks, and its place held; or the status that it is refused with. */
  #place(
    request: IncomingMessage,
    socket: Socket,
  ): string | { readonly address: string; readonly held: Disposable } {
    const { proxies, limits, origins, maxConnections, log, pages } = this.#options;
    const { origin, 'x-forwarded-for': forwarded } = request.headers;
    if (pages.pathOf(request.url) !== SOCKET_PATH) return '404 Not Found';
    if (origin !== undefined && !origins.has(origin.toLowerCase())) return '403 Forbidden';
    if (this.#draining || this.#sessions.size >= maxConnections) return '503 Service Unavailable';
    const client = proxies.clientOf(socket.remoteAddress ?? '', [forwarded].flat().join(','));
    const address = addressKey(client);
    const held = limits.connect(address);
    if (held) return { address, held };
    log('address has too many connections', { from: maskedAddress(client) });
    return '429 Too Many Requests';
  }

  #open(socket: WebSocket, wire: Duplex, address: string): void {
    const { door, clock } = this.#options;
    door.metrics.count('connections_total');
    const session = new Session({
      socket,
      wire,
      address,
      door,
      clock,
      closed: () => {
        this.#sessions.delete(session);
        if (this.#sessions.size === 0) for (const wake of this.#idle.splice(0)) wake();
      },
    });
    this.#sessions.add(session);
  }

  /** Takes nobody new, tells members to come back elsewhere, and waits until they are gone, `patience` ms at most. */
  async drain(patience: number, relay?: string): Promise<void> {
    this.#draining = true;
    this.#server.close();
    for (const session of [...this.#sessions]) {
      const retryAfter = Math.round(500 + Math.random() * SPREAD);
      session.close(CLOSE.RESTART, {
        type: 'goodbye',
        reason: 'draining',
        retryAfter,
        ...(relay === undefined ? {} : { relay }),
      });
    }
    const waiting = new AbortController();
    await Promise.race([
      new Promise<void>((resolve) => {
        if (this.#sessions.size === 0) resolve();
        else this.#idle.push(resolve);
      }),
      sleep(this.#options.clock, patience, waiting.signal).catch(() => undefined),
    ]);
    waiting.abort();
  }

  async dispose(): Promise<void> {
    this.#draining = true;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const session of [...this.#sessions]) session.destroy();
    this.#server.closeAllConnections();
    await closed;
  }
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): KinoportError {
  const where = `${host}:${port}`;
  if (error.code === 'EADDRINUSE')
    return new KinoportError('RELAY_START_FAILED', `Something else listens at ${where} already.`, {
      hint: 'Give another port: --port N.',
    });
  return new KinoportError('RELAY_START_FAILED', `The relay cannot listen at ${where}: ${error.message}`, {
    cause: error,
  });
}
