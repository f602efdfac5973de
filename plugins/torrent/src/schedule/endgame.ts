import { BLOCK_LENGTH } from '../torrent.ts';
import type { BlockMap } from './blockMap.ts';
import type { DemandOrder } from './demandOrder.ts';
import type { SwarmView } from './swarmView.ts';
import type { BlockRequest, WireState } from './wireState.ts';

/** Milliseconds before its deadline from which a block may be asked of two wires. */
const URGENT = 2500;
/** Milliseconds before its deadline at which a block should be here. */
const AHEAD = 1000;
/** Milliseconds by which the second wire has to be faster. */
const GAIN = 120;
/** Answers that an unproven wire may be late by, in usual round trips. */
const UNPROVEN_ROUNDS = 1.6;
/** Bytes that may come twice, beside a share of all. */
const FREE = 256 * 1024;
const SHARE = 0.006;
const MOST_AT_ONCE = 128;

interface Late {
  readonly holder: WireState;
  readonly request: BlockRequest;
  readonly block: number;
  readonly due: number;
  /** Milliseconds until it is here, as far as is known. */
  readonly remaining: number;
}

/** Blocks that hold up the playhead are asked of a second wire; the first answer wins. */
export class Endgame {
  readonly #map: BlockMap;
  readonly #order: DemandOrder;
  readonly #view: SwarmView;
  readonly #takers: WireState[] = [];

  constructor(map: BlockMap, order: DemandOrder, view: SwarmView) {
    this.#map = map;
    this.#order = order;
    this.#view = view;
  }

  /** @param received bytes so far, and of these those that came twice */
  race(
    now: number,
    { received, duplicates }: { readonly received: number; readonly duplicates: number },
    ask: (taker: WireState, piece: number, block: number) => void,
  ): void {
    if (this.#order.groups.length === 0) return;
    const takers = this.#takers;
    takers.length = 0;
    for (const state of this.#view.wires.values()) if (this.#isTaker(state, now)) takers.push(state);
    if (takers.length === 0) return;
    const isSpent = duplicates > FREE + SHARE * received;
    const late = this.#late(now, isSpent);
    late.sort((a, b) => a.due - b.due || b.remaining - a.remaining);
    for (const { holder, request, block, remaining } of late.slice(0, MOST_AT_ONCE)) {
      const taker = this.#takerOf(holder, request.piece, now);
      if (taker && this.#view.etaOf(taker, BLOCK_LENGTH, now) - now + GAIN < remaining)
        ask(taker, request.piece, block);
    }
  }

  #isTaker(state: WireState, now: number): boolean {
    return (
      state.wire.isOpen &&
      state.estimate.hasAnswered &&
      state.restUntil <= now &&
      this.#view.urgentRoomOf(state) > 0
    );
  }

  #takerOf(holder: WireState, piece: number, now: number): WireState | undefined {
    let best: WireState | undefined;
    let bestEta = Number.POSITIVE_INFINITY;
    for (const taker of this.#takers) {
      if (taker === holder || !taker.wire.has(piece) || taker.refuses(piece, now)) continue;
      if (this.#view.urgentRoomOf(taker) <= 0) continue;
      const eta = this.#view.etaOf(taker, BLOCK_LENGTH, now);
      if (eta < bestEta) {
        best = taker;
        bestEta = eta;
      }
    }
    return best;
  }

  #late(now: number, isSpent: boolean): Late[] {
    const late: Late[] = [];
    for (const holder of this.#view.wires.values()) {
      const oldest = holder.oldest;
      if (!oldest) continue;
      if (holder.wire.wholePieces) this.#lateOfPiece(holder, oldest, now, late);
      else if (this.#mayBeLate(holder, oldest, now, isSpent)) this.#lateOf(holder, now, late);
    }
    return late;
  }

  #mayBeLate({ estimate }: WireState, oldest: BlockRequest, now: number, isSpent: boolean): boolean {
    if (!estimate.isProven) return now - oldest.sentAt > UNPROVEN_ROUNDS * this.#view.usualRtt;
    // What is raced of a silent wire comes twice hardly ever; what is raced of a slow one may.
    if (isSpent && now - Math.max(estimate.lastAnswer, oldest.sentAt) < AHEAD) return false;
    return estimate.drainAt - now > GAIN;
  }

  #lateOf(holder: WireState, now: number, late: Late[]): void {
    const { estimate } = holder;
    const blockTime = estimate.blockTime(0);
    let place = 0;
    for (const request of holder.requests.values()) {
      place++;
      const remaining = estimate.isProven
        ? Math.max(place * blockTime, request.sentAt + (estimate.minRtt ?? 0) - now)
        : Number.POSITIVE_INFINITY;
      if (remaining <= GAIN) continue;
      this.#consider({ holder, request, block: request.block, remaining }, now, late);
    }
  }

  #lateOfPiece(holder: WireState, request: BlockRequest, now: number, late: Late[]): void {
    const { estimate } = holder;
    const isOverdue = now > request.expectedAt + AHEAD;
    const remaining = estimate.isProven && !isOverdue ? request.expectedAt - now : Number.POSITIVE_INFINITY;
    const blocks = this.#map.at(request.piece);
    if (!blocks || remaining <= GAIN) return;
    for (let block = 0; block < blocks.count; block++)
      if (!blocks.hasCome(block)) this.#consider({ holder, request, block, remaining }, now, late);
  }

  #consider(candidate: Omit<Late, 'due'>, now: number, late: Late[]): void {
    const { request, block, remaining } = candidate;
    if (this.#map.at(request.piece)?.holders(block) !== 1) return;
    const due = this.#order.deadlineOf(request.piece);
    if (due > now + URGENT || now + remaining < due - AHEAD) return;
    late.push({ ...candidate, due });
  }
}
