import { type Clock, type Disposable, Emitter, KinoportError } from '@kinoport/core';
import { RoomClock } from '../../../src/clock/roomClock.ts';

/** Exchanges before instants are given away, and milliseconds for them. Slow ones count: the fastest is known by then. */
const EXCHANGES = 4;
const PATIENCE = 15_000;
/** A clock that was set back by more than this is followed, milliseconds. */
const SET_BACK = 1000;

/**
 * The clock of rooms is that of the Redis server. Every relay measures how far its own monotonic clock is from it, by
 * the exchange that members measure a relay's clock with, and goes on by its own while the server is away.
 */
export class StoreClock implements Disposable {
  readonly #clock: Clock;
  readonly #room: RoomClock;
  readonly #onDidExchange = new Emitter<void>();
  #last = Number.NEGATIVE_INFINITY;

  /** @param time the server's clock, milliseconds */
  constructor(clock: Clock, time: () => Promise<number>) {
    this.#clock = clock;
    this.#room = new RoomClock({
      clock,
      send: (c1) => {
        const answered = (at: number): void => {
          const verdict = this.#room.receive({ c1, r2: at, r3: at });
          if (verdict === 'taken' || verdict === 'slow') this.#onDidExchange.fire();
        };
        // An exchange that fails is lost, and the next one is due anyway.
        time().then(answered, () => undefined);
      },
    });
  }

  /** @throws KinoportError `RELAY_START_FAILED` */
  async set(): Promise<void> {
    this.#room.connected('redis');
    await new Promise<void>((resolve, reject) => {
      const late = this.#clock.after(PATIENCE, () => {
        listening.dispose();
        reject(new KinoportError('RELAY_START_FAILED', 'The clock of the Redis server cannot be read.'));
      });
      let left = EXCHANGES;
      const listening = this.#onDidExchange.event(() => {
        left -= 1;
        if (left > 0) return;
        listening.dispose();
        void late.dispose();
        resolve();
      });
    });
  }

  connected(): void {
    this.#room.connected('redis');
  }

  disconnected(): void {
    this.#room.disconnected();
  }

  /** Milliseconds that it may be off. */
  get bound(): number {
    return this.#room.estimate?.bound ?? Number.POSITIVE_INFINITY;
  }

  now(): number {
    const now = this.#room.toRoom(this.#clock.now());
    if (now > this.#last || now < this.#last - SET_BACK) this.#last = now;
    return this.#last;
  }

  dispose(): Promise<void> {
    this.#onDidExchange.dispose();
    return this.#room.dispose();
  }
}
