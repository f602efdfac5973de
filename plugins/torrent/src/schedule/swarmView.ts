import { BLOCK_LENGTH } from '../torrent.ts';
import type { BlockMap } from './blockMap.ts';
import type { DemandRange } from './demandOrder.ts';
import type { BlockWire } from './ports.ts';
import type { WireState } from './wireState.ts';

/** Blocks that a wire is asked for at once when nobody has answered yet. */
const FIRST_BLOCKS = 8;
/** Milliseconds that an answer takes, until one has come. */
const FIRST_RTT = 120;
/** Requests beyond a full queue, for blocks that cannot wait. */
const URGENT = 4;

/** All wires, and what follows from all of them together. */
export class SwarmView {
  readonly wires = new Map<BlockWire, WireState>();
  /** Bytes a millisecond of the open wires. */
  aggregate = 0;
  /** Open wires that have shown what they can do. */
  provenOpen = 0;
  unprovenOpen = 0;
  /** Bytes asked for and not here. */
  outstanding = 0;
  /** Milliseconds, median of the proven ones. */
  usualRtt = FIRST_RTT;
  requests = 0;
  readonly #blocksPerPiece: number;
  readonly #rtts: number[] = [];

  constructor(blocksPerPiece: number) {
    this.#blocksPerPiece = blocksPerPiece;
  }

  survey(): void {
    this.aggregate = 0;
    this.provenOpen = 0;
    this.unprovenOpen = 0;
    const rtts = this.#rtts;
    rtts.length = 0;
    for (const { wire, estimate } of this.wires.values()) {
      if (!wire.isOpen) continue;
      if (!estimate.isProven) {
        if (!wire.wholePieces) this.unprovenOpen++;
        continue;
      }
      this.provenOpen++;
      this.aggregate += estimate.rate;
      if (estimate.minRtt !== undefined && estimate.hasAnswered) rtts.push(estimate.minRtt);
    }
    if (rtts.length > 0) this.usualRtt = rtts.sort((a, b) => a - b)[rtts.length >> 1] ?? FIRST_RTT;
  }

  etaOf(state: WireState, bytes: number, now: number): number {
    return state.estimate.etaOf(now, bytes, this.usualRtt);
  }

  /** When all wires together would have fetched the range up to the end of the piece. */
  expectedAt({ cursor }: DemandRange, map: BlockMap, piece: number, now: number): number {
    if (this.aggregate <= 0) return Number.POSITIVE_INFINITY;
    const between = Math.max(0, piece - cursor - 1) * map.pieceLength;
    const ends = map.missing(piece) + (piece > cursor ? map.missing(cursor) : 0);
    const bytes = this.outstanding + between + ends * BLOCK_LENGTH;
    return now + this.usualRtt / 2 + bytes / this.aggregate;
  }

  /** Requests that may still be made of the wire. */
  roomOf({ wire, estimate, requests }: WireState): number {
    const most = wire.wholePieces ? 1 : this.#windowOf(estimate.isProven, estimate.window);
    return Math.min(most, wire.maxRequests) - requests.size;
  }

  urgentRoomOf({ wire, estimate, requests }: WireState): number {
    if (wire.wholePieces || !estimate.isProven) return 0;
    return Math.min(estimate.window + URGENT, wire.maxRequests) - requests.size;
  }

  #windowOf(isProven: boolean, window: number): number {
    if (isProven) return window;
    if (this.provenOpen > 0) return 1;
    const share = Math.ceil(this.#blocksPerPiece / Math.max(1, this.unprovenOpen));
    return Math.max(2, Math.min(FIRST_BLOCKS, share));
  }

  /** Whether an open wire has the piece that would not be later than `limit`, or at least not later than this one. */
  hasFaster(state: WireState, piece: number, limit: number, now: number): boolean {
    const eta = this.etaOf(state, BLOCK_LENGTH, now);
    const { isProven } = state.estimate;
    const { wire } = state;
    for (const other of this.wires.values()) {
      if (other === state || !other.wire.isOpen || other.restUntil > now) continue;
      const isSafer = !isProven && wire.wholePieces && !other.wire.wholePieces;
      if (!other.estimate.isProven && !isSafer) continue;
      if (!other.wire.has(piece) || other.refuses(piece, now)) continue;
      if (isSafer) return true;
      const theirs = this.etaOf(other, BLOCK_LENGTH, now);
      if (theirs <= limit || theirs < eta) return true;
    }
    return false;
  }

  /** Whether another open wire has the piece, one that is asked for blocks. */
  hasOther(state: WireState, piece: number): boolean {
    for (const other of this.wires.values())
      if (other !== state && other.wire.isOpen && !other.wire.wholePieces && other.wire.has(piece))
        return true;
    return false;
  }
}
