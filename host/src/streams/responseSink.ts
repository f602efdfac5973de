import type { ServerResponse } from 'node:http';
import type { ByteSink } from './delivery.ts';

/** A player's response as a sink: its head goes out with the first byte, so that a failure before it can be told. */
export class ResponseSink implements ByteSink {
  readonly #response: ServerResponse;
  readonly #begin: () => void;
  readonly #onWrite: (bytes: number) => void;

  constructor(response: ServerResponse, begin: () => void, onWrite: (bytes: number) => void) {
    this.#response = response;
    this.#begin = begin;
    this.#onWrite = onWrite;
  }

  get isFull(): boolean {
    return this.#response.writableNeedDrain;
  }

  write(chunk: Buffer): boolean {
    if (!this.#response.headersSent) this.#begin();
    const hasRoom = this.#response.write(chunk);
    this.#onWrite(chunk.length);
    return hasRoom;
  }

  whenWritable(resume: () => void): void {
    this.#response.once('drain', resume);
  }

  /** Ends a response whose bytes are all written. */
  finish(): void {
    if (!this.#response.headersSent) this.#begin();
    this.#response.end();
  }
}
