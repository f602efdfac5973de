import { Emitter, type Event } from '@kinoport/core';

/** An event that keeps what was fired before anybody listened, and gives it to the first listener. */
export class ReplayedEvent<T> {
  readonly #emitter = new Emitter<T>();
  #missed: T[] = [];

  readonly event: Event<T> = (listener) => {
    const subscription = this.#emitter.event(listener);
    const missed = this.#missed;
    this.#missed = [];
    if (missed.length > 0) {
      queueMicrotask(() => {
        for (const value of missed) this.#emitter.fire(value);
      });
    }
    return subscription;
  };

  fire(value: T): void {
    if (this.#emitter.hasListeners) this.#emitter.fire(value);
    else this.#missed.push(value);
  }
}
