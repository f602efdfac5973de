import { BLOCK_LENGTH, lengthOfPiece, pieceCount } from '../torrent.ts';
import type { Geometry } from './ports.ts';

/** What is known of the blocks of a piece that was begun: which came, and how many wires were asked for each. */
export class PieceBlocks {
  readonly piece: number;
  readonly length: number;
  readonly count: number;
  /** Blocks that have not come and that nobody was asked for. */
  missing: number;
  /** Blocks that have come. */
  received = 0;
  #held = 0;
  readonly #came: Uint8Array;
  readonly #holders: Uint8Array;
  /** No block before this one is missing. */
  #low = 0;

  constructor(piece: number, length: number) {
    this.piece = piece;
    this.length = length;
    this.count = Math.ceil(length / BLOCK_LENGTH);
    this.missing = this.count;
    this.#came = new Uint8Array(this.count);
    this.#holders = new Uint8Array(this.count);
  }

  lengthOf(block: number): number {
    return Math.min(BLOCK_LENGTH, this.length - block * BLOCK_LENGTH);
  }

  hasCome(block: number): boolean {
    return this.#came[block] === 1;
  }

  holders(block: number): number {
    return this.#holders[block] ?? 0;
  }

  isMissing(block: number): boolean {
    return this.#came[block] === 0 && this.#holders[block] === 0;
  }

  /** Somebody is asked for some of it. */
  get isHeld(): boolean {
    return this.#held > 0;
  }

  /** Nothing of it has come and nothing was asked for. */
  get isUntouched(): boolean {
    return this.missing === this.count;
  }

  /** First missing block; -1 when there is none. */
  firstMissing(): number {
    if (this.missing === 0) return -1;
    while (!this.isMissing(this.#low)) this.#low++;
    return this.#low;
  }

  lastMissing(): number {
    if (this.missing === 0) return -1;
    let block = this.count - 1;
    while (!this.isMissing(block)) block--;
    return block;
  }

  hold(block: number): void {
    if (this.isMissing(block)) this.missing--;
    this.#holders[block] = this.holders(block) + 1;
    this.#held++;
  }

  /** One wire fewer is asked for it. @returns whether it is missing now */
  release(block: number): boolean {
    if (this.holders(block) === 0) return false;
    this.#holders[block] = this.holders(block) - 1;
    this.#held--;
    if (!this.isMissing(block)) return false;
    this.missing++;
    if (block < this.#low) this.#low = block;
    return true;
  }

  /** @returns whether it had not come before */
  take(block: number): boolean {
    if (this.hasCome(block)) return false;
    if (this.isMissing(block)) this.missing--;
    this.#came[block] = 1;
    this.received++;
    return true;
  }
}

/** The pieces that were begun and are not verified yet, of a torrent of any size. */
export class BlockMap {
  readonly pieces: number;
  readonly pieceLength: number;
  readonly blocksPerPiece: number;
  readonly #geometry: Geometry;
  readonly #have: (piece: number) => boolean;
  readonly #begun = new Map<number, PieceBlocks>();

  constructor(geometry: Geometry, have: (piece: number) => boolean) {
    this.#geometry = geometry;
    this.#have = have;
    this.pieces = pieceCount(geometry);
    this.pieceLength = geometry.pieceLength;
    this.blocksPerPiece = Math.ceil(geometry.pieceLength / BLOCK_LENGTH);
  }

  lengthOf(piece: number): number {
    return lengthOfPiece(this.#geometry, piece);
  }

  /** Number of a block among all of the torrent. */
  key(piece: number, block: number): number {
    return piece * this.blocksPerPiece + block;
  }

  at(piece: number): PieceBlocks | undefined {
    return this.#begun.get(piece);
  }

  begin(piece: number): PieceBlocks {
    let blocks = this.#begun.get(piece);
    if (!blocks) {
      blocks = new PieceBlocks(piece, this.lengthOf(piece));
      this.#begun.set(piece, blocks);
    }
    return blocks;
  }

  forget(piece: number): void {
    this.#begun.delete(piece);
  }

  /** Whether somebody has to be asked for blocks of it. */
  isWanting(piece: number): boolean {
    const blocks = this.#begun.get(piece);
    return blocks ? blocks.missing > 0 : !this.#have(piece);
  }

  missing(piece: number): number {
    const blocks = this.#begun.get(piece);
    if (blocks) return blocks.missing;
    return this.#have(piece) ? 0 : Math.ceil(this.lengthOf(piece) / BLOCK_LENGTH);
  }
}
