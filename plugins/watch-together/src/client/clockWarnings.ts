import { type Clock, type Disposable, KinoportError } from '@kinoport/core';
import type { RoomClock } from '../clock/roomClock.ts';
import type { ClockFault } from '../clock/suspicion.ts';

/** Milliseconds between two warnings: a relay that lies does it with every answer. */
const BETWEEN = 60_000;
/** Milliseconds that nobody would notice. */
const SMALL = 500;

/** Tells the viewer when the relay's idea of time is not believed. */
export class ClockWarnings implements Disposable {
  readonly #clock: Clock;
  readonly #warn: (error: KinoportError) => void;
  readonly #subscription: Disposable;
  #from = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, time: RoomClock, warn: (error: KinoportError) => void) {
    this.#clock = clock;
    this.#warn = warn;
    this.#subscription = time.onDidDoubt(({ fault, by }) => this.#doubted(fault, by));
  }

  dispose(): void | Promise<void> {
    return this.#subscription.dispose();
  }

  #doubted(fault: ClockFault, by: number): void {
    const now = this.#clock.now();
    const isSmall = fault !== 'malformed' && Math.abs(by) < SMALL;
    if (fault === 'unasked' || isSmall || now < this.#from) return;
    this.#from = now + BETWEEN;
    this.#warn(warningOf(fault, by));
  }
}

function warningOf(fault: ClockFault, by: number): KinoportError {
  const off = fault === 'malformed' ? 'it is no time at all' : `it is off by ${seconds(by)} s`;
  if (fault === 'rebased') return new KinoportError('RELAY_CLOCK', `The relay has another time now: ${off}.`);
  return new KinoportError('RELAY_CLOCK', `The time that the relay tells is not believed: ${off}.`, {
    hint: 'The film goes on by what was known before.',
  });
}

const seconds = (ms: number): string => (Math.abs(ms) / 1000).toFixed(1);
