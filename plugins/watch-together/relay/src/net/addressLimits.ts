import { type Clock, type Disposable, KinoportError } from '@kinoport/core';
import { TokenBucket } from './tokenBucket.ts';

export interface AddressLimitsOptions {
  readonly clock: Clock;
  /** Most connections of one address at a time; 0: no limit. */
  readonly connections: number;
  /** Most rooms that one address may open in an hour; 0: no limit. */
  readonly rooms: number;
}

/** Wrong codes, passwords and tokens that one address may try at once, and then every minute. */
const TRIES = 10;
/** From this try on each is answered later than the one before, up to a limit in ms. */
const SLOW_FROM = 3;
const SLOWEST = 4000;
const FORGET_EVERY = 60_000;

interface Entry {
  connections: number;
  readonly rooms: TokenBucket;
  readonly tries: TokenBucket;
}

/** What each address may still do. Addresses are keys, see {@link addressKey}. */
export class AddressLimits implements Disposable {
  readonly #options: AddressLimitsOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #forgetting: Disposable;

  constructor(options: AddressLimitsOptions) {
    this.#options = options;
    this.#forgetting = options.clock.every(FORGET_EVERY, () => this.#forget());
  }

  /** Whether one more connection is allowed. It counts until it is disposed. */
  connect(address: string): Disposable | undefined {
    const entry = this.#entry(address);
    if (this.#options.connections > 0 && entry.connections >= this.#options.connections) return undefined;
    entry.connections += 1;
    let open = true;
    return {
      dispose() {
        if (open) entry.connections -= 1;
        open = false;
      },
    };
  }

  /** @throws KinoportError `RELAY_RATE_LIMITED` */
  room(address: string): void {
    if (this.#options.rooms === 0) return;
    const { rooms } = this.#entry(address);
    const now = this.#options.clock.now();
    if (!rooms.take(now)) throw limited('Too many rooms were opened from your address.', rooms.wait(now));
  }

  /** To be asked before something that can be guessed. @throws KinoportError `RELAY_RATE_LIMITED` */
  guess(address: string): void {
    const now = this.#options.clock.now();
    const wait = this.#entry(address).tries.wait(now);
    if (wait > 0) throw limited('Too many wrong codes, passwords or tokens came from your address.', wait);
  }

  /** A guess was wrong. @returns milliseconds after which to say so */
  wrong(address: string): number {
    const { tries } = this.#entry(address);
    const now = this.#options.clock.now();
    tries.take(now);
    const used = tries.used(now);
    return used < SLOW_FROM ? 0 : Math.min(SLOWEST, 250 * 2 ** (used - SLOW_FROM));
  }

  #entry(address: string): Entry {
    const there = this.#entries.get(address);
    if (there) return there;
    const now = this.#options.clock.now();
    const { rooms } = this.#options;
    const entry = {
      connections: 0,
      rooms: new TokenBucket({ burst: Math.max(1, rooms), perSecond: rooms / 3600, now }),
      tries: new TokenBucket({ burst: TRIES, perSecond: TRIES / 60, now }),
    };
    this.#entries.set(address, entry);
    return entry;
  }

  /** An address of which nothing is left to remember is as one that was never here. */
  #forget(): void {
    const now = this.#options.clock.now();
    for (const [address, { connections, rooms, tries }] of this.#entries)
      if (connections === 0 && rooms.used(now) === 0 && tries.used(now) === 0) this.#entries.delete(address);
  }

  dispose(): void {
    void this.#forgetting.dispose();
  }
}

function limited(message: string, retryAfter: number): KinoportError {
  return new KinoportError('RELAY_RATE_LIMITED', message, {
    hint: `Try again in ${Math.ceil(retryAfter / 1000)} s.`,
    data: { retryAfter },
  });
}
