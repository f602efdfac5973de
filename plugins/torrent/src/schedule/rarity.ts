import type { Clock } from '@kinoport/core';
import type { BlockMap } from './blockMap.ts';
import type { DemandOrder } from './demandOrder.ts';
import type { WireState } from './wireState.ts';

/** Questions to wires that one count may cost, and pieces in it; beyond it a part of the pieces stands for all. */
const MOST_QUESTIONS = 100_000;
const MOST_PIECES = 4096;
/** Milliseconds before the next part is looked at when nobody has anything of this one. */
const PAUSE = 250;
/** Milliseconds for which a count holds. */
const FRESH = 5000;

interface Counted {
  readonly piece: number;
  readonly peers: number;
}

/** What fewest peers have comes first. Counted in batches, since peers tell of new pieces all the time. */
export class Rarity {
  readonly #clock: Clock;
  readonly #map: BlockMap;
  readonly #order: DemandOrder;
  #batch: readonly Counted[] = [];
  /** Pieces before it are not wanting any more. */
  #next = 0;
  #countedAt = Number.NEGATIVE_INFINITY;
  #countedFor = -1;
  /** Where the next part of many pieces begins. */
  #from = 0;

  constructor(clock: Clock, map: BlockMap, order: DemandOrder) {
    this.#clock = clock;
    this.#map = map;
    this.#order = order;
  }

  reset(): void {
    this.#countedAt = Number.NEGATIVE_INFINITY;
  }

  /** The piece that this wire takes; -1: it has none of those that are wanting. */
  pick(wires: ReadonlyMap<unknown, WireState>, takes: (piece: number) => boolean): number {
    const now = this.#clock.now();
    while (this.#next < this.#batch.length && !this.#isWantingAt(this.#next)) this.#next++;
    const isOld = now - this.#countedAt > FRESH;
    const isUsedUp = this.#next >= this.#batch.length && this.#countedFor !== this.#order.stamp;
    const isDue = this.#batch.length > 0 || now - this.#countedAt >= PAUSE;
    if (isOld || (isUsedUp && isDue)) this.#count(wires, now);
    for (let at = this.#next; at < this.#batch.length; at++) {
      const piece = this.#batch[at]?.piece ?? -1;
      if (takes(piece)) return piece;
    }
    return -1;
  }

  #isWantingAt(at: number): boolean {
    const entry = this.#batch[at];
    return entry !== undefined && this.#order.wants(entry.piece) && this.#map.isWanting(entry.piece);
  }

  #count(wires: ReadonlyMap<unknown, WireState>, now: number): void {
    const most = Math.max(64, Math.min(MOST_PIECES, Math.floor(MOST_QUESTIONS / Math.max(1, wires.size))));
    const pieces = this.#wanting(most);
    const batch: Counted[] = [];
    for (const piece of pieces) {
      let peers = 0;
      for (const { wire } of wires.values()) if (wire.has(piece)) peers++;
      if (peers > 0) batch.push({ piece, peers });
    }
    // Begun pieces go first among equals: only whole ones are of use to anybody.
    const rank = (piece: number): number => (this.#map.at(piece) ? 0 : 1);
    this.#batch = batch.sort(
      (a, b) => a.peers - b.peers || rank(a.piece) - rank(b.piece) || a.piece - b.piece,
    );
    this.#next = 0;
    this.#countedAt = now;
    // Less than all: what is not in it comes with the next count, once this part is used up.
    this.#countedFor = pieces.length < most ? this.#order.stamp : -1;
  }

  #wanting(most: number): readonly number[] {
    const pieces = new Set<number>();
    for (const range of this.#order.rarest) {
      const first = range.advance(this.#map);
      const length = range.last - first + 1;
      for (let i = 0; i < length && pieces.size < most; i++) {
        const piece = first + ((this.#from + i) % length);
        if (this.#map.isWanting(piece)) pieces.add(piece);
      }
    }
    if (pieces.size >= most) this.#from += most;
    return [...pieces];
  }
}
