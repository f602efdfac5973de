import type { Clock } from './clock.ts';
import { Emitter, type Event } from './event.ts';
import type { Disposable } from './lifecycle.ts';

/** Milliseconds. */
const PERIOD = 1000;
/** Milliseconds; what is less is a busy machine, or a clock that is put right. */
const THRESHOLD = 1000;

/**
 * `suspended`: the wall clock went on without the monotonic one, as while a machine sleeps under Linux, or it was set
 * forward; nobody can tell these apart · `stopped`: this process did not run (SIGSTOP, a machine that sleeps under
 * Windows, a busy loop) · `set back`: the wall clock was.
 */
export type TimeJumpCause = 'suspended' | 'stopped' | 'set back';

/** Time in which nothing here ran, or a clock that was set. */
export interface TimeJump {
  readonly cause: TimeJumpCause;
  /** Milliseconds, more than 1000. */
  readonly milliseconds: number;
}

/**
 * Looks once a second whether time has jumped by more than a second, so that whoever extrapolates from earlier
 * instants, holds connections or measured offsets measures again. Costs a timer while it is not disposed.
 */
export class SuspendWatch implements Disposable {
  readonly #clock: Clock;
  readonly #timer: Disposable;
  readonly #onDidJump = new Emitter<TimeJump>();
  #now: number;
  #wall: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#now = clock.now();
    this.#wall = clock.wall();
    this.#timer = clock.every(PERIOD, () => this.#look());
  }

  /** At most a second after this process goes on. */
  get onDidJump(): Event<TimeJump> {
    return this.#onDidJump.event;
  }

  async dispose(): Promise<void> {
    await this.#timer.dispose();
    this.#onDidJump.dispose();
  }

  #look(): void {
    const [now, wall] = [this.#clock.now(), this.#clock.wall()];
    const passed = now - this.#now;
    const apart = wall - this.#wall - passed;
    this.#now = now;
    this.#wall = wall;
    if (apart > THRESHOLD) this.#tell('suspended', apart);
    else if (apart < -THRESHOLD) this.#tell('set back', -apart);
    // A stopped process has both clocks go on.
    if (passed - PERIOD > THRESHOLD) this.#tell('stopped', passed - PERIOD);
  }

  #tell(cause: TimeJumpCause, milliseconds: number): void {
    this.#onDidJump.fire({ cause, milliseconds });
  }
}
