import { hash } from 'node:crypto';
import type { Scheduler } from '../schedule/ports.ts';
import { BLOCK_LENGTH, lengthOfPiece, pieceCount, type Torrent } from '../torrent.ts';
import { Blame } from './blame.ts';
import type { SourceWire } from './blockWire.ts';

export interface AssemblyOptions {
  readonly torrent: Torrent;
  readonly scheduler: Pick<Scheduler, 'received' | 'verified' | 'rejected'>;
  /** Keeps a piece that was right. */
  readonly put: (piece: number, bytes: Uint8Array) => Promise<void>;
  readonly onVerified: (piece: number) => void;
  /** It could not be kept. */
  readonly onPutFailed: (error: unknown) => void;
  /** It gave a wrong piece: that is proven. */
  readonly onLiar: (wire: SourceWire) => void;
  /** There is room again. */
  readonly onRoom: () => void;
  /** Bytes of pieces under way and of those that wait for the disk. */
  readonly memory?: number;
}

interface Entry {
  readonly bytes: Uint8Array;
  /** Who gave each block; as long as nobody did, `undefined`. */
  readonly from: (SourceWire | undefined)[];
  missing: number;
}

/** A piece as long as this is hashed in 1.2 ms; what is longer goes to another thread, which costs a copy. */
const HASHED_HERE = 1_048_576;
const MEMORY = 96 * 1024 * 1024;
/** However long the pieces are, as many may be under way. */
const FEWEST = 4;

/** Makes pieces of blocks, checks them and hands them to the disk. */
export class Assembly {
  readonly #options: AssemblyOptions;
  readonly #blame: Blame;
  /** Begun, the one that was begun first in front. */
  readonly #entries = new Map<number, Entry>();
  /** Whole, being hashed or written. */
  readonly #whole = new Set<number>();
  readonly #puts = new Set<Promise<void>>();
  readonly #most: number;
  #isDisposed = false;

  constructor(options: AssemblyOptions) {
    this.#options = options;
    this.#blame = new Blame(options.onLiar);
    this.#most = Math.max(FEWEST, Math.floor((options.memory ?? MEMORY) / options.torrent.pieceLength));
  }

  /** Whether the disk keeps up. */
  get hasRoom(): boolean {
    return this.#whole.size * 2 <= this.#most;
  }

  /** Bytes that a wire gave: one block, or many in a row. @returns how many were kept */
  add(wire: SourceWire, piece: number, offset: number, bytes: Uint8Array): number {
    const { torrent, scheduler } = this.#options;
    if (this.#isDisposed || !(piece >= 0 && piece < pieceCount(torrent))) return 0;
    const length = lengthOfPiece(torrent, piece);
    const end = offset + bytes.length;
    if (offset < 0 || offset % BLOCK_LENGTH !== 0 || end > length) return 0;
    if (bytes.length === 0 || (bytes.length % BLOCK_LENGTH !== 0 && end !== length)) return 0;
    if (scheduler.received(wire, piece, offset, bytes.length) !== 'keep') return 0;
    if (this.#whole.has(piece)) return 0;

    const entry = this.#entries.get(piece) ?? this.#begin(piece, length);
    let kept = 0;
    for (let at = offset; at < end; at += BLOCK_LENGTH) {
      const block = at / BLOCK_LENGTH;
      if (entry.from[block]) continue;
      const blockEnd = Math.min(at + BLOCK_LENGTH, length);
      entry.bytes.set(bytes.subarray(at - offset, blockEnd - offset), at);
      entry.from[block] = wire;
      entry.missing -= 1;
      kept += blockEnd - at;
    }
    wire.useful += kept;
    if (entry.missing === 0) this.#complete(piece, entry);
    return kept;
  }

  /** Resolves when nothing is on its way to the disk any more. */
  async dispose(): Promise<void> {
    this.#isDisposed = true;
    this.#entries.clear();
    this.#blame.dispose();
    await Promise.allSettled(this.#puts);
  }

  #begin(piece: number, length: number): Entry {
    if (this.#entries.size >= this.#most) this.#dropOldest();
    const blocks = Math.ceil(length / BLOCK_LENGTH);
    const entry: Entry = {
      bytes: Buffer.allocUnsafeSlow(length),
      from: new Array<SourceWire | undefined>(blocks).fill(undefined),
      missing: blocks,
    };
    this.#entries.set(piece, entry);
    return entry;
  }

  #dropOldest(): void {
    for (const piece of this.#entries.keys()) {
      this.#entries.delete(piece);
      this.#options.scheduler.rejected(piece);
      return;
    }
  }

  #complete(piece: number, entry: Entry): void {
    this.#entries.delete(piece);
    this.#whole.add(piece);
    if (entry.bytes.length <= HASHED_HERE) {
      this.#checked(piece, entry, hash('sha1', entry.bytes, 'buffer'));
      return;
    }
    crypto.subtle.digest('SHA-1', entry.bytes as Uint8Array<ArrayBuffer>).then(
      (digest) => this.#checked(piece, entry, new Uint8Array(digest)),
      (error: unknown) => this.#failed(piece, error),
    );
  }

  #checked(piece: number, { bytes, from }: Entry, digest: Uint8Array): void {
    if (this.#isDisposed) return;
    const { torrent, put, scheduler } = this.#options;
    const expected = torrent.hashes.subarray(piece * 20, piece * 20 + 20);
    const wires = from.filter((wire) => wire !== undefined);
    if (Buffer.compare(digest, expected) !== 0) {
      this.#end(piece);
      this.#blame.wrong(piece, bytes, wires);
      scheduler.rejected(piece);
      return;
    }
    this.#blame.right(piece, bytes);
    const kept = put(piece, bytes);
    this.#puts.add(kept);
    kept
      .finally(() => this.#puts.delete(kept))
      .then(
        () => {
          if (this.#isDisposed) return;
          scheduler.verified(piece);
          this.#options.onVerified(piece);
          this.#end(piece);
        },
        (error: unknown) => this.#failed(piece, error),
      );
  }

  #failed(piece: number, error: unknown): void {
    if (this.#isDisposed) return;
    this.#end(piece);
    this.#options.scheduler.rejected(piece);
    this.#options.onPutFailed(error);
  }

  #end(piece: number): void {
    const had = this.hasRoom;
    this.#whole.delete(piece);
    if (!had && this.hasRoom) this.#options.onRoom();
  }
}
