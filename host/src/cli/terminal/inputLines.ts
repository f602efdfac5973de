import { createInterface, type Interface } from 'node:readline';
import type { Disposable } from '@kinoport/core';

/** Standard input line by line, read only as far as somebody asks, so that a question can be answered between. */
export class InputLines implements Disposable {
  readonly #input: NodeJS.ReadStream;
  #reader: Interface | undefined;
  #lines: AsyncIterator<string> | undefined;

  constructor(input: NodeJS.ReadStream = process.stdin) {
    this.#input = input;
  }

  /** The next line without its end; `null` at the end of the input. */
  async next(): Promise<string | null> {
    this.#reader ??= createInterface({ input: this.#input, crlfDelay: Number.POSITIVE_INFINITY });
    this.#lines ??= this.#reader[Symbol.asyncIterator]();
    const line = await this.#lines.next();
    return line.done ? null : line.value;
  }

  dispose(): void {
    this.#reader?.close();
    this.#input.pause();
  }
}
