import type { Clock, Disposable } from '@kinoport/core';
import type { RelayLink } from './link.ts';

/** Milliseconds without news after which a sign of life is asked for, and after which there is no connection. */
const QUIET = 4000;
const DEAD = 10_000;
/** After time has jumped the answer is due within this. */
const CHECK = 2000;
const TICK = 500;

/** Notices that a link is dead which nobody has closed: a cable, a sleep, a network that was left. */
export class Heartbeat implements Disposable {
  readonly #clock: Clock;
  readonly #link: RelayLink;
  readonly #timer: Disposable;
  #heardAt: number;
  #askedAt: number | undefined;
  #dueAt: number | undefined;
  #lookedAt: number;

  constructor(clock: Clock, link: RelayLink) {
    this.#clock = clock;
    this.#link = link;
    this.#heardAt = clock.now();
    this.#lookedAt = this.#heardAt;
    this.#timer = clock.every(TICK, () => this.#look());
  }

  heard(): void {
    this.#heardAt = this.#clock.now();
    this.#askedAt = undefined;
    this.#dueAt = undefined;
  }

  /** Asks now, and has the answer come soon. */
  check(): void {
    this.#ask();
    this.#dueAt = this.#clock.now() + CHECK;
  }

  dispose(): void {
    void this.#timer.dispose();
  }

  #look(): void {
    const now = this.#clock.now();
    const stoodStill = now - this.#lookedAt > 4 * TICK;
    this.#lookedAt = now;
    // While this process stood still nobody could be heard; what has come meanwhile is read after this.
    if (stoodStill) {
      this.#askedAt = undefined;
      this.check();
      return;
    }
    const askedAt = this.#askedAt;
    const isDead = askedAt !== undefined && now - askedAt > DEAD - QUIET;
    if (isDead || (this.#dueAt !== undefined && now > this.#dueAt)) this.#link.close();
    else if (askedAt === undefined && now - this.#heardAt > QUIET) this.#ask();
  }

  #ask(): void {
    this.#askedAt ??= this.#clock.now();
    this.#link.ping();
  }
}
