import {
  type Clock,
  type Disposable,
  DisposableStore,
  KinoportError,
  sleep,
  toDisposable,
} from '@kinoport/core';
import type { Effect } from '../room/draft.ts';
import type { RoomState } from '../room/state.ts';
import { inTurns } from '../rooms/inTurns.ts';
import type { Change, Delivery, RoomKeeper, RoomStore, Updated } from '../rooms/store.ts';
import { attempt, isIdle } from './attempt.ts';
import { Availability, PATIENCE } from './availability.ts';
import { Heartbeat } from './heartbeat.ts';
import { KeptRooms } from './keptRooms.ts';
import { Keys } from './keys.ts';
import { type RedisAddress, RedisLink } from './link.ts';
import { type Kept, readMessage, versionOf } from './message.ts';
import { RoomFeed } from './roomFeed.ts';
import { StoreClock } from './storeClock.ts';

/** Milliseconds at most, and each time more, between a try that lost against another process and the next. */
const REST = 2;
const LONGEST_REST = 20;
/** Rooms that are compared with the server at the same time, once it is back. */
const RESTORING = 64;

export interface RedisStoreOptions {
  readonly address: RedisAddress;
  /** What all keys and channels begin with. */
  readonly prefix: string;
  /** Names this process; as that of the rooms. */
  readonly relay: string;
  readonly clock: Clock;
  readonly log: (event: string, facts?: Readonly<Record<string, unknown>>) => void;
}

/** Rooms in a Redis or Valkey server, which any number of processes share. */
export class RedisStore implements RoomStore {
  readonly #options: RedisStoreOptions;
  readonly #keys: Keys;
  readonly #link: RedisLink;
  readonly #availability: Availability;
  readonly #kept: KeptRooms;
  readonly #storeClock: StoreClock;
  readonly #heartbeat: Heartbeat;
  readonly #feeds = new Map<string, RoomFeed>();
  readonly #chains = new Map<string, Promise<unknown>>();
  readonly #owned = new DisposableStore();
  #keeper: RoomKeeper | undefined;
  #recovering = false;
  #over = false;

  private constructor(options: RedisStoreOptions) {
    const { clock, prefix, relay } = options;
    this.#options = options;
    this.#keys = new Keys(prefix);
    this.#availability = this.#owned.add(
      new Availability({
        clock,
        lost: (why) => {
          this.#storeClock.disconnected();
          options.log('store away', { error: why instanceof Error ? why.message : String(why) });
        },
        away: () => this.#keeper?.away(),
      }),
    );
    this.#link = this.#owned.add(new RedisLink(options.address, () => this.#turned()));
    this.#kept = new KeptRooms({
      link: this.#link,
      keys: this.#keys,
      availability: this.#availability,
      relay,
      now: () => this.now(),
    });
    this.#storeClock = this.#owned.add(
      new StoreClock(clock, async () => {
        const [seconds, micros] = await this.#link.commands.time();
        return Number(seconds) * 1000 + Number(micros) / 1000;
      }),
    );
    this.#heartbeat = this.#owned.add(
      new Heartbeat({
        redis: this.#link.commands,
        keys: this.#keys,
        relay,
        clock,
        adopt: async (code, lost) => this.#keeper?.adopt(code, lost),
        alive: async (missed) => {
          if (missed || !this.isUp) await this.#recover();
        },
        failed: (error) => this.#availability.lost(error),
      }),
    );
    this.#link.subscriber.on('message', (channel, text) => this.#heard(channel, text));
  }

  /** @throws KinoportError `RELAY_START_FAILED` */
  static async open(options: RedisStoreOptions): Promise<RedisStore> {
    const store = new RedisStore(options);
    try {
      await store.#link.open(options.clock);
      await store.#storeClock.set();
      store.#availability.back();
      await store.#heartbeat.start();
      return store;
    } catch (error) {
      await store.#owned.dispose();
      throw error;
    }
  }

  /** Whether it answers. */
  get isUp(): boolean {
    return this.#availability.isUp;
  }

  /** Milliseconds that the clock of this process may be off that of others. */
  get clockBound(): number {
    return this.#storeClock.bound;
  }

  now(): number {
    return this.#storeClock.now();
  }

  attend(keeper: RoomKeeper): void {
    this.#keeper = keeper;
  }

  async count(): Promise<number> {
    await this.#availability.ready(this.#availability.deadline());
    return this.#kept.count();
  }

  async create(state: RoomState, wakeAt: number): Promise<boolean> {
    const { code } = state;
    await this.#availability.ready(this.#availability.deadline());
    // Above every version that a room of this code ever had.
    const kept = { version: Math.floor(this.now() * 1000), state, wakeAt };
    if (await this.#kept.commit(code, 0, kept, [])) return false;
    const feed = this.#feeds.get(code);
    feed?.begin(kept);
    feed?.unchanged(wakeAt);
    return true;
  }

  update<T>(code: string, change: (state: RoomState) => Change<T>): Promise<Updated<T>> {
    const deadline = this.#availability.deadline();
    const updated = (this.#chains.get(code) ?? Promise.resolve()).then(() =>
      this.#update(code, change, deadline),
    );
    const settled = updated
      .catch(() => undefined)
      .then(() => {
        if (this.#chains.get(code) === settled) this.#chains.delete(code);
      });
    this.#chains.set(code, settled);
    return updated;
  }

  async #update<T>(
    code: string,
    change: (state: RoomState) => Change<T>,
    deadline: number,
  ): Promise<Updated<T>> {
    const { clock } = this.#options;
    await this.#availability.ready(deadline);
    const feed = this.#feeds.get(code);
    let known = feed?.newest;
    let isSure = known === undefined;
    known ??= await this.#load(code, feed);
    const giveUp = clock.now() + PATIENCE;
    for (let lost = 0; lost === 0 || clock.now() < giveUp; ) {
      const outcome = known?.state ? attempt(known.state, change) : undefined;
      // Of what may be old, neither a refusal is believed nor that there is nothing to do.
      if (!outcome || !known?.state || outcome.failed || isIdle(known.state, outcome.done)) {
        if (!isSure) {
          known = await this.#load(code, feed);
          isSure = true;
          continue;
        }
        if (!outcome) return undefined;
        if (outcome.failed) throw outcome.error;
        feed?.unchanged(outcome.done.wakeAt);
        return { result: outcome.done.result };
      }
      const { state, effects, wakeAt, result } = outcome.done;
      const next: Kept = { version: known.version + 1, state, wakeAt };
      const faster = await this.#kept.commit(code, known.version, next, effects);
      if (!faster) {
        feed?.hear({ kept: next, effects, jump: false });
        await feed?.reached(next.version);
        return { result };
      }
      known = faster.kept;
      isSure = true;
      lost += 1;
      // Two that keep step would have one of them lose each time.
      await sleep(clock, Math.random() * Math.min(LONGEST_REST, lost * REST));
    }
    throw new KinoportError('RELAY_STORE', 'Too many change the room at once.', {
      data: { retryAfter: 500 },
    });
  }

  async #load(code: string, feed: RoomFeed | undefined): Promise<Kept | undefined> {
    const kept = await this.#kept.load(code);
    if (kept?.state) feed?.begin(kept);
    return kept;
  }

  publish(code: string, effects: readonly Effect[]): void {
    this.#kept.publish(code, effects);
  }

  async watch(code: string, deliver: (delivery: Delivery) => void): Promise<Disposable> {
    await this.#availability.ready(this.#availability.deadline());
    const feed = new RoomFeed(this.#options.clock, deliver);
    this.#feeds.set(code, feed);
    const watching = toDisposable(() => {
      feed.dispose();
      if (this.#feeds.get(code) !== feed) return;
      this.#feeds.delete(code);
      this.#kept.unfollow(code);
    });
    try {
      await this.#availability.answered(this.#kept.follow([code]));
    } catch (error) {
      await watching.dispose();
      throw error;
    }
    return watching;
  }

  #heard(channel: string, text: string): void {
    const feed = this.#feeds.get(this.#keys.codeOf(channel));
    if (!feed) return;
    // Most are this process's own, and a room is long to read.
    const version = versionOf(text);
    if (version !== undefined && feed.hasShown(version)) return;
    try {
      feed.hear(readMessage(text));
    } catch (error) {
      this.#options.log('store message', { error: String(error) });
    }
  }

  /** A connection was lost or is there again. */
  #turned(): void {
    if (!this.#link.isConnected) this.#availability.lost(this.#link.why);
    else void this.#recover();
  }

  /**
   * Rooms go on from the newest that is known: a server that has forgotten them gets them back, and members are told
   * what they have missed.
   */
  async #recover(): Promise<void> {
    if (this.#recovering || this.#over || !this.#link.isConnected) return;
    this.#recovering = true;
    const wasUp = this.isUp;
    this.#availability.hold();
    try {
      await this.#kept.follow([...this.#feeds.keys()]);
      await inTurns([...this.#feeds], RESTORING, ([code, feed]) => this.#restore(code, feed));
      if (!wasUp) {
        this.#storeClock.connected();
        this.#options.log('store back', { rooms: this.#feeds.size });
      }
      this.#heartbeat.hold();
      if (!this.#over) this.#availability.back();
    } catch (error) {
      // The next sign of life tries again.
      this.#options.log('store not back', { error: String(error) });
    } finally {
      this.#recovering = false;
    }
    if (this.isUp) await this.#keeper?.back();
  }

  async #restore(code: string, feed: RoomFeed): Promise<void> {
    const { newest } = feed;
    if (!newest?.state) return;
    const kept = await this.#kept.restore(code, newest);
    if (kept && JSON.stringify(kept.state) !== JSON.stringify(newest.state)) feed.jumpTo(kept);
  }

  async dispose(): Promise<void> {
    const { clock } = this.#options;
    const patience = new AbortController();
    const done = Promise.allSettled([...this.#chains.values()]);
    await Promise.race([done, sleep(clock, PATIENCE, patience.signal).catch(() => undefined)]);
    patience.abort();
    this.#over = true;
    this.#availability.dispose();
    for (const feed of this.#feeds.values()) feed.dispose();
    this.#feeds.clear();
    await this.#owned.dispose();
  }
}
