import { type Clock, type Disposable, DisposableStore } from '@kinoport/core';
import type { Redis } from 'ioredis';
import { inTurns } from '../rooms/inTurns.ts';
import type { Keys } from './keys.ts';
import { BEAT } from './script.ts';

/** Milliseconds between two signs of life, and without one until a relay counts as gone. */
const EVERY = 1000;
const DEAD = 5000;
/** Milliseconds after which a room that time changes was left by those who should have noticed. */
const LATE = 1500;
/** Milliseconds that a relay has for what it was given, before another one is. */
const LEASE = 10_000;
/** Rooms of a relay that is gone that are looked after at the same time. */
const ADOPTING = 32;

export interface HeartbeatOptions {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly relay: string;
  readonly clock: Clock;
  /** Looks after a room that nobody moves on, or in which a relay that is gone had members. */
  readonly adopt: (code: string, lost?: string) => Promise<void>;
  /** The server answers; `missed`: others may have taken this relay for gone. */
  readonly alive: (missed: boolean) => Promise<void>;
  /** The server does not answer. */
  readonly failed: (error: unknown) => void;
}

/** Tells others that this relay lives, and takes over from those that do not: each of them by one relay alone. */
export class Heartbeat implements Disposable {
  readonly #options: HeartbeatOptions;
  readonly #owned = new DisposableStore();
  #beating = false;
  /** After the server was away nobody has told that it lives. */
  #takesFrom = Number.POSITIVE_INFINITY;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    await this.#send();
    this.hold();
    this.#owned.add(this.#options.clock.every(EVERY, () => this.#beat()));
  }

  /** Takes nothing over until others have had time to tell that they live. */
  hold(): void {
    this.#takesFrom = this.#options.clock.now() + DEAD;
  }

  #beat(): void {
    if (this.#beating) return;
    this.#beating = true;
    this.#round()
      .catch(this.#options.failed)
      .finally(() => {
        this.#beating = false;
      });
  }

  async #round(): Promise<void> {
    const { relay, clock } = this.#options;
    const takes = clock.now() >= this.#takesFrom;
    const [missed, gone, late] = await this.#send(takes);
    await this.#options.alive(missed);
    for (const other of gone) if (other !== relay) await this.#bury(other);
    for (const code of late) await this.#adopt(code);
  }

  async #send(takes = false): Promise<readonly [boolean, readonly string[], readonly string[]]> {
    const { redis, keys, relay } = this.#options;
    const [before = '', behind = ''] = keys.claim('\0').split('\0');
    const [missed, gone, late] = await BEAT.run(
      redis,
      [keys.relays, keys.wakes, keys.roomsOf(relay)],
      [relay, DEAD, LATE, LEASE, before, behind, takes ? 1 : 0],
    );
    return [missed === 1, names(gone), names(late)];
  }

  /** What fails is tried again by whoever gets it next. */
  async #adopt(code: string, lost?: string): Promise<boolean> {
    try {
      await this.#options.adopt(code, lost);
      return true;
    } catch {
      return false;
    }
  }

  async #bury(other: string): Promise<void> {
    const { redis, keys } = this.#options;
    const rooms = await redis.smembers(keys.roomsOf(other));
    let isDone = true;
    await inTurns(rooms, ADOPTING, async (code) => {
      if (!(await this.#adopt(code, other))) isDone = false;
    });
    if (!isDone) return;
    await redis.zrem(keys.relays, other);
    await redis.del(keys.roomsOf(other), keys.claim(other));
  }

  dispose(): Promise<void> {
    return this.#owned.dispose();
  }
}

const names = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((name) => typeof name === 'string') : [];
