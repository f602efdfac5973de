import { Emitter, type Event, type Log, serializeError, toKinoportError } from '@kinoport/core';
import type { PlaybackEvent } from '../api/protocol.ts';

/** What a session tells those who watch it, and the log what went wrong in it. */
export class SessionEvents {
  readonly #id: string;
  readonly #log: Log;
  readonly #onDidEmit = new Emitter<PlaybackEvent>();

  constructor(id: string, log: Log) {
    this.#id = id;
    this.#log = log;
  }

  get onDidEmit(): Event<PlaybackEvent> {
    return this.#onDidEmit.event;
  }

  emit(event: PlaybackEvent): void {
    this.#onDidEmit.fire(event);
  }

  /** A line for whoever watches. */
  tell(code: string, message: string): void {
    this.emit({ type: 'notice', sessionId: this.#id, code, message });
  }

  /** Something failed that whoever watches is to know of; what was called off on purpose did not fail. */
  told(error: unknown): void {
    const { code, message } = serializeError(error);
    if (code === 'ABORTED') return;
    this.#log.warn(`session ${this.#id}: ${message}`, { code });
    this.tell(code, message);
  }

  /** Something failed that nobody can do anything about. */
  broke(error: unknown): void {
    const { message, stack } = toKinoportError(error);
    this.#log.error(`session ${this.#id} broke`, { message, stack });
  }

  /** The last that is told. */
  close(): void {
    this.emit({ type: 'closed', sessionId: this.#id });
    this.#onDidEmit.dispose();
  }
}
