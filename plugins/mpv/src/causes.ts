import type { Clock } from '@kinoport/core';

/** The cause of what a command without an id brings about. */
export const UNNAMED_COMMAND = 'command';
/** The cause of what nobody but the viewer can have done. */
export const USER = 'user';

type Expected = { readonly pause: boolean } | { readonly speed: number };

interface Expectation {
  readonly expected: Expected;
  readonly cause: string;
  readonly until: number;
}

const EXPIRY = 2000;

/** Tells the echo of a command from the viewer's own doing, by the value that the command will bring about. */
export class Causes {
  readonly #clock: Clock;
  #expectations: readonly Expectation[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  expect(expected: Expected, cause: string): void {
    this.#expectations = [...this.#live(), { expected, cause, until: this.#clock.now() + EXPIRY }];
  }

  /** The cause of a change that mpv reports; each expectation serves once. */
  take(change: Expected): string {
    const live = this.#live();
    const found = live.find(({ expected }) => matches(expected, change));
    this.#expectations = live.filter((expectation) => expectation !== found);
    return found?.cause ?? USER;
  }

  #live(): readonly Expectation[] {
    const now = this.#clock.now();
    return this.#expectations.filter(({ until }) => until > now);
  }
}

function matches(expected: Expected, change: Expected): boolean {
  if ('pause' in expected) return 'pause' in change && expected.pause === change.pause;
  return 'speed' in change && Math.abs(expected.speed - change.speed) < 1e-6;
}
