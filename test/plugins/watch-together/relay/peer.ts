import { once } from 'node:events';
import { type ClientOptions, WebSocket } from 'ws';
import {
  type ClientMessage,
  PROTOCOL_VERSIONS,
  type ServerMessage,
  type ServerMessages,
  socketAddress,
} from '../../../../plugins/watch-together/src/protocol/index.ts';
import { SALT } from './table.ts';

interface Waiter {
  readonly type: string;
  readonly take: (message: never) => void;
}

/** A WebSocket to a relay, spoken to by hand. */
export class Peer implements AsyncDisposable {
  readonly socket: WebSocket;
  readonly heard: ServerMessage[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #waiters: Waiter[] = [];
  readonly #taken = new Set<ServerMessage>();

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    socket.on('error', () => undefined);
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as ServerMessage;
      this.heard.push(message);
      const waiter = this.#waiters.find(({ type }) => type === message.type);
      if (!waiter) return;
      this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
      this.#taken.add(message);
      waiter.take(message as never);
    });
  }

  static async connect(relay: string, options: ClientOptions = {}): Promise<Peer> {
    const peer = new Peer(new WebSocket(socketAddress(relay) ?? '', options));
    await once(peer.socket, 'open');
    return peer;
  }

  /** Connected, greeted. */
  static async greet(relay: string, options: ClientOptions = {}): Promise<Peer> {
    const peer = await Peer.connect(relay, options);
    peer.send({ type: 'hello', versions: [...PROTOCOL_VERSIONS], features: ['chat'] });
    await peer.next('welcome');
    return peer;
  }

  send(message: ClientMessage | string): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** The first message of a type that was not taken yet. */
  next<T extends ServerMessage['type']>(type: T): Promise<ServerMessages[T]> {
    const there = this.heard.find((message) => message.type === type && !this.#taken.has(message));
    if (there) {
      this.#taken.add(there);
      return Promise.resolve(there as ServerMessages[T]);
    }
    return new Promise((take) => this.#waiters.push({ type, take }));
  }

  create(more: object = {}): Promise<ServerMessages['joined']> {
    this.send({ type: 'create', id: 1, name: 'Ann', salt: SALT, ...more } as ClientMessage);
    return this.next('joined');
  }

  join(code: string, more: object = {}): Promise<ServerMessages['joined']> {
    this.send({ type: 'join', id: 1, name: 'Bob', code, ...more } as ClientMessage);
    return this.next('joined');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    this.socket.terminate();
    await this.closed;
  }
}
