import { BLOCK_LENGTH } from '../torrent.ts';
import type { BlockMap } from './blockMap.ts';
import type { DemandOrder } from './demandOrder.ts';
import type { SwarmView } from './swarmView.ts';
import type { BlockRequest, WireState } from './wireState.ts';

/** Milliseconds before its deadline from which a block may be asked of two wires. */
const URGENT = 2500;
/** Milliseconds before its deadline at which a block should be here. */
const AHEAD = 300;
/** Milliseconds without an answer after which none is about to come. */
const SILENT = 1000;
/** Milliseconds by which the second wire has to be faster; less where the first has not begun and nothing comes twice. */
const GAIN = 120;
const GAIN_QUEUED = 25;
/** Answers that an unproven wire may be late by, in usual round trips. */
const UNPROVEN_ROUNDS = 1.6;
/** Bytes that may come twice, beside a share of all. */
const FREE = 256 * 1024;
const SHARE = 0.006;
const MOST_AT_ONCE = 128;

/** Milliseconds by which a request has to be less urgent than a block to make way for it. */
const LATER = 500;
/** Milliseconds by which an answer is too near to be stopped. */
const TOO_NEAR = 70;

interface Late {
  readonly holder: WireState;
  readonly request: BlockRequest;
  readonly block: number;
  readonly due: number;
  /** Milliseconds until it is here, as far as is known. */
  readonly remaining: number;
  /** So far from being sent that it can be taken back before. */
  readonly isQueued: boolean;
}

/** A wire that is fast enough to help out, and requests of it that can wait, with their deadlines. */
interface Taker {
  readonly state: WireState;
  readonly deferrable: { readonly request: BlockRequest; readonly due: number }[];
}

export interface RaceActions {
  ask(taker: WireState, piece: number, block: number): void;
  /** Takes requests back that are asked for again, after what is urgent. */
  defer(taker: WireState, requests: readonly BlockRequest[]): void;
}

/** Blocks that hold up the playhead are asked of a second wire; the first answer wins. */
export class Endgame {
  readonly #map: BlockMap;
  readonly #order: DemandOrder;
  readonly #view: SwarmView;

  constructor(map: BlockMap, order: DemandOrder, view: SwarmView) {
    this.#map = map;
    this.#order = order;
    this.#view = view;
  }

  /** @param received bytes so far, and of these those that came twice */
  race(
    now: number,
    { received, duplicates }: { readonly received: number; readonly duplicates: number },
    actions: RaceActions,
  ): void {
    if (this.#order.groups.length === 0 || this.#view.provenOpen === 0) return;
    const takers = this.#takers(now);
    let soonest = Number.POSITIVE_INFINITY;
    for (const { state, deferrable } of takers)
      soonest = Math.min(soonest, this.#etaWithout(state, deferrable.length, now));
    const late = this.#late(now, soonest - now + GAIN_QUEUED, duplicates > FREE + SHARE * received);
    late.sort((a, b) => a.due - b.due || b.remaining - a.remaining);
    for (const each of late.slice(0, MOST_AT_ONCE)) this.#raceOne(each, takers, now, actions);
  }

  #raceOne(
    { holder, request, block, due, remaining, isQueued }: Late,
    takers: readonly Taker[],
    now: number,
    actions: RaceActions,
  ): void {
    // It has made way for another in the meantime, and is nobody's.
    if (holder.requests.get(request.key) !== request) return;
    let best: Taker | undefined;
    let bestEta = now + remaining - (isQueued ? GAIN_QUEUED : GAIN);
    for (const taker of takers) {
      const { state } = taker;
      if (state === holder || !state.wire.has(request.piece) || state.refuses(request.piece, now)) continue;
      const before = this.#before(taker, due);
      if (before === 0 && this.#view.urgentRoomOf(state) <= 0) continue;
      const eta = this.#etaWithout(state, before, now);
      if (eta >= bestEta) continue;
      best = taker;
      bestEta = eta;
    }
    if (!best) return;
    const { deferrable } = best;
    const deferred = deferrable.splice(deferrable.length - this.#before(best, due));
    if (deferred.length > 0)
      actions.defer(
        best.state,
        deferred.map((each) => each.request),
      );
    if (isQueued) actions.defer(holder, [request]);
    actions.ask(best.state, request.piece, block);
  }

  /** How many requests of the taker can wait until after a block that is due then. */
  #before({ deferrable }: Taker, due: number): number {
    let count = 0;
    for (let at = deferrable.length - 1; at >= 0 && (deferrable[at]?.due ?? 0) > due + LATER; at--) count++;
    return count;
  }

  #etaWithout(state: WireState, deferred: number, now: number): number {
    if (deferred === 0) return this.#view.etaOf(state, BLOCK_LENGTH, now);
    const { estimate, requests } = state;
    const queue = (requests.size - deferred + 1) * estimate.blockTime(0);
    return now + Math.max(queue, estimate.minRtt ?? 0);
  }

  #takers(now: number): readonly Taker[] {
    const takers: Taker[] = [];
    for (const state of this.#view.wires.values()) {
      const { wire, estimate, requests, restUntil } = state;
      if (!wire.isOpen || wire.wholePieces || !estimate.hasAnswered || restUntil > now) continue;
      const near = (estimate.minRtt ?? 0) + TOO_NEAR;
      const blockTime = estimate.blockTime(0);
      const deferrable: { request: BlockRequest; due: number }[] = [];
      let place = 0;
      for (const request of this.#order.hasLater ? requests.values() : []) {
        place++;
        if (request.isRace || place * blockTime < near) continue;
        const due = this.#order.deadlineOf(request.piece);
        if (due > now + LATER) deferrable.push({ request, due });
      }
      deferrable.sort((a, b) => a.due - b.due);
      takers.push({ state, deferrable });
    }
    return takers;
  }

  /** @param worth milliseconds that a block has to be away for anybody to be faster */
  #late(now: number, worth: number, isSpent: boolean): Late[] {
    const late: Late[] = [];
    for (const holder of this.#view.wires.values()) {
      const oldest = holder.oldest;
      if (!oldest) continue;
      if (holder.wire.wholePieces) this.#lateOfPiece(holder, oldest, now, worth, late);
      else if (this.#mayBeLate(holder, oldest, now, worth, isSpent)) this.#lateOf(holder, now, worth, late);
    }
    return late;
  }

  #mayBeLate(
    { estimate, requests }: WireState,
    oldest: BlockRequest,
    now: number,
    worth: number,
    isSpent: boolean,
  ): boolean {
    if (!estimate.isProven) return now - oldest.sentAt > UNPROVEN_ROUNDS * this.#view.usualRtt;
    // What is raced of a silent wire comes twice hardly ever; what is raced of a slow one may.
    if (isSpent && now - Math.max(estimate.lastAnswer, oldest.sentAt) < SILENT) return false;
    return Math.max(estimate.drainAt - now, requests.size * estimate.blockTime(0)) > worth;
  }

  #lateOf(holder: WireState, now: number, worth: number, late: Late[]): void {
    const { estimate } = holder;
    const blockTime = estimate.blockTime(0);
    const near = (estimate.minRtt ?? 0) + blockTime + TOO_NEAR;
    let place = 0;
    for (const request of holder.requests.values()) {
      place++;
      const remaining = estimate.isProven
        ? Math.max(place * blockTime, request.sentAt + (estimate.minRtt ?? 0) - now)
        : Number.POSITIVE_INFINITY;
      if (remaining <= worth) continue;
      const isQueued = estimate.hasAnswered && place * blockTime > near;
      this.#consider({ holder, request, block: request.block, remaining, isQueued }, now, late);
    }
  }

  #lateOfPiece(holder: WireState, request: BlockRequest, now: number, worth: number, late: Late[]): void {
    const { estimate } = holder;
    const isOverdue = now > request.expectedAt + SILENT;
    const remaining = estimate.isProven && !isOverdue ? request.expectedAt - now : Number.POSITIVE_INFINITY;
    const blocks = this.#map.at(request.piece);
    if (!blocks || remaining <= worth) return;
    for (let block = 0; block < blocks.count; block++)
      if (!blocks.hasCome(block))
        this.#consider({ holder, request, block, remaining, isQueued: false }, now, late);
  }

  #consider(candidate: Omit<Late, 'due'>, now: number, late: Late[]): void {
    const { request, block, remaining } = candidate;
    if (this.#map.at(request.piece)?.holders(block) !== 1) return;
    const due = this.#order.deadlineOf(request.piece);
    if (due > now + URGENT || now + remaining < due - AHEAD) return;
    // With more to fetch than there is time for, what all together would have later is late for nobody.
    const range = this.#order.rangeAheadOf(request.piece);
    if (range && now + remaining < this.#view.expectedAt(range, this.#map, request.piece, now)) return;
    late.push({ ...candidate, due });
  }
}
