import { type Clock, type Disposable, Emitter, type Event, isKinoportError, sleep } from '@kinoport/core';
import type { Peer } from '../../rpc/peer.ts';

/** Milliseconds. */
export interface HeartbeatTimes {
  /** From one question to the next, after an answer in time. */
  readonly interval: number;
  /** How often the host looks at a question that waits, and the most that one look counts. */
  readonly tick: number;
  /** Silence after which a process is called unresponsive. */
  readonly unresponsive: number;
  /** Silence after which it is given up. */
  readonly giveUp: number;
}

export const HEARTBEAT_TIMES: HeartbeatTimes = {
  interval: 1_000,
  tick: 250,
  unresponsive: 3_000,
  giveUp: 10_000,
};

export interface HeartbeatOptions {
  /** The pipe to the process, which answers `ping` at once. */
  readonly peer: Pick<Peer, 'call' | 'onDidClose'>;
  readonly clock: Clock;
  /** The process stops at breakpoints: nothing is asked and nothing reported. */
  readonly debugged?: boolean;
  /** For tests. */
  readonly times?: Partial<HeartbeatTimes>;
}

/**
 * Whether a plugin's process answers. Silence is counted from its last answer, in time in which the host's own loop
 * was on time: a look that comes late counts as long as one that does not, so that a suspended machine, a stopped
 * or a busy host accuse nobody. Ends with the pipe, with giving up, or with `dispose`.
 */
export class Heartbeat implements Disposable {
  readonly #peer: HeartbeatOptions['peer'];
  readonly #clock: Clock;
  readonly #times: HeartbeatTimes;
  readonly #ended = new AbortController();
  readonly #onDidChangeResponsive = new Emitter<boolean>();
  readonly #onDidGiveUp = new Emitter<void>();
  readonly #closing: Disposable | undefined;
  #timer: Disposable | undefined;
  #silence = 0;
  #isResponsive = true;

  constructor(options: HeartbeatOptions) {
    this.#peer = options.peer;
    this.#clock = options.clock;
    this.#times = { ...HEARTBEAT_TIMES, ...options.times };
    if (options.debugged === true) return;
    this.#closing = this.#peer.onDidClose(() => this.dispose());
    this.#rest();
  }

  /** `false` from 3 s of silence until the next answer. */
  get isResponsive(): boolean {
    return this.#isResponsive;
  }

  /** `false` after 3 s of silence, `true` with the next answer. */
  get onDidChangeResponsive(): Event<boolean> {
    return this.#onDidChangeResponsive.event;
  }

  /** After 10 s of silence, once; nothing is asked any more. */
  get onDidGiveUp(): Event<void> {
    return this.#onDidGiveUp.event;
  }

  dispose(): void {
    this.#ended.abort();
    void this.#timer?.dispose();
    void this.#closing?.dispose();
    this.#onDidChangeResponsive.dispose();
    this.#onDidGiveUp.dispose();
  }

  /** All plugins are asked at the same instants, so that the host wakes up once a second, not once for each. */
  #rest(): void {
    const { interval } = this.#times;
    const rest = interval - (this.#clock.now() % interval);
    this.#silence = 0;
    this.#timer = this.#clock.after(rest, () => void this.#ask(rest));
  }

  async #ask(rest: number): Promise<void> {
    this.#silence = rest;
    let last = this.#clock.now();
    this.#timer = this.#clock.every(this.#times.tick, () => {
      const now = this.#clock.now();
      this.#look(now - last);
      last = now;
    });
    const { signal } = this.#ended;
    while (!(await this.#isAnswered()) && !signal.aborted)
      await sleep(this.#clock, this.#times.tick, signal).catch(() => undefined);
    if (signal.aborted) return;
    await this.#timer.dispose();
    this.#setResponsive(true);
    this.#rest();
  }

  /** An error of the other side is an answer, too; a question that finds no room in the pipe has none. */
  async #isAnswered(): Promise<boolean> {
    const options = { signal: this.#ended.signal, timeout: Number.POSITIVE_INFINITY, urgent: true };
    try {
      await this.#peer.call('ping', {}, options);
      return true;
    } catch (error) {
      return !isKinoportError(error, 'PLUGIN_UNRESPONSIVE');
    }
  }

  #look(elapsed: number): void {
    const { tick, unresponsive, giveUp } = this.#times;
    this.#silence += Math.min(elapsed, tick);
    // The answer may lie in the pipe already, unread like everything else: the next look decides.
    if (elapsed > 2 * tick) return;
    if (this.#silence >= unresponsive) this.#setResponsive(false);
    if (this.#silence < giveUp) return;
    this.#onDidGiveUp.fire();
    this.dispose();
  }

  #setResponsive(value: boolean): void {
    if (value === this.#isResponsive) return;
    this.#isResponsive = value;
    this.#onDidChangeResponsive.fire(value);
  }
}
