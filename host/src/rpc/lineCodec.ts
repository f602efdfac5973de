import type { Duplex } from 'node:stream';
import { KinoportError } from '@kinoport/core';
import {
  backlogError,
  formatMessage,
  MAX_BACKLOG_BYTES,
  MAX_MESSAGE_BYTES,
  type Message,
  parseMessage,
} from './messages.ts';
import { Turns } from './turns.ts';

const NEWLINE = 0x0a;

/**
 * One JSON-RPC message a line. Garbage or a line over the limit is told once to `onViolation`, behind what came
 * before it; nothing is read after it, and no more than the limit is ever kept in memory.
 */
export class LineReader {
  readonly #stream: Duplex;
  readonly #onViolation: (error: KinoportError) => void;
  readonly #turns: Turns<Buffer | KinoportError>;
  #heard: (message: Message) => void = () => undefined;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #isBroken = false;
  #isDisposed = false;

  constructor(stream: Duplex, onViolation: (error: KinoportError) => void) {
    this.#stream = stream;
    this.#onViolation = onViolation;
    this.#turns = new Turns({
      take: (line) => this.#take(line),
      hold: () => stream.pause(),
      release: () => stream.resume(),
    });
  }

  listen(heard: (message: Message) => void): void {
    this.#heard = heard;
    this.#stream.on('data', this.#onData);
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#pending = [];
    this.#turns.clear();
    this.#stream.off('data', this.#onData);
  }

  readonly #onData = (chunk: Buffer): void => {
    let start = 0;
    while (!this.#isBroken) {
      const end = chunk.indexOf(NEWLINE, start);
      const piece = end === -1 ? chunk.subarray(start) : chunk.subarray(start, end);
      this.#pendingBytes += piece.length;
      if (this.#pendingBytes > MAX_MESSAGE_BYTES) {
        this.#break(`a message is longer than ${MAX_MESSAGE_BYTES} bytes`);
        return;
      }
      if (end === -1) {
        if (piece.length > 0) this.#pending.push(piece);
        return;
      }
      const line = this.#pending.length === 0 ? piece : Buffer.concat([...this.#pending, piece]);
      this.#pending = [];
      this.#pendingBytes = 0;
      start = end + 1;
      this.#turns.push(line);
    }
  };

  #take(line: Buffer | KinoportError): void {
    if (this.#isDisposed) return;
    if (line instanceof KinoportError) {
      this.#onViolation(line);
      return;
    }
    const message = parseMessage(line.toString('utf8'));
    if (message) this.#heard(message);
    else {
      this.#turns.clear();
      this.#break('a line is not a JSON-RPC message');
    }
  }

  #break(what: string): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#pending = [];
    this.#turns.push(new KinoportError('PLUGIN_PROTOCOL', `The connection broke the protocol: ${what}.`));
  }
}

type Taken = (error?: Error | null) => void;

/**
 * One message a line. The first of a turn of the event loop is written at once, those that come behind it in the same
 * turn together at its end: what a write costs is the same for one as for a hundred.
 */
export class LineWriter {
  readonly #stream: Duplex;
  #isTurn = false;
  #batch = '';
  #taken: Taken[] = [];

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  /**
   * `taken` is called when the pipe has taken it, so that callers feel backpressure.
   * @throws KinoportError `PLUGIN_PROTOCOL` when it is too long, `PLUGIN_UNRESPONSIVE` when too much waits already,
   *   unless it is urgent
   */
  send(message: Message, taken?: Taken, isUrgent = false): void {
    const line = `${formatMessage(message)}\n`;
    if (!isUrgent && this.#stream.writableLength + this.#batch.length > MAX_BACKLOG_BYTES)
      throw backlogError();
    if (this.#isTurn) {
      this.#batch += line;
      if (taken) this.#taken.push(taken);
      return;
    }
    this.#isTurn = true;
    setImmediate(this.flush);
    this.#stream.write(line, taken);
  }

  /** Writes what waits for the end of the turn. */
  readonly flush = (): void => {
    this.#isTurn = false;
    if (this.#batch === '') return;
    const [batch, waiting] = [this.#batch, this.#taken];
    this.#batch = '';
    this.#taken = [];
    this.#stream.write(batch, (error) => {
      for (const taken of waiting) taken(error);
    });
  };
}
