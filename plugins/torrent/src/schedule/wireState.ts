import type { BlockWire } from './ports.ts';
import { WireEstimate } from './wireEstimate.ts';

/** Milliseconds for which an answer to a request that was taken back is still an answer. */
const LATE = 30_000;
const MOST_CANCELLED = 10_000;

/** A request under way. Of a web seed it is a whole piece, and `block` is 0. */
export interface BlockRequest {
  readonly key: number;
  readonly piece: number;
  readonly block: number;
  readonly length: number;
  readonly sentAt: number;
  /** When the answer was expected at the time of asking. */
  readonly expectedAt: number;
  /** Another wire had been asked for it before. */
  readonly isRace: boolean;
}

/** A wire, what it was asked for and what is known of it. */
export class WireState {
  readonly wire: BlockWire;
  readonly estimate = new WireEstimate();
  /** In the order of asking, which is the order of answers as a rule. */
  readonly requests = new Map<number, BlockRequest>();
  /** By demand: no piece before this one can be taken; good as long as `stamp` is the order's. */
  readonly cursors: number[] = [];
  stamp = -1;
  wasOpen: boolean;
  /** Nothing is asked of it before this instant. */
  restUntil = 0;
  strikes = 0;
  /** Pieces that it would not give, and until when it is not asked again. */
  readonly refused = new Map<number, number>();
  readonly #cancelled = new Map<number, number>();

  constructor(wire: BlockWire) {
    this.wire = wire;
    this.wasOpen = wire.isOpen;
  }

  get oldest(): BlockRequest | undefined {
    for (const request of this.requests.values()) return request;
    return undefined;
  }

  refuses(piece: number, now: number): boolean {
    if (this.refused.size === 0) return false;
    const until = this.refused.get(piece);
    if (until === undefined) return false;
    if (until > now) return true;
    this.refused.delete(piece);
    return false;
  }

  /** Notes that a request was taken back, since it may be answered all the same. */
  noteCancelled(key: number, now: number): void {
    this.#cancelled.delete(key);
    this.#cancelled.set(key, now);
    for (const [old, at] of this.#cancelled) {
      if (at > now - LATE && this.#cancelled.size <= MOST_CANCELLED) break;
      this.#cancelled.delete(old);
    }
  }

  /** Whether it had been asked for this a while ago. */
  hasCancelled(key: number): boolean {
    return this.#cancelled.has(key);
  }
}
