import type { Clock, Disposable } from '@kinoport/core';

/** A peer that can be asked for blocks, as the scheduler sees it. */
export interface BlockWire {
  readonly id: string;
  /** Is asked for whole pieces (a web seed), with one request each. */
  readonly wholePieces: boolean;
  /** Answers requests at present: it does not choke us. `Scheduler.wireChanged` tells of a change. */
  readonly isOpen: boolean;
  /** Most requests that it holds at a time. */
  readonly maxRequests: number;
  has(piece: number): boolean;
  /** Asks for bytes of a piece. What comes of it is told by `Scheduler.received` or `Scheduler.failed`. */
  request(piece: number, offset: number, length: number): void;
  /** Takes a request back. It may be answered all the same. */
  cancel(piece: number, offset: number, length: number): void;
}

/** Who goes first when there is not enough for all: what plays, what plays next, what may play after that. */
export type DemandClass = 'current' | 'next' | 'warm';

/** A range that somebody reads, or will. */
export interface Demand {
  readonly id: string;
  readonly class: DemandClass;
  /** Bytes of the torrent; `end` exclusive. */
  readonly start: number;
  readonly end: number;
  /** Instant of the monotonic clock at which the byte `start` is needed. */
  readonly due: number;
  /** Bytes a second at which the rest is needed; `Infinity`: all of it at once. */
  readonly rate: number;
  /** `deadline`: in the order of the bytes · `rarest`: what fewest peers have comes first, when nothing else is wanted. */
  readonly order: 'deadline' | 'rarest';
}

/** Shape of the torrent. */
export interface Geometry {
  readonly length: number;
  readonly pieceLength: number;
}

export interface SchedulerOptions {
  readonly clock: Clock;
  readonly geometry: Geometry;
  /** Whether a piece is here and verified. */
  readonly have: (piece: number) => boolean;
}

export interface SchedulerStats {
  /** Requests under way. */
  readonly requests: number;
  /** Bytes received, and of these those that were here already. */
  readonly received: number;
  readonly duplicates: number;
  readonly cancelled: number;
}

/**
 * What to do with a block: keep it, or drop it, since it is here already, or came late and nobody wants it any more,
 * or was never asked for. Only the last is a fault of the peer.
 */
export type BlockVerdict = 'keep' | 'duplicate' | 'unwanted' | 'unasked';

/**
 * Decides which peer is asked for which block, and when. Holds no bytes: blocks are collected, hashed and stored by
 * whoever calls `received`.
 */
export interface Scheduler extends Disposable {
  /** What is wanted from now on, all of it. Requests that nobody wants any more are cancelled in the same turn. */
  want(demands: readonly Demand[]): void;
  addWire(wire: BlockWire): void;
  /** It has gone; what it was asked for is asked of others. */
  removeWire(wire: BlockWire): void;
  /** It chokes or answers again, or has other pieces. One that chokes has its requests taken back. */
  wireChanged(wire: BlockWire): void;
  /** Bytes have come. A web seed's whole piece is one of these. */
  received(wire: BlockWire, piece: number, offset: number, length: number): BlockVerdict;
  /** The request will not be answered. */
  failed(wire: BlockWire, piece: number, offset: number): void;
  /** All blocks of the piece were right: `have` says so from now on. */
  verified(piece: number): void;
  /**
   * The piece was wrong or could not be kept; all of it is wanted again. Also for the blocks of a piece that is not
   * whole, when they are given up: until then they count as here, wanted or not.
   */
  rejected(piece: number): void;
  /** Bytes a second of a wire, as far as is known; `undefined` before its first block. */
  rateOf(wire: BlockWire): number | undefined;
  readonly stats: SchedulerStats;
}
