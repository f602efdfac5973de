import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { connectFrom, type TextWire, type Wire } from './lines.ts';

const TEXT = 0x1;
const PING = 0x9;
const PONG = 0xa;

/**
 * A WebSocket with as little as a load generator needs: whole text frames and pongs. A library's would cost the
 * generator more than what it puts on the server.
 */
export class Frames implements TextWire {
  readonly #socket: Socket;
  readonly #receive: (text: string) => void;
  readonly #mask = randomBytes(4);
  #rest: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket, receive: (text: string) => void, closed: () => void, rest: Buffer) {
    this.#socket = socket;
    this.#receive = receive;
    // A library passes over masks of zeros, which no client has.
    this.#mask[0] = (this.#mask[0] ?? 0) | 1;
    socket.on('error', () => undefined);
    socket.once('close', closed);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    if (rest.length > 0) this.#read(rest);
  }

  static async connect(
    options: { readonly index: number; readonly port: number; readonly path: string },
    receive: (text: string) => void,
    closed: () => void,
  ): Promise<Frames> {
    const socket = await connectFrom(options.index, options.port);
    socket.write(
      [
        `GET ${options.path} HTTP/1.1`,
        `Host: 127.0.0.1:${options.port}`,
        'Upgrade: websocket',
        'Connection: Upgrade',
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
        'Sec-WebSocket-Version: 13',
        '\r\n',
      ].join('\r\n'),
    );
    const rest = await switched(socket);
    return new Frames(socket, receive, closed, rest);
  }

  get wire(): Wire {
    return { read: this.#socket.bytesRead, written: this.#socket.bytesWritten };
  }

  send(text: string): void {
    this.#write(TEXT, Buffer.from(text));
  }

  end(): void {
    this.#socket.destroy();
  }

  #write(opcode: number, payload: Buffer): void {
    const { length } = payload;
    const head = length < 126 ? 2 : 4;
    const frame = Buffer.allocUnsafe(head + 4 + length);
    frame[0] = 0x80 | opcode;
    frame[1] = 0x80 | Math.min(length, 126);
    if (length >= 126) frame.writeUInt16BE(length, 2);
    this.#mask.copy(frame, head);
    for (let i = 0; i < length; i += 1) frame[head + 4 + i] = (payload[i] ?? 0) ^ (this.#mask[i & 3] ?? 0);
    this.#socket.write(frame);
  }

  #read(chunk: Buffer): void {
    let data = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    for (;;) {
      const frame = frameOf(data);
      if (!frame) break;
      const payload = data.subarray(frame.start, frame.end);
      data = data.subarray(frame.end);
      if (frame.opcode === TEXT) this.#receive(payload.toString());
      else if (frame.opcode === PING) this.#write(PONG, payload);
    }
    this.#rest = data;
  }
}

function frameOf(data: Buffer): { opcode: number; start: number; end: number } | undefined {
  if (data.length < 2) return undefined;
  const opcode = (data[0] ?? 0) & 0x0f;
  const short = (data[1] ?? 0) & 0x7f;
  const start = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (data.length < start) return undefined;
  const length = short < 126 ? short : short === 126 ? data.readUInt16BE(2) : Number(data.readBigUInt64BE(2));
  return data.length < start + length ? undefined : { opcode, start, end: start + length };
}

/** What came behind the answer to the upgrade. */
function switched(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let answer: Buffer = Buffer.alloc(0);
    const over = (): void => reject(new Error('The relay closed the connection.'));
    const read = (chunk: Buffer): void => {
      answer = Buffer.concat([answer, chunk]);
      const end = answer.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', read).off('close', over);
      const status = answer.toString('latin1', 0, answer.indexOf('\r\n'));
      if (status.includes(' 101 ')) resolve(answer.subarray(end + 4));
      else reject(new Error(`The relay refused a connection: ${status}`));
    };
    socket
      .on('data', read)
      .once('close', over)
      .on('error', () => undefined);
  });
}
