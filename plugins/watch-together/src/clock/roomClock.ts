import { type Clock, type Disposable, DisposableStore, Emitter, SuspendWatch } from '@kinoport/core';
import { type ClockSample, measureExchange } from './exchange.ts';
import { ExchangeSchedule } from './exchangeSchedule.ts';
import { SampleWindow } from './sampleWindow.ts';
import { SkewLine } from './skewLine.ts';
import { SlewedOffset } from './slewedOffset.ts';
import { agree, type ClockFault, examineExchange } from './suspicion.ts';

/** The relay's answer to the question that carried `c1`; milliseconds, see `ClockExchange`. */
export interface ClockAnswer {
  readonly c1: number;
  readonly r2: number;
  readonly r3: number;
}

/** What is known of the room's clock. */
export interface ClockEstimate {
  /** Room clock minus local clock, milliseconds. */
  readonly offset: number;
  /** Half-width of what the offset may be off, milliseconds: half of the fastest round trip. */
  readonly bound: number;
  /** Of the fastest sample, and of the latest; milliseconds. */
  readonly roundTrip: number;
  readonly latestRoundTrip: number;
  /** How much faster the room's clock runs, parts per million. */
  readonly skew: number;
  readonly samples: number;
}

export interface RoomClockOptions {
  readonly clock: Clock;
  /** Sends a question; the answer comes to `receive`. What cannot be sent is lost. */
  readonly send: (c1: number) => void;
  /** Whether somebody watches moving pictures, so that the clock must not step. */
  readonly isPlaying?: () => boolean;
  /** 0 to 1. */
  readonly random?: () => number;
}

export type ExchangeVerdict = 'taken' | 'slow' | ClockFault;

/** Faulty answers in a row that agree with each other before they are believed. */
const BELIEVED_AFTER = 3;
const MOST_OPEN = 32;
/** Questions older than this are given up, milliseconds. */
const ANSWER_WITHIN = 30_000;
const FIRST_SAMPLES = 8;
/** Milliseconds by which the wall clock has gone on without the monotonic one. */
const SLEPT = 1000;

/**
 * The room's clock, seen from here. Asks by itself from `connected` on; an answer that cannot be true changes
 * nothing and is told by `onDidDoubt`.
 */
export class RoomClock implements Disposable {
  readonly #options: RoomClockOptions;
  readonly #clock: Clock;
  readonly #owned = new DisposableStore();
  readonly #schedule: ExchangeSchedule;
  readonly #window = new SampleWindow();
  readonly #line = new SkewLine();
  readonly #offset = new SlewedOffset();
  readonly #changes = new Emitter<ClockEstimate>();
  readonly #doubts = new Emitter<{ readonly fault: ClockFault; readonly by: number }>();
  readonly #open = new Set<number>();
  #doubted: readonly ClockSample[] = [];
  #latest: { readonly c1: number; readonly r3: number; readonly roundTrip: number } | undefined;
  #identity: string | undefined;
  #isConnected = false;
  /** Wall clock minus monotonic clock at the last answer, milliseconds. */
  #wallGap: number | undefined;
  /** Too little is known to move slowly. */
  #steps = true;

  readonly onDidChange = this.#changes.event;
  /** `by`: how far off the answer was, milliseconds; 0 where that cannot be said. */
  readonly onDidDoubt = this.#doubts.event;

  constructor(options: RoomClockOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#schedule = this.#owned.add(
      new ExchangeSchedule({
        clock: options.clock,
        ask: () => this.#ask(),
        ...(options.random === undefined ? {} : { random: options.random }),
      }),
    );
    const watch = this.#owned.add(new SuspendWatch(options.clock));
    watch.onDidJump(({ cause }) => this.#jumped(cause === 'suspended'));
  }

  /**
   * There is a connection: asks a burst, then now and then. `identity` names the clock of the relay that answers;
   * with another one, or none, what was known is only used until its first answer.
   */
  connected(identity?: string): void {
    if (identity === undefined || identity !== this.#identity) this.#forget();
    this.#identity = identity;
    this.#open.clear();
    this.#isConnected = true;
    this.#schedule.burst();
  }

  /** The connection is lost; the clock goes on with what it knows. */
  disconnected(): void {
    this.#isConnected = false;
    this.#schedule.dispose();
    this.#open.clear();
  }

  /** An answer, read at the local instant `c4`. */
  receive(answer: ClockAnswer, c4 = this.#clock.now()): ExchangeVerdict {
    const exchange = { ...answer, c4 };
    if (!this.#open.delete(answer.c1)) return this.#doubt('unasked', 0);
    const fault = examineExchange(exchange, this.#latestBefore(answer.c1));
    if (fault === 'malformed') return this.#doubt(fault, 0);
    const sample = measureExchange(exchange);
    const known = this.#window.best(sample.at);
    if (this.#hasSlept()) {
      this.#jumped(true);
      return 'slow';
    }
    if (fault !== undefined || (known !== undefined && !agree(this.#projected(known, sample.at), sample)))
      return this.#suspect(fault ?? 'jumped', sample, known, answer);
    this.#doubted = [];
    this.#latest = { c1: answer.c1, r3: answer.r3, roundTrip: sample.roundTrip };
    if (this.#window.isSlow(sample)) return 'slow';
    this.#take(sample);
    return 'taken';
  }

  /** `undefined` until the first answer. */
  get estimate(): ClockEstimate | undefined {
    const now = this.#clock.now();
    const best = this.#window.best(now);
    if (best === undefined || !this.#offset.isSet) return undefined;
    return {
      offset: this.#offset.valueAt(now),
      bound: Math.max(0, best.roundTrip) / 2,
      roundTrip: Math.max(0, best.roundTrip),
      latestRoundTrip: Math.max(0, this.#latest?.roundTrip ?? best.roundTrip),
      skew: this.#line.slope * 1e6,
      samples: this.#window.size,
    };
  }

  /** Whether instants can be converted. */
  get isSet(): boolean {
    return this.#offset.isSet;
  }

  /** Room time of a local instant, both milliseconds. */
  toRoom(local: number): number {
    return local + this.#offset.valueAt(local);
  }

  /** Local instant of a room time, both milliseconds. */
  toLocal(room: number): number {
    let local = room - this.#offset.valueAt(this.#clock.now());
    // The offset hardly moves: two rounds are exact to a thousandth of a microsecond.
    for (let round = 0; round < 2; round += 1) local = room - this.#offset.valueAt(local);
    return local;
  }

  dispose(): Promise<void> {
    this.#changes.dispose();
    this.#doubts.dispose();
    return this.#owned.dispose();
  }

  #ask(): void {
    const c1 = this.#clock.now();
    for (const open of this.#open) {
      if (this.#open.size >= MOST_OPEN || c1 - open > ANSWER_WITHIN) this.#open.delete(open);
    }
    this.#open.add(c1);
    this.#options.send(c1);
  }

  #latestBefore(c1: number): number | undefined {
    // Of two questions under way the later one may be answered first.
    return this.#latest !== undefined && this.#latest.c1 < c1 ? this.#latest.r3 : undefined;
  }

  #projected(sample: ClockSample, at: number): ClockSample {
    return { ...sample, offset: sample.offset + this.#line.slope * (at - sample.at) };
  }

  #suspect(
    fault: ClockFault,
    sample: ClockSample,
    known: ClockSample | undefined,
    answer: ClockAnswer,
  ): ExchangeVerdict {
    const by = known === undefined ? 0 : sample.offset - this.#projected(known, sample.at).offset;
    if (fault === 'impossible') return this.#doubt(fault, by);
    const agreeing = this.#doubted.every((other) => agree(other, sample));
    this.#doubted = agreeing ? [...this.#doubted, sample] : [sample];
    if (answer.r3 < answer.r2 || this.#doubted.length < BELIEVED_AFTER) return this.#doubt(fault, by);
    const samples = this.#doubted;
    this.#forget();
    this.#latest = { c1: answer.c1, r3: answer.r3, roundTrip: sample.roundTrip };
    for (const each of samples) this.#take(each);
    return this.#doubt('rebased', by);
  }

  #doubt(fault: ClockFault, by: number): ClockFault {
    this.#doubts.fire({ fault, by });
    return fault;
  }

  #take(sample: ClockSample): void {
    this.#window.add(sample);
    this.#line.add(sample);
    const now = this.#clock.now();
    this.#wallGap = this.#clock.wall() - now;
    const best = this.#window.best(now);
    if (best === undefined) return;
    if (this.#window.size >= FIRST_SAMPLES) this.#steps = false;
    const smooth = !this.#steps && (this.#options.isPlaying?.() ?? true);
    const { slope } = this.#line;
    this.#offset.aim(best.offset + slope * (now - best.at), slope, now, smooth);
    const { estimate } = this;
    if (estimate !== undefined) this.#changes.fire(estimate);
  }

  /** The monotonic clock of a machine that sleeps may stand still: then the offset is another one now. */
  #jumped(hasSlept: boolean): void {
    if (hasSlept) this.#forget();
    this.#open.clear();
    if (this.#isConnected) this.#schedule.burst();
  }

  /** Whether the machine has slept since the last answer, which nobody may have told yet. */
  #hasSlept(): boolean {
    return this.#wallGap !== undefined && this.#clock.wall() - this.#clock.now() - this.#wallGap > SLEPT;
  }

  /** Conversions go on with the offset in force until the next answer. */
  #forget(): void {
    this.#window.clear();
    this.#line.clear();
    this.#doubted = [];
    this.#latest = undefined;
    this.#wallGap = undefined;
    this.#steps = true;
  }
}
