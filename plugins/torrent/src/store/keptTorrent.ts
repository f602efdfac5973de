import { lengthOfPiece, pieceCount, type Torrent } from '../torrent.ts';
import { Bitfield } from './bitfield.ts';
import type { Resume } from './resume.ts';

export interface PieceRange {
  readonly from: number;
  /** Inclusive. */
  readonly to: number;
}

/** What of a torrent is on disk, and in which order it goes. */
export class KeptTorrent {
  readonly infohash: string;
  readonly name: string;
  readonly length: number;
  readonly pieceLength: number;
  readonly edges: Bitfield;
  /** Verified, whole, ours to give. */
  readonly have: Bitfield;
  /** On disk by another process, or left behind by one that was killed: takes room, is trusted at the next opening. */
  readonly foreign: Bitfield;
  /** Went since it was opened, so that what another process remembers does not bring it back. */
  readonly gone: Bitfield;
  /** Cannot be removed at present. */
  readonly stuck = new Set<number>();
  /** Set by this process; what another one has noted is left alone otherwise. */
  hasNewPeers = false;
  /** Changed by this process, and not noted yet. */
  hasNewPin = false;
  isPinned: boolean;
  peers: readonly string[];
  usedAt: number;
  torrentBytes: number;
  /** Pieces used since it was opened, the one used longest ago first, and when. */
  readonly #used = new Map<number, number>();
  readonly #holds = new Map<string, readonly PieceRange[]>();
  #bytes = 0;
  /** Before this piece there is none that was not used and may go; valid until something is held or let go. */
  #unusedFrom = 0;

  constructor(infohash: string, resume: Resume) {
    this.infohash = infohash;
    this.name = resume.name;
    this.length = resume.length;
    this.pieceLength = resume.pieceLength;
    this.edges = resume.edges;
    this.have = resume.pieces;
    this.foreign = new Bitfield(this.have.size);
    this.gone = new Bitfield(this.have.size);
    this.peers = resume.peers;
    this.usedAt = resume.usedAt;
    this.torrentBytes = resume.torrentBytes;
    this.isPinned = resume.isPinned;
    this.#bytes = this.have.count * this.pieceLength;
    const last = this.have.size - 1;
    if (this.have.has(last)) this.#bytes -= this.pieceLength - this.lengthOf(last);
  }

  /** Bytes of pieces on disk. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.have.count + this.foreign.count === 0;
  }

  lengthOf(piece: number): number {
    return lengthOfPiece(this, piece);
  }

  isOf({ length, pieceLength }: Pick<Torrent, 'length' | 'pieceLength'>): boolean {
    return this.length === length && this.pieceLength === pieceLength;
  }

  added(piece: number, tick: number): void {
    this.gone.delete(piece);
    this.stuck.delete(piece);
    if (this.foreign.delete(piece)) this.#bytes -= this.lengthOf(piece);
    if (this.have.add(piece)) this.#bytes += this.lengthOf(piece);
    this.used(piece, tick);
  }

  foundForeign(piece: number): void {
    if (this.have.has(piece) || !this.foreign.add(piece)) return;
    this.#bytes += this.lengthOf(piece);
  }

  /** @returns whether it was ours */
  lost(piece: number): boolean {
    const wasOurs = this.have.delete(piece);
    if (wasOurs || this.foreign.delete(piece)) this.#bytes -= this.lengthOf(piece);
    this.gone.add(piece);
    this.#used.delete(piece);
    return wasOurs;
  }

  used(piece: number, tick: number): void {
    this.#used.delete(piece);
    this.#used.set(piece, tick);
  }

  hold(name: string, ranges: readonly PieceRange[]): void {
    this.#unusedFrom = 0;
    if (ranges.length === 0) this.#holds.delete(name);
    else this.#holds.set(name, ranges);
  }

  releaseAll(prefix: string): void {
    this.#unusedFrom = 0;
    for (const name of [...this.#holds.keys()]) if (name.startsWith(prefix)) this.#holds.delete(name);
  }

  /** What another process left is ours from now on: its files are whole, or they would not be there. */
  opened(wall: number): void {
    for (const piece of this.foreign.pieces()) this.have.add(piece);
    this.foreign.clear();
    this.gone.clear();
    this.usedAt = Math.max(this.usedAt, wall);
    this.closed();
  }

  closed(): void {
    this.#used.clear();
    this.#unusedFrom = 0;
  }

  isHeld(piece: number): boolean {
    for (const ranges of this.#holds.values())
      for (const { from, to } of ranges) if (piece >= from && piece <= to) return true;
    return false;
  }

  /** The piece to go first, of those that nobody holds; tick 0 for one that was not used since the opening. */
  oldest(edges: boolean): { readonly piece: number; readonly tick: number } | undefined {
    const may = (piece: number): boolean =>
      this.edges.has(piece) === edges && !this.stuck.has(piece) && !this.isHeld(piece);
    for (const piece of this.foreign.pieces()) if (may(piece)) return { piece, tick: 0 };
    for (const piece of this.have.pieces(edges ? 0 : this.#unusedFrom)) {
      if (this.#used.has(piece) || !may(piece)) continue;
      if (!edges) this.#unusedFrom = piece;
      return { piece, tick: 0 };
    }
    if (!edges) this.#unusedFrom = this.have.size;
    for (const [piece, tick] of this.#used) if (may(piece)) return { piece, tick };
    return undefined;
  }

  resume(): Resume {
    const { name, length, pieceLength, edges, peers, usedAt, torrentBytes, isPinned } = this;
    return {
      ...{ name, length, pieceLength, edges, peers, usedAt, torrentBytes, isPinned },
      pieces: this.have.union(this.foreign),
    };
  }
}

/** First and last piece of every file: with them a player starts at once when it comes back. */
export function edgesOf(torrent: Torrent): Bitfield {
  const edges = new Bitfield(pieceCount(torrent));
  for (const { offset, length } of torrent.files) {
    if (length === 0) continue;
    edges.add(Math.floor(offset / torrent.pieceLength));
    edges.add(Math.floor((offset + length - 1) / torrent.pieceLength));
  }
  return edges;
}
