import type { Clock } from '@kinoport/core';
import { BLOCK_LENGTH } from '../torrent.ts';
import type { BlockMap, PieceBlocks } from './blockMap.ts';
import type { DemandOrder } from './demandOrder.ts';
import type { SwarmView } from './swarmView.ts';
import type { BlockRequest, WireState } from './wireState.ts';

/** Keeps requests, blocks and wires in step: whatever is asked or taken back goes through here. */
export class RequestLedger {
  /** Requests that were taken back. */
  cancelled = 0;
  readonly #clock: Clock;
  readonly #map: BlockMap;
  readonly #order: DemandOrder;
  readonly #view: SwarmView;

  constructor(clock: Clock, map: BlockMap, order: DemandOrder, view: SwarmView) {
    this.#clock = clock;
    this.#map = map;
    this.#order = order;
    this.#view = view;
  }

  ask(state: WireState, piece: number, block: number, isRace: boolean): void {
    const now = this.#clock.now();
    const { wire } = state;
    const blocks = this.#map.begin(piece);
    const length = wire.wholePieces ? blocks.length : blocks.lengthOf(block);
    const expectedAt = state.estimate.asked(now, length, this.#view.usualRtt);
    const key = this.#map.key(piece, block);
    state.requests.set(key, { key, piece, block, length, sentAt: now, expectedAt, isRace });
    this.#view.requests++;
    this.#view.outstanding += length;
    const end = wire.wholePieces ? blocks.count : block + 1;
    for (let at = block; at < end; at++) blocks.hold(at);
    wire.request(piece, block * BLOCK_LENGTH, length);
  }

  /** It was answered. What it says of the blocks is the caller's business. */
  forget(state: WireState, { key, length }: BlockRequest): void {
    state.requests.delete(key);
    this.#view.requests--;
    this.#view.outstanding -= length;
  }

  /** It will not be answered; somebody else is asked for what nobody else holds. */
  giveBack(state: WireState, request: BlockRequest): void {
    const { piece, block } = request;
    this.forget(state, request);
    const blocks = this.#map.at(piece);
    if (!blocks) return;
    const end = state.wire.wholePieces ? blocks.count : block + 1;
    let isMissing = false;
    for (let at = block; at < end; at++) if (blocks.release(at)) isMissing = true;
    if (blocks.isUntouched) this.#map.forget(piece);
    if (isMissing) this.#order.returned(piece);
  }

  cancel(state: WireState, request: BlockRequest): void {
    this.giveBack(state, request);
    state.noteCancelled(request.key, this.#clock.now());
    this.cancelled++;
    state.wire.cancel(request.piece, request.block * BLOCK_LENGTH, request.length);
  }

  takeBack(state: WireState, requests: readonly BlockRequest[]): void {
    if (requests.length === 0) return;
    for (const request of requests) this.cancel(state, request);
    state.estimate.dropped(this.#clock.now(), state.requests.size);
  }

  takeBackAll(state: WireState): void {
    this.takeBack(state, [...state.requests.values()]);
  }

  takeBackUnwanted(state: WireState): void {
    this.takeBack(
      state,
      [...state.requests.values()].filter(({ piece }) => !this.#order.wants(piece)),
    );
  }

  takeBackPiece(piece: number): void {
    if (!this.#map.at(piece)?.isHeld) return;
    for (const state of this.#view.wires.values())
      this.takeBack(
        state,
        [...state.requests.values()].filter((request) => request.piece === piece),
      );
  }

  /** A block has come: others that were asked for it need not answer any more. */
  endRace(winner: WireState, blocks: PieceBlocks, block: number): void {
    const now = this.#clock.now();
    for (const state of this.#view.wires.values()) {
      if (state === winner) continue;
      const { wholePieces } = state.wire;
      // A web seed's piece goes on as long as anything of it is of use.
      if (wholePieces && blocks.received < blocks.count) continue;
      const request = state.requests.get(this.#map.key(blocks.piece, wholePieces ? 0 : block));
      if (!request) continue;
      this.cancel(state, request);
      if (!request.isRace) state.estimate.lost(now, request.sentAt, state.requests.size);
      else state.estimate.dropped(now, state.requests.size);
    }
  }
}
