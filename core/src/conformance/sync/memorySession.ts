import type { Clock } from '../../clock.ts';
import { abortedError } from '../../errors.ts';
import type { Item } from '../../item.ts';
import type { Disposable } from '../../lifecycle.ts';
import type { PlaybackItemEnd, PlaybackSnapshot } from '../../playback.ts';
import {
  type CommandOptions,
  type PlayerCapabilities,
  type PlayerState,
  type PositionSample,
  positionAt,
  type ScheduledOptions,
} from '../../player.ts';

const CAPABILITIES: PlayerCapabilities = {
  positionPrecision: 0.001,
  exactSeek: true,
  exactStart: true,
  rate: { min: 0.1, max: 10, fine: true },
  volume: true,
  tracks: false,
  externalSubtitles: false,
  messages: false,
  attach: false,
  survivesHost: false,
  load: true,
  scheduled: { precision: 1 },
  multiple: true,
};

/** Who hears of a session. */
export interface SessionNews {
  started(snapshot: PlaybackSnapshot): void;
  changed(state: PlayerState): void;
  ended(end: PlaybackItemEnd): void;
  closed(): void;
}

/** One player of a {@link MemoryPlayback}. */
export class MemorySession {
  readonly #id: string;
  readonly #clock: Clock;
  readonly #news: SessionNews;
  #queue: readonly Item[];
  #index = 0;
  #loads = 0;
  #state: PlayerState;
  #end: Disposable | undefined;
  #waiting: { readonly timer: Disposable; readonly give: (error: unknown) => void } | undefined;
  waitAtEnd = false;

  constructor(id: string, queue: readonly Item[], clock: Clock, news: SessionNews) {
    this.#id = id;
    this.#queue = queue;
    this.#clock = clock;
    this.#news = news;
    this.#state = {
      itemToken: '',
      status: 'opening',
      position: 0,
      at: clock.now(),
      rate: 1,
      volume: 100,
      muted: false,
      seekable: true,
      epoch: 0,
      cause: 'user',
      tracks: [],
    };
  }

  get snapshot(): PlaybackSnapshot {
    const item = this.#item;
    return {
      id: this.#id,
      player: 'memory',
      source: 'memory',
      capabilities: CAPABILITIES,
      item,
      index: this.#index,
      queue: this.#queue,
      state: this.#state,
    };
  }

  get sample(): PositionSample {
    const at = this.#clock.now();
    return { position: positionAt(this.#state, at), at, uncertainty: 0 };
  }

  /** An item of the queue, from its beginning or elsewhere. */
  begin(index: number, { paused = false, start = 0 }): void {
    this.#forget();
    this.#index = index;
    this.#loads += 1;
    const { duration } = this.#item;
    this.#set({
      itemToken: `item-${this.#loads}`,
      status: paused ? 'paused' : 'playing',
      position: start,
      at: this.#clock.now(),
      epoch: this.#state.epoch + 1,
      ...(duration === undefined ? {} : { duration }),
    });
    this.#news.started(this.snapshot);
  }

  /** Plays or pauses, now or at an instant. */
  schedule(play: boolean, { at, id, signal }: ScheduledOptions = {}): void | Promise<void> {
    signal?.throwIfAborted();
    this.#forget();
    const run = (): void => {
      this.#waiting = undefined;
      if (this.#state.status !== 'ended') this.#move({ status: play ? 'playing' : 'paused' }, id);
    };
    const ms = at === undefined ? 0 : at - this.#clock.now();
    if (!(ms > 0)) return run();
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(ms, () => {
        run();
        resolve();
      });
      const give = (error: unknown): void => {
        void timer.dispose();
        reject(error);
      };
      this.#waiting = { timer, give };
      signal?.addEventListener('abort', () => give(abortedError()), { once: true });
    });
  }

  seek(position: number, { id }: CommandOptions = {}): void {
    const { duration = Number.POSITIVE_INFINITY, status, epoch } = this.#state;
    const to = Math.min(duration, Math.max(0, position));
    const now = status === 'ended' ? { status: 'paused' as const } : {};
    this.#move({ position: to, epoch: epoch + 1, ...now }, id);
  }

  setRate(rate: number, { id }: CommandOptions = {}): void {
    this.#move({ rate }, id);
  }

  setVolume(
    { volume = this.#state.volume, muted = this.#state.muted }: { volume?: number; muted?: boolean },
    { id }: CommandOptions = {},
  ): void {
    this.#move({ volume, muted }, id);
  }

  /** Another item of the queue, by its distance from this one. */
  step(by: number): void {
    if (this.#queue[this.#index + by]) this.begin(this.#index + by, {});
  }

  load(item: Item, { paused = false, start = 0 }: { paused?: boolean; start?: number }): void {
    this.#queue = [...this.#queue.slice(0, this.#index + 1), item, ...this.#queue.slice(this.#index + 1)];
    this.begin(this.#index + 1, { paused, start });
  }

  setUpcoming(items: readonly Item[]): void {
    this.#queue = [...this.#queue.slice(0, this.#index + 1), ...items];
  }

  slip(seconds: number): void {
    const { position, at } = this.sample;
    // What was told stays; what is measured is another.
    this.#state = { ...this.#state, position: position + seconds, at };
    this.#awaitEnd();
  }

  close(): void {
    this.#forget();
    void this.#end?.dispose();
    this.#set({ ...this.#here, status: 'gone' });
    this.#news.closed();
  }

  get #item(): Item {
    const item = this.#queue[this.#index];
    if (!item) throw new RangeError('The queue has no such item.');
    return item;
  }

  get #here(): Pick<PlayerState, 'position' | 'at'> {
    const { position, at } = this.sample;
    return { position, at };
  }

  #move(change: Partial<PlayerState>, cause = 'user'): void {
    this.#set({ ...this.#here, ...change, cause });
  }

  #set(change: Partial<PlayerState>): void {
    this.#state = { ...this.#state, ...change };
    this.#awaitEnd();
    this.#news.changed(this.#state);
  }

  #awaitEnd(): void {
    void this.#end?.dispose();
    const { status, position, duration, rate } = this.#state;
    if (status !== 'playing' || duration === undefined) return;
    this.#end = this.#clock.after(((duration - position) / rate) * 1000, () => this.#over(duration));
  }

  #over(duration: number): void {
    this.#set({ status: 'ended', position: duration, at: this.#clock.now() });
    const item = this.#item;
    this.#news.ended({ id: this.#id, item, reason: 'finished', position: duration, duration, watched: true });
    if (!this.waitAtEnd) this.step(1);
  }

  /** A command that waits for its instant is replaced. */
  #forget(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.give(abortedError());
  }
}
