import { type Disposable, KinoportError } from '@kinoport/core';

/** Facts that may wait for a reader that does not read. */
const MAX_FACTS = 1000;

interface Entry {
  readonly method: string;
  readonly params: unknown;
}

/**
 * Notifications to one reader, one write in flight. A state replaces the one before it under the same key
 * (latest wins, moved behind what came since); facts stay in order, and when more than 1000 wait the reader
 * counts as unresponsive.
 */
export class Outbox implements Disposable {
  readonly #send: (method: string, params: unknown) => Promise<void>;
  readonly #onOverflow: (error: KinoportError) => void;
  readonly #queue = new Map<string, Entry>();
  #facts = 0;
  #counter = 0;
  #sending = false;
  #closed = false;

  constructor(options: {
    readonly send: (method: string, params: unknown) => Promise<void>;
    readonly onOverflow: (error: KinoportError) => void;
  }) {
    this.#send = options.send;
    this.#onOverflow = options.onOverflow;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /** The latest under a key. */
  state(key: string, method: string, params: unknown): void {
    if (this.#closed) return;
    const name = `s:${key}`;
    this.#queue.delete(name);
    this.#queue.set(name, { method, params });
    this.#pump();
  }

  /** One of a sequence in which nothing may be missing. */
  fact(method: string, params: unknown): void {
    if (this.#closed) return;
    if (this.#facts >= MAX_FACTS) {
      this.dispose();
      this.#onOverflow(
        new KinoportError(
          'PLUGIN_UNRESPONSIVE',
          `More than ${MAX_FACTS} messages wait for a reader that does not take them.`,
        ),
      );
      return;
    }
    this.#facts += 1;
    this.#queue.set(`f:${this.#counter++}`, { method, params });
    this.#pump();
  }

  /** Drops what waits. */
  dispose(): void {
    this.#closed = true;
    this.#queue.clear();
  }

  #pump(): void {
    if (this.#sending) return;
    const next = this.#queue.entries().next();
    if (next.done) return;
    const [key, entry] = next.value;
    this.#queue.delete(key);
    if (key.startsWith('f:')) this.#facts -= 1;
    this.#sending = true;
    this.#send(entry.method, entry.params).then(
      () => this.#sent(),
      // The connection is closed, which its owner hears from the connection itself.
      () => this.dispose(),
    );
  }

  #sent(): void {
    this.#sending = false;
    this.#pump();
  }
}
