import type { Clock, Disposable } from '@kinoport/core';

interface Waiting {
  readonly bytes: number;
  readonly go: () => void;
}

/**
 * Lets bytes for others pass at a rate. webtorrent has a limit too, which holds up what we ask of peers behind what we
 * give them; this one holds up only what is given, before it is read from disk.
 */
export class UploadGate implements Disposable {
  readonly #clock: Clock;
  readonly #queue: Waiting[] = [];
  /** Bytes a second; 0: no limit. */
  #limit: number;
  /** Bytes that may go now; below zero for what has gone too early. */
  #budget = 0;
  #at: number;
  #timer: Disposable | undefined;

  constructor(clock: Clock, limit: number) {
    this.#clock = clock;
    this.#limit = limit;
    this.#at = clock.now();
    this.#budget = limit / 4;
  }

  set limit(limit: number) {
    this.#limit = limit;
    this.#run();
  }

  /** Calls `go` when so many bytes may go. */
  pass(bytes: number, go: () => void): void {
    this.#queue.push({ bytes, go });
    if (!this.#timer) this.#run();
  }

  dispose(): void {
    void this.#timer?.dispose();
    this.#queue.length = 0;
  }

  #run(): void {
    void this.#timer?.dispose();
    this.#timer = undefined;
    const now = this.#clock.now();
    // A quarter of a second's worth may go at once after a rest.
    this.#budget = Math.min(this.#budget + (this.#limit * (now - this.#at)) / 1000, this.#limit / 4);
    this.#at = now;
    while (this.#queue.length > 0 && (this.#limit === 0 || this.#budget >= 0)) {
      const next = this.#queue.shift();
      this.#budget -= next?.bytes ?? 0;
      next?.go();
    }
    if (this.#limit === 0) this.#budget = 0;
    if (this.#queue.length === 0) return;
    const wait = Math.max(5, Math.ceil((-this.#budget / this.#limit) * 1000));
    this.#timer = this.#clock.after(wait, () => this.#run());
  }
}
