import type { Disposable } from '@kinoport/core';
import { BLOCK_LENGTH } from '../torrent.ts';
import { Assignment } from './assignment.ts';
import { BlockMap } from './blockMap.ts';
import { DemandOrder } from './demandOrder.ts';
import { Endgame } from './endgame.ts';
import type {
  BlockVerdict,
  BlockWire,
  Demand,
  Scheduler,
  SchedulerOptions,
  SchedulerStats,
} from './ports.ts';
import { Rarity } from './rarity.ts';
import { RequestLedger } from './requestLedger.ts';
import { SwarmView } from './swarmView.ts';
import { isLost, rest } from './trust.ts';
import { WireState } from './wireState.ts';

/** Milliseconds between two looks at everything; in between only wires that answer are asked for more. */
const TICK = 50;
/** Milliseconds for which what follows from all wires together holds. */
const SURVEY = 10;

/** Requests under way up to which late blocks are looked for between ticks: a start, a seek, a slow swarm. */
const FEW = 256;

export function createScheduler(options: SchedulerOptions): Scheduler {
  return new BlockScheduler(options);
}

class BlockScheduler implements Scheduler {
  readonly #options: SchedulerOptions;
  readonly #map: BlockMap;
  readonly #order: DemandOrder;
  readonly #view: SwarmView;
  readonly #rarity: Rarity;
  readonly #assignment: Assignment;
  readonly #endgame: Endgame;
  readonly #ledger: RequestLedger;
  #tick: Disposable | undefined;
  #isDisposed = false;
  #isPlanning = false;
  #surveyedAt = Number.NEGATIVE_INFINITY;
  #received = 0;
  #duplicates = 0;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#map = new BlockMap(options.geometry, options.have);
    this.#order = new DemandOrder(this.#map);
    this.#view = new SwarmView(this.#map.blocksPerPiece);
    this.#rarity = new Rarity(options.clock, this.#map, this.#order);
    this.#assignment = new Assignment(this.#map, this.#order, this.#rarity, this.#view);
    this.#endgame = new Endgame(this.#map, this.#order, this.#view);
    this.#ledger = new RequestLedger(options.clock, this.#map, this.#order, this.#view);
  }

  get stats(): SchedulerStats {
    return {
      requests: this.#view.requests,
      received: this.#received,
      duplicates: this.#duplicates,
      cancelled: this.#ledger.cancelled,
    };
  }

  want(demands: readonly Demand[]): void {
    if (this.#isDisposed) return;
    this.#order.set(demands);
    this.#rarity.reset();
    for (const state of this.#view.wires.values()) this.#ledger.takeBackUnwanted(state);
    this.#plan();
  }

  addWire(wire: BlockWire): void {
    if (this.#isDisposed || this.#view.wires.has(wire)) return;
    this.#view.wires.set(wire, new WireState(wire));
    this.#order.stamp++;
    this.#rarity.reset();
    this.#plan();
  }

  removeWire(wire: BlockWire): void {
    const state = this.#view.wires.get(wire);
    if (!state) return;
    this.#view.wires.delete(wire);
    this.#order.stamp++;
    for (const request of [...state.requests.values()]) this.#ledger.giveBack(state, request);
    this.#plan();
  }

  wireChanged(wire: BlockWire): void {
    const state = this.#view.wires.get(wire);
    if (!state) return;
    state.stamp = -1;
    if (state.wasOpen === wire.isOpen) {
      this.#refill(state);
      return;
    }
    state.wasOpen = wire.isOpen;
    state.refused.clear();
    state.restUntil = 0;
    this.#order.stamp++;
    if (!wire.isOpen) this.#ledger.takeBackAll(state);
    this.#plan();
  }

  received(wire: BlockWire, piece: number, offset: number, length: number): BlockVerdict {
    const state = this.#view.wires.get(wire);
    if (!state || piece < 0 || piece >= this.#map.pieces) return 'unasked';
    const isWhole = wire.wholePieces && offset === 0;
    const block = offset / BLOCK_LENGTH;
    const expected = isWhole ? this.#map.lengthOf(piece) : this.#lengthOf(piece, block);
    if (length !== expected) return 'unasked';
    const key = this.#map.key(piece, block);
    const request = state.requests.get(key);
    if (!request && !state.hasCancelled(key)) return 'unasked';
    const now = this.#options.clock.now();
    this.#received += length;
    if (request) {
      this.#ledger.forget(state, request);
      state.estimate.answered(now, request.sentAt, length, state.requests.size);
      state.strikes = 0;
      state.restUntil = 0;
    } else state.estimate.lastAnswer = now;
    const verdict = this.#keep(state, piece, block, isWhole, request !== undefined);
    this.#refill(state);
    return verdict;
  }

  failed(wire: BlockWire, piece: number, offset: number): void {
    const state = this.#view.wires.get(wire);
    const request = state?.requests.get(this.#map.key(piece, offset / BLOCK_LENGTH));
    if (!state || !request) return;
    const now = this.#options.clock.now();
    this.#ledger.giveBack(state, request);
    state.estimate.dropped(now, state.requests.size);
    if (wire.isOpen) rest(state, piece, now);
    this.#plan();
  }

  verified(piece: number): void {
    this.#ledger.takeBackPiece(piece);
    this.#map.forget(piece);
  }

  rejected(piece: number): void {
    this.#ledger.takeBackPiece(piece);
    this.#map.forget(piece);
    this.#order.returned(piece);
    this.#plan();
  }

  rateOf(wire: BlockWire): number | undefined {
    const estimate = this.#view.wires.get(wire)?.estimate;
    return estimate?.hasAnswered ? estimate.rate * 1000 : undefined;
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    void this.#tick?.dispose();
    this.#tick = undefined;
    for (const state of this.#view.wires.values()) this.#ledger.takeBackAll(state);
    this.#view.wires.clear();
  }

  #lengthOf(piece: number, block: number): number {
    const length = this.#map.lengthOf(piece);
    return Number.isInteger(block) && block >= 0 ? Math.min(BLOCK_LENGTH, length - block * BLOCK_LENGTH) : 0;
  }

  #keep(state: WireState, piece: number, block: number, isWhole: boolean, isAsked: boolean): BlockVerdict {
    if (this.#options.have(piece)) {
      this.#duplicates += isWhole ? this.#map.lengthOf(piece) : this.#lengthOf(piece, block);
      return 'duplicate';
    }
    // An answer to what was taken back is kept where the rest of the piece is, or will be.
    const isKept = isAsked || this.#order.wants(piece);
    const blocks = isKept ? this.#map.begin(piece) : this.#map.at(piece);
    if (!blocks) return 'unwanted';
    let isNew = false;
    const end = isWhole ? blocks.count : block + 1;
    for (let at = block; at < end; at++) {
      const isFirst = blocks.take(at);
      if (isAsked) blocks.release(at);
      if (!isFirst) {
        this.#duplicates += blocks.lengthOf(at);
        continue;
      }
      isNew = true;
      if (blocks.holders(at) > 0) this.#ledger.endRace(state, blocks, at);
    }
    return isNew ? 'keep' : 'duplicate';
  }

  #plan(): void {
    if (this.#isPlanning || this.#isDisposed) return;
    this.#isPlanning = true;
    const now = this.#options.clock.now();
    this.#survey(now);
    const free = [...this.#view.wires.values()].filter((state) => this.#isFree(state, now));
    while (free.length > 0) {
      let first = 0;
      let eta = Number.POSITIVE_INFINITY;
      for (const [at, state] of free.entries()) {
        const theirs = this.#view.etaOf(state, BLOCK_LENGTH, now);
        if (theirs >= eta) continue;
        first = at;
        eta = theirs;
      }
      const state = free[first];
      if (!state) break;
      if (!this.#askNext(state, now) || !this.#isFree(state, now)) free.splice(first, 1);
    }
    this.#isPlanning = false;
    this.#keepTicking();
  }

  #refill(state: WireState): void {
    if (this.#isPlanning || this.#isDisposed) return;
    const now = this.#options.clock.now();
    if (now - this.#surveyedAt >= SURVEY) {
      this.#survey(now);
      if (this.#view.requests <= FEW) this.#race(now);
    }
    this.#isPlanning = true;
    while (this.#isFree(state, now) && this.#askNext(state, now));
    this.#isPlanning = false;
    this.#keepTicking();
  }

  #survey(now: number): void {
    this.#surveyedAt = now;
    this.#view.survey();
  }

  #isFree(state: WireState, now: number): boolean {
    const { wire } = state;
    return (
      this.#view.wires.has(wire) && wire.isOpen && state.restUntil <= now && this.#view.roomOf(state) > 0
    );
  }

  #askNext(state: WireState, now: number): boolean {
    const pick = this.#assignment.pick(state, now);
    if (pick) this.#ledger.ask(state, pick.piece, pick.block, false);
    return pick !== undefined;
  }

  #keepTicking(): void {
    const isBusy =
      this.#view.requests > 0 || (this.#view.wires.size > 0 && !this.#order.isEmpty && this.#order.isWanting);
    if (isBusy) this.#tick ??= this.#options.clock.every(TICK, () => this.#look());
    else {
      void this.#tick?.dispose();
      this.#tick = undefined;
    }
  }

  /** Looks at what did not come, then at everything. */
  #look(): void {
    const now = this.#options.clock.now();
    for (const state of this.#view.wires.values()) {
      const { oldest } = state;
      if (!oldest) continue;
      state.estimate.silence(now, oldest.sentAt, state.requests.size);
      this.#giveUpLost(state, now);
    }
    this.#survey(now);
    this.#race(now);
    this.#plan();
  }

  #race(now: number): void {
    this.#isPlanning = true;
    this.#endgame.race(
      now,
      { received: this.#received, duplicates: this.#duplicates },
      {
        ask: (taker, piece, block) => this.#ledger.ask(taker, piece, block, true),
        defer: (taker, requests) => this.#ledger.takeBack(taker, requests),
      },
    );
    this.#isPlanning = false;
  }

  #giveUpLost(state: WireState, now: number): void {
    for (const request of state.requests.values()) {
      if (!isLost(state, request, this.#view, now)) break;
      this.#ledger.cancel(state, request);
      state.estimate.distrust(now, request.sentAt);
      state.estimate.dropped(now, state.requests.size);
      rest(state, undefined, now);
    }
  }
}
