import type { IncomingMessage } from 'node:http';
import { abortedError, Emitter, KinoportError } from '@kinoport/core';
import { WebSocket } from 'ws';
import {
  type ClientMessage,
  decodeServerMessage,
  encode,
  type ServerMessage,
  socketAddress,
} from '../protocol/index.ts';
import type { LinkOpener, RelayLink } from './link.ts';

/** Milliseconds until the relay has taken the connection. */
const PATIENCE = 10_000;
/** Bytes of a message of the relay: a room with many members and a long queue. */
const MOST = 1024 * 1024;
/** Broken messages after which what answers there counts as no relay. */
const MOST_BROKEN = 20;

/** @throws KinoportError `RELAY_UNREACHABLE`, `ABORTED`, `INVALID_ARGUMENT` */
export const openWebSocketLink: LinkOpener = (relay, signal) =>
  new Promise((resolve, reject) => {
    const address = socketAddress(relay);
    if (address === undefined) {
      reject(
        new KinoportError('INVALID_ARGUMENT', `"${relay.slice(0, 200)}" is no address of a relay.`, {
          hint: 'It looks like https://relay.example.',
        }),
      );
      return;
    }
    if (signal.aborted) {
      reject(abortedError());
      return;
    }
    const socket = new WebSocket(address, {
      perMessageDeflate: false,
      maxPayload: MOST,
      handshakeTimeout: PATIENCE,
      followRedirects: false,
    });
    const answered = (_request: unknown, { statusCode = 0 }: IncomingMessage): void =>
      failed(new Error(refusedWith(statusCode)));
    const give = (): void => {
      socket.off('unexpected-response', answered);
      signal.removeEventListener('abort', abort);
      socket.off('open', opened);
      socket.off('error', failed);
    };
    const opened = (): void => {
      give();
      resolve(new WebSocketLink(socket));
    };
    const failed = (error: Error): void => {
      give();
      // What is still under way of the handshake ends with an error of its own.
      socket.on('error', () => undefined);
      socket.terminate();
      reject(signal.aborted ? abortedError() : unreachable(relay, error));
    };
    const abort = (): void => failed(abortedError());
    signal.addEventListener('abort', abort, { once: true });
    socket.once('open', opened);
    socket.once('error', failed);
    socket.once('unexpected-response', answered);
  });

const refusedWith = (status: number): string =>
  status === 429
    ? 'it takes no more connections from this address for now.'
    : status === 503
      ? 'it takes nobody new for now.'
      : status > 499
        ? `the server in front of it says ${status}.`
        : `what answers there is no relay (${status}).`;

function unreachable(relay: string, error: Error): KinoportError {
  const why = error.message || ('code' in error ? String(error.code) : 'no answer');
  return new KinoportError('RELAY_UNREACHABLE', `The relay at ${relay} cannot be reached: ${why}`, {
    hint: 'Is it running, and is the address right?',
    cause: error,
  });
}

class WebSocketLink implements RelayLink {
  readonly #socket: WebSocket;
  readonly #received = new Emitter<ServerMessage>();
  readonly #heard = new Emitter<void>();
  readonly #closed = new Emitter<{ readonly code: number }>();
  #broken = 0;

  readonly onDidReceive = this.#received.event;
  readonly onDidHear = this.#heard.event;
  readonly onDidClose = this.#closed.event;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data, isBinary) => this.#read(String(data), isBinary));
    socket.on('pong', () => this.#heard.fire());
    socket.on('ping', () => this.#heard.fire());
    // The end tells what is wrong.
    socket.on('error', () => undefined);
    socket.once('close', (code) => {
      this.#closed.fire({ code });
      this.#dropListeners();
    });
  }

  send(message: ClientMessage): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(encode(message), { binary: false });
  }

  ping(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping();
  }

  close(): void {
    this.#socket.terminate();
  }

  dispose(): void {
    this.#dropListeners();
    this.#socket.terminate();
  }

  #read(text: string, isBinary: boolean): void {
    this.#heard.fire();
    const decoded = decodeServerMessage(isBinary ? '' : text);
    if (decoded.ok) this.#received.fire(decoded.message);
    else if (decoded.why !== 'unknown') {
      this.#broken += 1;
      if (this.#broken >= MOST_BROKEN) this.#socket.terminate();
    }
  }

  #dropListeners(): void {
    for (const emitter of [this.#received, this.#heard, this.#closed]) emitter.dispose();
  }
}
