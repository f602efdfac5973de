import { BLOCK_LENGTH } from '../torrent.ts';
import type { BlockMap } from './blockMap.ts';
import type { DemandOrder, DemandRange } from './demandOrder.ts';
import type { Rarity } from './rarity.ts';
import type { SwarmView } from './swarmView.ts';
import type { WireState } from './wireState.ts';

/** Milliseconds by which a wire may be later than all together would be, far from the playhead and at it. */
const SLACK = 350;
const SLACK_AT_PLAYHEAD = 80;
const PLAYHEAD = 2500;
/** Milliseconds before its deadline at which a block should be here: it is hashed, and estimates err. */
const AHEAD = 500;
/** Pieces that are looked at one by one for a wire that is too slow for them, before it goes on where it is not. */
const LOOKED_AT = 32;

/** What a wire is asked for next. */
export interface Pick {
  readonly piece: number;
  readonly block: number;
}

/**
 * List scheduling seen from the wire: whichever is done first takes the first block that it is fast enough for. With
 * full queues that is the wire that has just answered, so nothing has to be planned anew for a block.
 */
export class Assignment {
  readonly #map: BlockMap;
  readonly #order: DemandOrder;
  readonly #rarity: Rarity;
  readonly #view: SwarmView;

  constructor(map: BlockMap, order: DemandOrder, rarity: Rarity, view: SwarmView) {
    this.#map = map;
    this.#order = order;
    this.#rarity = rarity;
    this.#view = view;
  }

  pick(state: WireState, now: number): Pick | undefined {
    for (const group of this.#order.groups) {
      const piece = this.#pickOf(group, state, now);
      if (piece >= 0) return this.#blockOf(piece, state);
    }
    if (this.#order.rarest.length === 0) return undefined;
    const piece = this.#rarity.pick(
      this.#view.wires,
      (p) => this.#order.wants(p) && this.#takes(state, p) && !state.refuses(p, now),
    );
    return piece < 0 ? undefined : this.#blockOf(piece, state);
  }

  #blockOf(piece: number, state: WireState): Pick {
    if (state.wire.wholePieces) return { piece, block: 0 };
    const blocks = this.#map.begin(piece);
    // One that has yet to show what it can do begins at the end, where it is in nobody's way.
    const isLast = !state.estimate.isProven && this.#view.provenOpen > 0;
    return { piece, block: isLast ? blocks.lastMissing() : blocks.firstMissing() };
  }

  #pickOf(group: readonly DemandRange[], state: WireState, now: number): number {
    let best = -1;
    let bestDue = Number.POSITIVE_INFINITY;
    for (const range of group) {
      const piece = this.#firstOf(range, state, now);
      if (piece < 0) continue;
      const due = range.deadlineOf(piece);
      const isBegunFirst = due === bestDue && !this.#map.at(best) && this.#map.at(piece) !== undefined;
      if (best < 0 || due < bestDue || isBegunFirst) {
        best = piece;
        bestDue = due;
      }
    }
    return best;
  }

  /** First piece of the range that the wire has and is fast enough for; -1: none. */
  #firstOf(range: DemandRange, state: WireState, now: number): number {
    const isUnknown = !state.estimate.isProven && (this.#view.provenOpen > 0 || state.wire.wholePieces);
    let piece = this.#order.cursorOf(state, range);
    let isSettled = true;
    let looked = 0;
    while (piece <= range.last) {
      const takes = this.#takes(state, piece);
      if (takes && !state.refuses(piece, now)) {
        const eta = this.#view.etaOf(state, this.#bytesOf(state, piece), now);
        const limit = this.#limitOf(range, piece, state, now);
        const due = isUnknown ? Math.min(limit, now + PLAYHEAD) : limit;
        const isInTime = isUnknown
          ? range.deadlineOf(piece) > now + PLAYHEAD || limit > eta + 1000
          : eta <= limit;
        if (isInTime || !this.#view.hasFaster(state, piece, Math.max(due, now), now)) {
          if (isSettled) state.cursors[range.index] = piece;
          return piece;
        }
      }
      if (takes && isSettled) {
        state.cursors[range.index] = piece;
        isSettled = false;
      }
      if (takes && ++looked === LOOKED_AT) piece = Math.max(piece + 1, this.#firstInTime(range, state, now));
      else piece++;
    }
    if (isSettled) state.cursors[range.index] = piece;
    return -1;
  }

  #takes(state: WireState, piece: number): boolean {
    if (!this.#map.isWanting(piece) || !state.wire.has(piece)) return false;
    if (!state.wire.wholePieces) return true;
    const blocks = this.#map.at(piece);
    return !blocks || blocks.isUntouched || !this.#view.hasOther(state, piece);
  }

  #bytesOf(state: WireState, piece: number): number {
    return state.wire.wholePieces ? this.#map.lengthOf(piece) : BLOCK_LENGTH;
  }

  /** Latest instant at which an answer for the piece is no hindrance. */
  #limitOf(range: DemandRange, piece: number, state: WireState, now: number): number {
    const due = range.deadlineOf(piece);
    const isBlind = this.#view.aggregate <= 0 && state.wire.wholePieces;
    const all = isBlind ? now : this.#view.expectedAt(range, this.#map, piece, now);
    return Math.max(due - AHEAD, all + (due - now > PLAYHEAD ? SLACK : SLACK_AT_PLAYHEAD));
  }

  #firstInTime(range: DemandRange, state: WireState, now: number): number {
    const eta = this.#view.etaOf(state, this.#bytesOf(state, range.last), now) + AHEAD;
    const { start, due, rate } = range.demand;
    const byDeadline = Math.ceil((start + (Math.max(0, eta - due) * rate) / 1000) / this.#map.pieceLength);
    const bytes = (eta - now) * this.#view.aggregate;
    const byOthers = range.cursor + Math.ceil(bytes / this.#map.pieceLength) + 1;
    return Math.min(Number.isNaN(byDeadline) ? byOthers : byDeadline, byOthers);
  }
}
