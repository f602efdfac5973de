import type { Duplex } from 'node:stream';
import { KinoportError } from '@kinoport/core';
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  type DataCallback,
  type Disposable,
  type Message,
  type MessageReader,
  type MessageWriter,
} from 'vscode-jsonrpc/node';

/** Longest message in bytes, without its newline. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

const NEWLINE = 0x0a;

/** `undefined` for what is not a JSON-RPC 2.0 message. */
export function parseMessage(text: string): Message | undefined {
  try {
    const message: unknown = JSON.parse(text);
    return isMessage(message) ? message : undefined;
  } catch {
    return undefined;
  }
}

function isMessage(value: unknown): value is Message {
  if (typeof value !== 'object' || value === null) return false;
  const message = value as { jsonrpc?: unknown; method?: unknown; id?: unknown };
  if (message.jsonrpc !== '2.0') return false;
  if (message.method !== undefined) return typeof message.method === 'string';
  return typeof message.id === 'number' || typeof message.id === 'string' || message.id === null;
}

/**
 * One JSON-RPC message a line. Garbage or a line over the limit is told once to `onViolation`; nothing is
 * read after it, and no more than the limit is ever kept in memory.
 */
export class LineMessageReader extends AbstractMessageReader implements MessageReader {
  readonly #stream: Duplex;
  readonly #onViolation: (error: KinoportError) => void;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #broken = false;

  constructor(stream: Duplex, onViolation: (error: KinoportError) => void) {
    super();
    this.#stream = stream;
    this.#onViolation = onViolation;
  }

  listen(callback: DataCallback): Disposable {
    const onData = (chunk: Buffer): void => this.#take(chunk, callback);
    const onClose = (): void => this.fireClose();
    this.#stream.on('data', onData);
    this.#stream.on('close', onClose);
    return {
      dispose: () => {
        this.#stream.off('data', onData);
        this.#stream.off('close', onClose);
      },
    };
  }

  #take(chunk: Buffer, callback: DataCallback): void {
    let start = 0;
    while (!this.#broken) {
      const end = chunk.indexOf(NEWLINE, start);
      const piece = end === -1 ? chunk.subarray(start) : chunk.subarray(start, end);
      this.#pendingBytes += piece.length;
      if (this.#pendingBytes > MAX_MESSAGE_BYTES) {
        this.#violate(`a message is longer than ${MAX_MESSAGE_BYTES} bytes`);
        return;
      }
      this.#pending.push(piece);
      if (end === -1) return;
      const line = this.#pending.length === 1 ? piece : Buffer.concat(this.#pending);
      this.#pending = [];
      this.#pendingBytes = 0;
      start = end + 1;
      this.#parse(line, callback);
    }
  }

  #parse(line: Buffer, callback: DataCallback): void {
    const message = parseMessage(line.toString('utf8'));
    if (message) callback(message);
    else this.#violate('a line is not a JSON-RPC message');
  }

  #violate(what: string): void {
    this.#broken = true;
    this.#pending = [];
    this.#onViolation(new KinoportError('PLUGIN_PROTOCOL', `The connection broke the protocol: ${what}.`));
  }
}

/** Writes one message a line; `write` resolves when the pipe has taken it, so that callers feel backpressure. */
export class LineMessageWriter extends AbstractMessageWriter implements MessageWriter {
  readonly #stream: Duplex;

  constructor(stream: Duplex) {
    super();
    this.#stream = stream;
    stream.on('close', () => this.fireClose());
    stream.on('error', (error) => this.fireError(error));
  }

  write(message: Message): Promise<void> {
    const line = `${JSON.stringify(message)}\n`;
    // A character is at most 3 bytes, so that most lines need no counting.
    if (line.length * 3 > MAX_MESSAGE_BYTES && Buffer.byteLength(line) > MAX_MESSAGE_BYTES + 1) {
      return Promise.reject(
        new KinoportError(
          'PLUGIN_PROTOCOL',
          `A message to be sent is longer than ${MAX_MESSAGE_BYTES} bytes.`,
        ),
      );
    }
    return new Promise((resolve, reject) => {
      this.#stream.write(line, (error) => (error ? reject(error) : resolve()));
    });
  }

  end(): void {
    this.#stream.end();
  }
}
