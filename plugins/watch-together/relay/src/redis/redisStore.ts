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
import type { Change, Delivery, RoomKeeper, RoomStore, Updated } from '../rooms/store.ts';
import { Heartbeat } from './heartbeat.ts';
import { Keys } from './keys.ts';
import { type RedisAddress, RedisLink } from './link.ts';
import { type Kept, readKept, readMessage } from './message.ts';
import { RoomFeed } from './roomFeed.ts';
import { COMMIT, RESTORE } from './script.ts';
import { StoreClock } from './storeClock.ts';

/** Milliseconds that a request waits for a store that is away. */
const PATIENCE = 1500;
/** Times that a change is run again because another process was faster. */
const TRIES = 20;
/** Milliseconds that a room is kept after it should have been moved on, and that it is known to be over. */
const KEPT = 3_600_000;
const OVER = 600_000;

export interface RedisStoreOptions {
  readonly address: RedisAddress;
  /** What all keys and channels begin with. */
  readonly prefix: string;
  /** Names this process; as that of the rooms. */
  readonly relay: string;
  readonly clock: Clock;
  readonly log: (event: string, facts?: Readonly<Record<string, unknown>>) => void;
}

const away = (): KinoportError =>
  new KinoportError(
    'RELAY_STORE',
    'The relay cannot reach its rooms just now. The film goes on; try again.',
    {
      data: { retryAfter: 1000 },
    },
  );

/** Rooms in a Redis or Valkey server, which any number of processes share. */
export class RedisStore implements RoomStore {
  readonly #options: RedisStoreOptions;
  readonly #keys: Keys;
  readonly #link: RedisLink;
  readonly #storeClock: StoreClock;
  readonly #heartbeat: Heartbeat;
  readonly #feeds = new Map<string, RoomFeed>();
  readonly #chains = new Map<string, Promise<unknown>>();
  readonly #waiting = new Set<() => void>();
  readonly #owned = new DisposableStore();
  #keeper: RoomKeeper | undefined;
  #telling: Disposable | undefined;
  #isUp = false;
  #recovering = false;
  #over = false;

  private constructor(options: RedisStoreOptions) {
    const { clock, prefix, relay } = options;
    this.#options = options;
    this.#keys = new Keys(prefix);
    this.#link = this.#owned.add(new RedisLink(options.address, () => this.#turned()));
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
          if (missed || !this.#isUp) await this.#recover();
        },
        failed: (error) => this.#lost(error),
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
      store.#isUp = true;
      await store.#heartbeat.start();
      return store;
    } catch (error) {
      await store.#owned.dispose();
      throw error;
    }
  }

  /** Whether it answers. */
  get isUp(): boolean {
    return this.#isUp;
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
    await this.#ready(this.#deadline());
    return this.#sent(this.#link.commands.zcard(this.#keys.wakes));
  }

  async create(state: RoomState, wakeAt: number): Promise<boolean> {
    const { code } = state;
    await this.#ready(this.#deadline());
    // Above every version that a room of this code ever had.
    const kept = { version: Math.floor(this.now() * 1000), state, wakeAt };
    if (await this.#commit(code, 0, kept, [])) return false;
    const feed = this.#feeds.get(code);
    feed?.begin(kept);
    feed?.unchanged(wakeAt);
    return true;
  }

  update<T>(code: string, change: (state: RoomState) => Change<T>): Promise<Updated<T>> {
    const deadline = this.#deadline();
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
    await this.#ready(deadline);
    const feed = this.#feeds.get(code);
    let known = feed?.newest;
    let isSure = known === undefined;
    known ??= await this.#load(code, feed);
    for (let tries = 0; tries < TRIES; tries += 1) {
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
      const faster = await this.#commit(code, known.version, next, effects);
      if (!faster) {
        feed?.hear({ kept: next, effects, jump: false });
        await feed?.reached(next.version);
        return { result };
      }
      known = faster.kept;
      isSure = true;
    }
    throw new KinoportError('RELAY_STORE', 'Too many change the room at once.', {
      data: { retryAfter: 500 },
    });
  }

  /** @returns what there is in place of what was expected; undefined: it is done */
  async #commit(
    code: string,
    expected: number,
    kept: Kept,
    effects: readonly Effect[],
  ): Promise<{ readonly kept: Kept | undefined } | undefined> {
    const answer = await this.#sent(
      COMMIT.run(
        this.#link.commands,
        [this.#keys.room(code), this.#keys.wakes],
        [...this.#fields(code, kept), String(expected), JSON.stringify(effects)],
      ),
    );
    return answer.length === 0 ? undefined : { kept: readKept(answer) };
  }

  #fields(code: string, { version, state, wakeAt }: Kept): readonly (string | number)[] {
    const wake = Number.isFinite(wakeAt) ? wakeAt : this.now() + KEPT;
    const ttl = state ? Math.ceil(Math.max(0, wake - this.now())) + KEPT : OVER;
    const text = state ? JSON.stringify(state) : '';
    return [String(version), text, String(wake), ttl, code, this.#keys.channel(code)];
  }

  async #load(code: string, feed: RoomFeed | undefined): Promise<Kept | undefined> {
    const fields = this.#link.commands.hmget(this.#keys.room(code), 'v', 's', 'w');
    const kept = readKept(await this.#sent(fields));
    if (kept?.state) feed?.begin(kept);
    else await this.#sent(this.#link.commands.zrem(this.#keys.wakes, code));
    return kept;
  }

  publish(code: string, effects: readonly Effect[]): void {
    const sent = this.#link.commands.publish(this.#keys.channel(code), JSON.stringify({ e: effects }));
    sent.catch(() => undefined);
  }

  async watch(code: string, deliver: (delivery: Delivery) => void): Promise<Disposable> {
    await this.#ready(this.#deadline());
    const feed = new RoomFeed(this.#options.clock, deliver);
    this.#feeds.set(code, feed);
    const { commands, subscriber } = this.#link;
    const rooms = this.#keys.roomsOf(this.#options.relay);
    const watching = toDisposable(() => {
      feed.dispose();
      if (this.#feeds.get(code) !== feed) return;
      this.#feeds.delete(code);
      // Where there is no connection there is no subscription either.
      subscriber.unsubscribe(this.#keys.channel(code)).catch(() => undefined);
      commands.srem(rooms, code).catch(() => undefined);
    });
    try {
      await this.#sent(
        Promise.all([subscriber.subscribe(this.#keys.channel(code)), commands.sadd(rooms, code)]),
      );
    } catch (error) {
      await watching.dispose();
      throw error;
    }
    return watching;
  }

  #heard(channel: string, text: string): void {
    const feed = this.#feeds.get(this.#keys.codeOf(channel));
    if (!feed) return;
    try {
      feed.hear(readMessage(text));
    } catch (error) {
      this.#options.log('store message', { error: String(error) });
    }
  }

  /** A connection was lost or is there again. */
  #turned(): void {
    if (!this.#link.isConnected) this.#lost(this.#link.why);
    else void this.#recover();
  }

  #lost(why: unknown): void {
    if (!this.#isUp || this.#over) return;
    this.#isUp = false;
    this.#storeClock.disconnected();
    this.#options.log('store away', { error: why instanceof Error ? why.message : String(why) });
    this.#telling ??= this.#options.clock.after(PATIENCE, () => {
      this.#telling = undefined;
      if (!this.#isUp) this.#keeper?.away();
    });
  }

  /**
   * Rooms go on from the newest that is known: a server that has forgotten them gets them back, and members are told
   * what they have missed.
   */
  async #recover(): Promise<void> {
    if (this.#recovering || this.#over || !this.#link.isConnected) return;
    this.#recovering = true;
    const wasUp = this.#isUp;
    this.#isUp = false;
    try {
      const codes = [...this.#feeds.keys()];
      if (codes.length > 0) {
        await this.#link.subscriber.subscribe(...codes.map((code) => this.#keys.channel(code)));
        await this.#link.commands.sadd(this.#keys.roomsOf(this.#options.relay), ...codes);
      }
      for (const [code, feed] of [...this.#feeds]) await this.#restore(code, feed);
      this.#isUp = true;
    } catch (error) {
      // The next sign of life tries again.
      this.#options.log('store not back', { error: String(error) });
    } finally {
      this.#recovering = false;
    }
    if (!this.#isUp) return;
    if (!wasUp) {
      this.#storeClock.connected();
      this.#options.log('store back', { rooms: this.#feeds.size });
    }
    this.#heartbeat.hold();
    for (const wake of [...this.#waiting]) wake();
    await this.#keeper?.back();
  }

  async #restore(code: string, feed: RoomFeed): Promise<void> {
    const { newest } = feed;
    if (!newest?.state) return;
    const keys = [this.#keys.room(code), this.#keys.wakes];
    const answer = await RESTORE.run(this.#link.commands, keys, this.#fields(code, newest));
    if (answer.length === 0) return;
    const kept = readKept(answer);
    if (kept && JSON.stringify(kept.state) !== JSON.stringify(newest.state)) feed.jumpTo(kept);
  }

  #deadline(): number {
    return this.#options.clock.now() + PATIENCE;
  }

  /** @throws KinoportError `RELAY_STORE` when it is not back by then */
  async #ready(deadline: number): Promise<void> {
    if (this.#isUp) return;
    const { clock } = this.#options;
    const giveUp = new AbortController();
    const back = new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
      giveUp.signal.addEventListener('abort', wake, { once: true });
    });
    const left = Math.max(0, deadline - clock.now());
    await Promise.race([back, sleep(clock, left, giveUp.signal).catch(() => undefined)]);
    giveUp.abort();
    if (!this.#isUp) throw away();
  }

  async #sent<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (cause) {
      // Whether it was done nobody knows: members are told what there is, once it answers again.
      this.#lost(cause);
      throw new KinoportError('RELAY_STORE', away().message, { data: { retryAfter: 1000 }, cause });
    }
  }

  async dispose(): Promise<void> {
    const { clock } = this.#options;
    const patience = new AbortController();
    const done = Promise.allSettled([...this.#chains.values()]);
    await Promise.race([done, sleep(clock, PATIENCE, patience.signal).catch(() => undefined)]);
    patience.abort();
    this.#over = true;
    this.#isUp = false;
    void this.#telling?.dispose();
    for (const feed of this.#feeds.values()) feed.dispose();
    this.#feeds.clear();
    await this.#owned.dispose();
  }
}

type Outcome<T> =
  | { readonly failed: true; readonly error: unknown }
  | { readonly failed: false; readonly done: Change<T> };

function attempt<T>(state: RoomState, change: (state: RoomState) => Change<T>): Outcome<T> {
  try {
    return { failed: false, done: change(state) };
  } catch (error) {
    return { failed: true, error };
  }
}

const isIdle = (before: RoomState, { state, effects }: Change<unknown>): boolean =>
  effects.length === 0 && state !== undefined && JSON.stringify(state) === JSON.stringify(before);
