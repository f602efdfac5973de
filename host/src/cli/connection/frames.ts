import { randomBytes } from 'node:crypto';

/** Kinds of WebSocket frames (RFC 6455, section 5.2). */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

const MAX_MESSAGE = 64 * 1024 * 1024;

/** A whole message, or a control frame. */
export interface Message {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** A frame from client to server: whole, masked. */
export function writeFrame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 6 : length < 65_536 ? 8 : 14);
  head[0] = 0x80 | opcode;
  if (length < 126) head[1] = 0x80 | length;
  else if (length < 65_536) {
    head[1] = 0x80 | 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 0x80 | 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  const mask = randomBytes(4);
  mask.copy(head, head.length - 4);
  const masked = payload.map((byte, i) => byte ^ (mask[i & 3] ?? 0));
  return Buffer.concat([head, masked]);
}

/** Frames from server to client, put together to messages. */
export class Frames {
  #chunks: Buffer[] = [];
  #available = 0;
  #parts: Buffer[] = [];
  #partsLength = 0;
  #opcode = 0;

  /** The messages that are complete with these bytes. Throws when they are no frames of a server. */
  push(chunk: Buffer): readonly Message[] {
    this.#chunks.push(chunk);
    this.#available += chunk.length;
    const messages: Message[] = [];
    for (let message = this.#next(); message !== undefined; message = this.#next()) {
      if (message !== 'partial') messages.push(message);
    }
    return messages;
  }

  #next(): Message | 'partial' | undefined {
    const head = this.#peek(Math.min(this.#available, 10));
    const [first, second] = head;
    if (first === undefined || second === undefined) return undefined;
    if ((first & 0x70) !== 0 || (second & 0x80) !== 0) throw new Error('This is no frame of a server.');
    const short = second & 0x7f;
    const headLength = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (head.length < headLength) return undefined;
    const length =
      short < 126 ? short : short === 126 ? head.readUInt16BE(2) : Number(head.readBigUInt64BE(2));
    if (length + this.#partsLength > MAX_MESSAGE) throw new Error('The message is too long.');
    if (this.#available < headLength + length) return undefined;
    const payload = this.#take(headLength + length).subarray(headLength);
    return this.#join((first & 0x80) !== 0, first & 0x0f, payload);
  }

  #join(isLast: boolean, opcode: number, payload: Buffer): Message | 'partial' {
    if (opcode >= OPCODE.close) return { opcode, payload };
    if (opcode !== OPCODE.continuation) this.#opcode = opcode;
    this.#parts.push(payload);
    this.#partsLength += payload.length;
    if (!isLast) return 'partial';
    const whole = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#partsLength = 0;
    return { opcode: this.#opcode, payload: whole };
  }

  #peek(length: number): Buffer {
    const [first] = this.#chunks;
    if (first !== undefined && first.length >= length) return first.subarray(0, length);
    return this.#whole().subarray(0, length);
  }

  #take(length: number): Buffer {
    const whole = this.#whole();
    this.#available -= length;
    this.#chunks = this.#available > 0 ? [whole.subarray(length)] : [];
    return whole.subarray(0, length);
  }

  #whole(): Buffer {
    const [first] = this.#chunks;
    if (this.#chunks.length === 1 && first !== undefined) return first;
    const whole = Buffer.concat(this.#chunks);
    this.#chunks = [whole];
    return whole;
  }
}
