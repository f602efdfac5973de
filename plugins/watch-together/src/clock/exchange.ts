/**
 * One question to the relay and its answer. Instants are milliseconds of each side's own monotonic clock: the client
 * asks at `c1` and reads the answer at `c4`; the relay reads at `r2` and answers at `r3`.
 */
export interface ClockExchange {
  readonly c1: number;
  readonly r2: number;
  readonly r3: number;
  readonly c4: number;
}

/** What one exchange says. */
export interface ClockSample {
  /** Local instant in the middle of the exchange. */
  readonly at: number;
  /** Room clock minus local clock, milliseconds; off by half of `roundTrip` at most. */
  readonly offset: number;
  /** Milliseconds on the way, the relay's own time not counted. */
  readonly roundTrip: number;
}

/** The four-timestamp formula of RFC 5905, section 8. */
export function measureExchange({ c1, r2, r3, c4 }: ClockExchange): ClockSample {
  return {
    at: (c1 + c4) / 2,
    offset: (r2 - c1 + (r3 - c4)) / 2,
    roundTrip: c4 - c1 - (r3 - r2),
  };
}
