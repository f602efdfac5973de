import type { Clock, Disposable, JsonValue, PlayerState, PlayerStatus } from '@kinoport/core';
import { type Causes, USER } from './causes.ts';
import { parseTracks } from './tracks.ts';

/** The properties that the state is made of. */
export const OBSERVED = [
  'time-pos',
  'audio-pts',
  'duration',
  'pause',
  'core-idle',
  'seeking',
  'paused-for-cache',
  'eof-reached',
  'idle-active',
  'speed',
  'volume',
  'mute',
  'seekable',
  'audio-delay',
  'track-list',
] as const;
export type Observed = (typeof OBSERVED)[number];

/** How far the sound's clock may stand from the picture's and still be believed, seconds. */
const BELIEVABLE = 1.5;
/** Picture frames without news from the sound's clock after which it is taken for stopped. */
const SILENT_FRAMES = 3;
/** `core-idle` is true for a moment after each unpause and before each end; only a longer one is a wait. */
const STALL_AFTER = 60;
const MINIMUM_INTERVAL = 38;
/** News of a place before the start after which mpv is believed to play there. */
const BELIEVED_AFTER = 12;

/** Makes the contract's state out of mpv's properties and events. Pure but for the clock. */
export class PlayState implements Disposable {
  readonly #clock: Clock;
  readonly #causes: Causes;
  readonly #onChange: (state: PlayerState) => void;
  readonly #values = new Map<Observed, JsonValue | undefined>();
  #state: PlayerState;
  #dirty = false;
  #lastEmit = 0;
  #emitted: PlayerState | undefined;
  #tracksOf: JsonValue | undefined;
  /** `loading`: what comes may still speak of the file before · `opening`: no frame yet · `open`. */
  #phase: 'loading' | 'opening' | 'open' | 'failed' | 'over' | 'gone' = 'loading';
  #framesWithoutSound = SILENT_FRAMES;
  /** Where the load was told to begin, until a seek or really playing elsewhere takes it back. */
  #floor: number | undefined;
  #belowFloor = 0;
  #stall: Disposable | undefined;
  #stalled = false;

  constructor(options: {
    readonly clock: Clock;
    readonly causes: Causes;
    readonly epoch: number;
    readonly onChange: (state: PlayerState) => void;
  }) {
    this.#clock = options.clock;
    this.#causes = options.causes;
    this.#onChange = options.onChange;
    this.#state = {
      itemToken: '',
      status: 'opening',
      position: 0,
      at: this.#clock.now(),
      rate: 1,
      volume: 100,
      muted: false,
      seekable: false,
      epoch: options.epoch,
      cause: USER,
      tracks: [],
    };
  }

  get current(): PlayerState {
    return this.#state;
  }

  get opened(): boolean {
    return this.#phase === 'open';
  }

  /** What mpv says now is about the item that was loaded last. */
  get speaksOfItem(): boolean {
    return this.#phase === 'opening' || this.#phase === 'open';
  }

  /** The last value that mpv told of a property. */
  value(name: Observed): JsonValue | undefined {
    return this.#values.get(name);
  }

  /** A load was taken: what mpv still says of the item before no longer counts. */
  load(itemToken: string, position: number, duration: number | undefined, cause: string): void {
    this.#phase = 'loading';
    this.#values.set('eof-reached', false);
    this.#floor = position;
    this.#belowFloor = 0;
    this.#framesWithoutSound = SILENT_FRAMES;
    this.#set({
      itemToken,
      position,
      at: this.#clock.now(),
      duration,
      epoch: this.#state.epoch + 1,
      cause,
    });
    this.settle();
  }

  /** mpv has begun with the item that was loaded. */
  started(): void {
    if (this.#phase === 'loading') this.#phase = 'opening';
  }

  /** mpv shows (or sounds) the item from the place it was told to. */
  restarted(): void {
    if (this.#phase === 'loading' || this.#phase === 'opening') this.#phase = 'open';
    this.#framesWithoutSound = SILENT_FRAMES;
  }

  seekBegan(cause: string): void {
    if (this.#phase !== 'open') return;
    this.#framesWithoutSound = SILENT_FRAMES;
    this.#floor = undefined;
    this.#set({ epoch: this.#state.epoch + 1, cause });
  }

  /** The item cannot be played. */
  failed(): void {
    this.#phase = 'failed';
    this.settle();
  }

  /** The item is over and mpv has put it away. */
  over(): void {
    if (this.#phase === 'failed' || this.#phase === 'gone') return;
    this.#phase = 'over';
    this.settle();
  }

  gone(): void {
    this.#phase = 'gone';
    this.settle();
  }

  property(name: Observed, value: JsonValue | undefined): void {
    const before = this.#values.get(name);
    this.#values.set(name, value);
    const counts = this.speaksOfItem;
    if (name === 'time-pos' || name === 'audio-pts') {
      if (counts) this.#position(name);
    } else if (name === 'pause' && typeof value === 'boolean') {
      // With keep-open mpv pauses itself at the end.
      const own = this.#values.get('eof-reached') === true && value;
      if (before !== undefined && before !== value && this.#phase === 'open' && !own) {
        this.#set({ cause: this.#causes.take({ pause: value }) });
      }
    } else if (name === 'speed' && typeof value === 'number') {
      const told = before !== undefined && this.#phase === 'open';
      const cause = told ? this.#causes.take({ speed: value }) : this.#state.cause;
      this.#rebase();
      this.#set({ rate: value, cause });
    }
  }

  /** All messages that came together are in: makes the snapshot and tells it, unless it was just told. */
  settle(): void {
    const values = this.#values;
    if (values.get('core-idle') !== true || this.#waitsByName()) this.#endStall();
    const status = this.#status();
    if (status !== this.#state.status) {
      // The position stood still until now; from here on it is extrapolated.
      const began = status === 'playing' ? { at: this.#clock.now() } : {};
      this.#set({ status, ...began });
    }
    if (this.speaksOfItem) {
      this.#setIfChanged({
        duration: numberOr(values.get('duration'), this.#state.duration),
        volume: numberOr(values.get('volume'), this.#state.volume),
        muted: values.get('mute') === true,
        seekable: values.get('seekable') === true,
      });
    }
    this.#emit();
  }

  dispose(): void {
    this.#endStall();
  }

  #position(name: 'time-pos' | 'audio-pts'): void {
    const picture = this.#values.get('time-pos');
    const sound = this.#values.get('audio-pts');
    // While paused the picture tells where we are: after a seek the sound's clock (0.35.1) lags by what is buffered.
    const moving = this.#values.get('pause') === false && this.#values.get('seeking') !== true;
    if (name === 'audio-pts') {
      if (typeof sound !== 'number') {
        this.#framesWithoutSound = SILENT_FRAMES;
        return;
      }
      this.#framesWithoutSound = 0;
      if (!moving || this.#phase !== 'open') return;
      const position = sound + numberOr(this.#values.get('audio-delay'), 0);
      // The picture's clock runs up to a frame ahead; the sound's is what a person hears now.
      if (typeof picture === 'number' && Math.abs(position - picture) > BELIEVABLE) return;
      this.#moveTo(position);
    } else if (typeof picture === 'number') {
      this.#framesWithoutSound += 1;
      if (moving && this.#framesWithoutSound <= SILENT_FRAMES && typeof sound === 'number') {
        const position = sound + numberOr(this.#values.get('audio-delay'), 0);
        if (Math.abs(position - picture) <= BELIEVABLE) return;
      }
      this.#moveTo(picture);
    }
  }

  #moveTo(position: number): void {
    // A server that fails while mpv goes to the start leaves mpv at "the end" and at 0: not where the viewer is.
    if (this.#floor !== undefined && position < this.#floor - 0.5) {
      this.#belowFloor += 1;
      if (this.#belowFloor < BELIEVED_AFTER) return;
    }
    this.#floor = position;
    this.#set({ position: Math.max(0, position), at: this.#clock.now() });
  }

  /** Brings the position up to now before the rate changes. */
  #rebase(): void {
    const { status, position, at, rate } = this.#state;
    if (status !== 'playing') return;
    const now = this.#clock.now();
    this.#set({ position: position + (rate * (now - at)) / 1000, at: now });
  }

  #status(): PlayerStatus {
    if (this.#phase === 'gone') return 'gone';
    if (this.#phase === 'failed') return 'failed';
    if (this.#phase === 'over') return 'ended';
    const values = this.#values;
    // A stream that fails at once comes to its end without a first frame.
    if (this.#phase !== 'loading' && values.get('eof-reached') === true) return 'ended';
    if (this.#phase !== 'open') return 'opening';
    if (values.get('seeking') === true) return 'seeking';
    if (values.get('pause') === true) return 'paused';
    if (values.get('paused-for-cache') === true) return 'buffering';
    if (values.get('core-idle') === true) {
      if (this.#stalled) return 'buffering';
      this.#stall ??= this.#clock.after(STALL_AFTER, () => {
        this.#stalled = true;
        this.settle();
      });
      return this.#state.status;
    }
    return 'playing';
  }

  #waitsByName(): boolean {
    const values = this.#values;
    return (
      values.get('pause') === true || values.get('eof-reached') === true || values.get('seeking') === true
    );
  }

  #endStall(): void {
    void this.#stall?.dispose();
    this.#stall = undefined;
    this.#stalled = false;
  }

  #set(change: Partial<PlayerState>): void {
    this.#state = { ...this.#state, ...change };
    this.#dirty = true;
  }

  #setIfChanged(change: Partial<PlayerState>): void {
    const state = this.#state;
    const differs = (Object.keys(change) as (keyof PlayerState)[]).some((key) => state[key] !== change[key]);
    if (differs) this.#set(change);
    const list = this.#values.get('track-list');
    if (list !== this.#tracksOf) {
      this.#tracksOf = list;
      this.#set({ tracks: parseTracks(list) });
    }
  }

  #emit(): void {
    if (!this.#dirty) return;
    const now = this.#clock.now();
    const state = this.#state;
    const last = this.#emitted;
    const onlyMoved =
      last !== undefined &&
      state.status === 'playing' &&
      last.status === 'playing' &&
      (Object.keys(state) as (keyof PlayerState)[]).every(
        (key) => key === 'position' || key === 'at' || state[key] === last[key],
      );
    // Frames come 24 to 60 times a second; whoever wants the position between two snapshots extrapolates.
    if (onlyMoved && now - this.#lastEmit < MINIMUM_INTERVAL) return;
    this.#dirty = false;
    this.#lastEmit = now;
    this.#emitted = state;
    this.#onChange(state);
  }
}

function numberOr<T>(value: JsonValue | undefined, fallback: T): number | T {
  return typeof value === 'number' ? value : fallback;
}
