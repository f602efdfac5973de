import type { SoundClock } from '../soundClock.ts';

/** Two players that are kept together by one program or the other. Positions in seconds. */
export interface Pair {
  readonly first: SoundClock;
  readonly second: SoundClock;
  /** What follows is done by the first one's viewer. */
  play(): Promise<void>;
  pause(): Promise<void>;
  seek(position: number): Promise<void>;
  /** Stops the second one's player for so many milliseconds, as a machine that hangs. */
  stop(ms: number): Promise<void>;
  /** A third one comes. */
  late(): Promise<SoundClock>;
  /** How often the second one's speed was changed until now; undefined where that is not known. */
  speedChanges(): number | undefined;
  dispose(): Promise<void>;
}

export interface PairOptions {
  readonly film: string;
  /** The way of each member to the server; none: loopback as it is. */
  readonly way?: Way;
  /** Parts per million that the second one's sound device is too fast. */
  readonly ppm?: number;
  /** Milliseconds that the server's clock is ahead of the members'. */
  readonly serverAhead?: number;
}

/** Two players that are kept together, of which it can be told when they were away from their room. */
export interface WatchedPair extends Pair {
  /** How often the connection of one or the other was there again, and when last: monotonic milliseconds. */
  returns(): { readonly count: number; readonly last: number };
}

/** Milliseconds there and back, and the mean of what queues add each way. */
export interface Way {
  readonly up: number;
  readonly down: number;
  readonly jitter: number;
}

/** Neither screen nor sound card. */
export const mpvArguments = (ppm = 0): readonly string[] => [
  '--vo=null',
  '--ao=null',
  ...(ppm === 0 ? [] : [`--ao-null-speed=${(1 + ppm / 1e6).toFixed(6)}`]),
];
