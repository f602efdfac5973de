import { type Clock, type Disposable, DisposableStore } from '@kinoport/core';
import { LIMITS, type Status } from '../protocol/index.ts';

/** Milliseconds between two reports in which nothing turned. */
const PERIOD = 4000;

/** Tells the relay how this member does: at once when it begins or ends to wait or has another item, else now and then. */
export class StatusReporter implements Disposable {
  readonly #read: () => Status;
  readonly #send: (status: Status) => void;
  readonly #owned = new DisposableStore();
  #told = '';

  constructor(clock: Clock, read: () => Status, send: (status: Status) => void) {
    this.#read = read;
    this.#send = send;
    this.#owned.add(clock.every(PERIOD, () => this.report()));
  }

  /** Something may have turned. */
  update(): void {
    const { buffering, media } = this.#read();
    if (`${buffering} ${media}` !== this.#told) this.report();
  }

  report(): void {
    const status = bounded(this.#read());
    this.#told = `${status.buffering} ${status.media}`;
    this.#send(status);
  }

  dispose(): Promise<void> {
    return this.#owned.dispose();
  }
}

/** Within what the wire takes; what is no number is left out. */
function bounded(status: Status): Status {
  const { buffering, media } = status;
  const within = (value: number | undefined, least: number, most: number): number | undefined =>
    value === undefined || !Number.isFinite(value) ? undefined : Math.min(most, Math.max(least, value));
  const figures = {
    position: within(status.position, 0, LIMITS.position),
    drift: within(status.drift, -1e7, 1e7),
    rate: within(status.rate, LIMITS.rate.min, LIMITS.rate.max),
    roundTrip: within(status.roundTrip, 0, 1e6),
    clockBound: within(status.clockBound, 0, 1e6),
    seekTime: within(status.seekTime, 0, 1e6),
  };
  const known = Object.entries(figures).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Math.round(value * 1000) / 1000] as const],
  );
  return { buffering, ...(media === undefined ? {} : { media }), ...Object.fromEntries(known) };
}
