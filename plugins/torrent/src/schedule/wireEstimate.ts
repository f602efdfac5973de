import { BLOCK_LENGTH } from '../torrent.ts';

/** Milliseconds of queue at the peer beyond the round trip: it never runs dry, and a seek does not wait for more. */
const QUEUE = 150;
/** Milliseconds of silence that say nothing yet. */
const PATIENCE = 100;
/** Milliseconds over which what was measured fades. */
const MEMORY = 1000;
const MIN_RATE = 2;
/** What has not come after some time takes this many times as long, until it is known better. */
const DOUBT = 3;
const MAX_WINDOW = 4096;

/**
 * What is known of a wire's speed, from when its answers come. Milliseconds and bytes a millisecond.
 * Before its first answer, or its first lost race, nothing is known and it is unproven.
 */
export class WireEstimate {
  /** Fastest answer so far, with the time that the block itself takes. */
  minRtt: number | undefined;
  /** Requests that the wire may hold. */
  window = 1;
  /** It has answered at least once. */
  hasAnswered = false;
  lastAnswer = Number.NEGATIVE_INFINITY;
  /** When the last request under way will be answered, as far as is known. */
  drainAt = 0;
  #bytes = 0;
  #time = 0;
  #rate = 0;
  #lastSent = 0;
  /** Not yet met the length of queue that it is meant to have. */
  #isGrowing = true;

  get isProven(): boolean {
    return this.#rate > 0;
  }

  /** Bytes a millisecond, less when it has been silent; 0 while unproven. */
  get rate(): number {
    return this.#rate;
  }

  blockTime(guess: number): number {
    return this.#rate > 0 ? BLOCK_LENGTH / this.#rate : guess;
  }

  /** When `bytes` would be here if they were asked for now. */
  etaOf(now: number, bytes: number, usualRtt: number): number {
    const rtt = this.minRtt ?? usualRtt;
    if (bytes > BLOCK_LENGTH && this.#rate > 0) return Math.max(this.drainAt, now) + bytes / this.#rate;
    return Math.max(this.drainAt + this.blockTime(rtt / 2), now + rtt);
  }

  /** Notes a request. @returns when it will be answered */
  asked(now: number, bytes: number, usualRtt: number): number {
    this.drainAt = this.etaOf(now, bytes, usualRtt);
    this.#lastSent = now;
    return this.drainAt;
  }

  /** @param left requests that the wire holds still */
  answered(now: number, sentAt: number, bytes: number, left: number): void {
    const rtt = Math.max(now - sentAt, 0.01);
    const isFirst = !this.hasAnswered;
    this.hasAnswered = true;
    if (bytes <= BLOCK_LENGTH && (isFirst || this.minRtt === undefined || rtt < this.minRtt))
      this.minRtt = rtt;
    const minRtt = this.minRtt ?? Math.min(rtt, 200);
    if (isFirst) {
      this.#bytes = bytes;
      this.#time = bytes <= BLOCK_LENGTH ? rtt / 2 : rtt;
    } else {
      const blockTime = bytes / (this.#bytes / this.#time);
      const latency = Math.max(0, minRtt - blockTime);
      const begin = Math.max(this.lastAnswer, sentAt + latency);
      // A block that had to wait for its request says little of how fast the next one could follow.
      const floor = begin > this.lastAnswer ? blockTime / 4 : 0;
      const took = Math.max(now - begin, floor);
      const fade = Math.exp(-took / MEMORY);
      this.#bytes = this.#bytes * fade + bytes;
      this.#time = Math.max(this.#time * fade + took, 0.001);
    }
    this.#rate = this.#bytes / this.#time;
    this.lastAnswer = now;
    this.#resize(rtt, minRtt, left);
    this.drainAt = left > 0 ? Math.max(now + left * this.blockTime(0), this.#lastSent + minRtt) : now;
  }

  /** Lets the rate fall while requests wait. @param oldest when the oldest of them was sent */
  silence(now: number, oldest: number, held: number): void {
    if (!this.isProven) return;
    const measured = this.#bytes / this.#time;
    const idle = now - this.#busySince(oldest) - PATIENCE;
    this.#rate = idle > 0 ? Math.max(MIN_RATE, Math.min(measured, BLOCK_LENGTH / idle)) : measured;
    this.drainAt = Math.max(this.drainAt, now + held * this.blockTime(0));
  }

  /** A request was taken back since another wire was faster: this one is no faster than that, however new. */
  lost(now: number, sentAt: number, held: number): void {
    if (!this.hasAnswered) {
      this.minRtt = Math.max(this.minRtt ?? 0, DOUBT * (now - sentAt));
      this.#learn(BLOCK_LENGTH / Math.max(this.minRtt, 1));
    } else {
      const idle = now - this.#busySince(sentAt);
      if (idle > 2 * this.blockTime(0)) this.#learn(Math.min(this.#rate, BLOCK_LENGTH / idle));
    }
    this.dropped(now, held);
  }

  /** It did not answer in its time: one request at a time until it does. */
  distrust(now: number, sentAt: number): void {
    this.#learn(Math.min(this.isProven ? this.#rate : 1e6, BLOCK_LENGTH / Math.max(now - sentAt, 1)));
    this.minRtt ??= now - sentAt;
    this.window = 1;
    this.#isGrowing = false;
  }

  /** Requests were taken back. */
  dropped(now: number, held: number): void {
    this.drainAt = held > 0 ? Math.min(this.drainAt, now + (held + 1) * this.blockTime(50)) : now;
    this.drainAt = Math.max(this.drainAt, now);
  }

  #busySince(sentAt: number): number {
    const latency = Math.max(0, (this.minRtt ?? 0) - this.blockTime(0));
    return Math.max(this.lastAnswer, sentAt + latency);
  }

  #learn(rate: number): void {
    this.#rate = Math.max(MIN_RATE, rate);
    this.#bytes = BLOCK_LENGTH;
    this.#time = BLOCK_LENGTH / this.#rate;
  }

  #resize(rtt: number, minRtt: number, left: number): void {
    const target = Math.max(2, (this.#rate * (minRtt + QUEUE)) / BLOCK_LENGTH);
    if (rtt > minRtt + QUEUE) {
      this.#isGrowing = false;
      this.window = Math.round(target);
    } else if (left + 1 >= this.window) {
      // A queue shows in the round trip of what is asked for now, one round trip later: growth stops before.
      const most = this.#isGrowing ? MAX_WINDOW : Math.ceil(target * 1.1) + 1;
      this.window = Math.min(most, this.window + (this.#isGrowing ? 2 : 1));
    }
  }
}
