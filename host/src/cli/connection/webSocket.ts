import { createHash, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { Frames, OPCODE, writeFrame } from './frames.ts';

const ACCEPT_SALT = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const HANDSHAKE_LIMIT = 5000;
const MAX_HEAD = 16 * 1024;

/** Where to connect to. Always this machine. */
export interface WebSocketTarget {
  readonly port: number;
  readonly path: string;
  readonly token: string;
}

/**
 * The client's end of a WebSocket (RFC 6455) to a host on this machine: text messages, no extensions. Our own
 * because every library loads `node:http` for it, which took half of a command's start (80 of 190 ms on a slow
 * machine, Node 26.10); `node:net` takes 5.
 */
export class WebSocketClient {
  /** Resolves when the connection is gone, from whichever side. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #frames = new Frames();

  private constructor(socket: Socket, early: Buffer) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => {
      socket.on('close', () => resolve());
    });
    // What goes wrong on an open socket is always followed by `close`.
    socket.on('error', () => undefined);
    // Until somebody listens nothing is read, the end neither.
    socket.pause();
    if (early.length > 0) socket.unshift(early);
  }

  /** Rejects when nobody answers, or not as a WebSocket. */
  static connect(target: WebSocketTarget): Promise<WebSocketClient> {
    return new Promise((resolve, reject) => {
      const key = randomBytes(16).toString('base64');
      const socket = connect({ port: target.port, host: '127.0.0.1', noDelay: true });
      let head = Buffer.alloc(0);
      const fail = (error: Error): void => {
        socket.destroy();
        reject(error);
      };
      const received = (chunk: Buffer): void => {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) {
          if (head.length > MAX_HEAD) fail(new Error('The answer has no end.'));
          return;
        }
        socket.off('data', received).off('error', fail).off('close', ended).setTimeout(0);
        const answer = head.toString('latin1', 0, end);
        const rest = head.subarray(end + 4);
        if (isAccepted(answer, key)) resolve(new WebSocketClient(socket, rest));
        else fail(new Error(`The answer is "${answer.split('\r\n')[0]}".`));
      };
      const ended = (): void => fail(new Error('The connection was closed.'));
      socket.setTimeout(HANDSHAKE_LIMIT, () => fail(new Error('There is no answer.')));
      socket.on('error', fail);
      socket.on('close', ended);
      socket.on('data', received);
      socket.write(
        [
          `GET ${target.path} HTTP/1.1`,
          `Host: 127.0.0.1:${target.port}`,
          'Upgrade: websocket',
          'Connection: Upgrade',
          `Sec-WebSocket-Key: ${key}`,
          'Sec-WebSocket-Version: 13',
          `Authorization: Bearer ${target.token}`,
          '\r\n',
        ].join('\r\n'),
      );
    });
  }

  /** Whether messages can be sent. */
  get isOpen(): boolean {
    return this.#socket.writable;
  }

  /** Who gets the messages; called once, and before anything else. */
  onMessage(listener: (text: string) => void): void {
    this.#socket.on('data', (chunk: Buffer) => this.#received(chunk, listener));
    this.#socket.resume();
  }

  send(text: string): void {
    if (this.isOpen) this.#socket.write(writeFrame(OPCODE.text, Buffer.from(text)));
  }

  /** Says goodbye; the other side closes the connection. */
  close(): void {
    // 1000, a normal end.
    if (this.isOpen) this.#socket.end(writeFrame(OPCODE.close, Buffer.from([0x03, 0xe8])));
  }

  /** Closes at once. */
  terminate(): void {
    this.#socket.destroy();
  }

  #received(chunk: Buffer, listener: (text: string) => void): void {
    try {
      for (const { opcode, payload } of this.#frames.push(chunk)) {
        if (opcode === OPCODE.text) listener(payload.toString('utf8'));
        else if (opcode === OPCODE.ping && this.isOpen) {
          this.#socket.write(writeFrame(OPCODE.pong, payload));
        } else if (opcode === OPCODE.close) this.close();
      }
    } catch {
      this.terminate();
    }
  }
}

function isAccepted(answer: string, key: string): boolean {
  const accept = createHash('sha1').update(`${key}${ACCEPT_SALT}`).digest('base64');
  return /^HTTP\/1\.1 101 /.test(answer) && /^sec-websocket-accept: *(.+?) *$/im.exec(answer)?.[1] === accept;
}
