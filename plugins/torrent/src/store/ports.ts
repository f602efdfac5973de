import type { Disposable, Event } from '@kinoport/core';
import type { Torrent } from '../torrent.ts';

/** Pieces of one torrent on disk. Only verified ones are ever put there. */
export interface PieceStore extends Disposable {
  readonly torrent: Torrent;
  has(piece: number): boolean;
  /** One bit for each piece, the first piece in the highest bit of the first byte (BEP 3). A copy. */
  bitfield(): Uint8Array;
  /** Bytes on disk. */
  readonly size: number;
  /**
   * Keeps a verified piece. Others that nobody holds go first when there is no room. The bytes themselves are kept for
   * a while, not a copy: they must not change afterwards.
   * @throws KinoportError `CACHE_FULL` when what is held fills the cache, or the disk is full; `CACHE_WRITE_FAILED`;
   *   `INVALID_ARGUMENT` for a piece that there is none of, or of another length
   */
  put(piece: number, bytes: Uint8Array): Promise<void>;
  /**
   * Bytes of a piece that is here; counts as a use of it. They belong to the store and must not be changed.
   * @param offset in the piece
   * @throws KinoportError `CACHE_READ_FAILED` when the disk does not give them back; `has` is false for the piece then
   */
  read(piece: number, offset: number, length: number): Promise<Uint8Array>;
  /**
   * Pieces that must not go: what is read, and what is about to be; `to` inclusive. Replaces what was held under this
   * name. Those of one opening of the torrent end with it.
   */
  hold(name: string, ranges: readonly { readonly from: number; readonly to: number }[]): void;
  /** A piece that was here is no longer: it went to make room, or could not be read back. */
  readonly onDidLose: Event<number>;
  /** Peers for the next time, `host:port`; the first 100 are kept. */
  peers: readonly string[];
  /** The bitfield and the peers are on disk, and files closed, when it resolves. */
  dispose(): Promise<void>;
}

export interface CacheLimits {
  /** Bytes on disk, all torrents together. */
  readonly size: number;
  /** Milliseconds (wall clock) after which a torrent that nobody has opened goes. */
  readonly keep: number;
}

export interface CachedTorrent {
  readonly infohash: string;
  readonly name: string;
  readonly bytes: number;
  readonly length: number;
  /** Milliseconds of the wall clock. */
  readonly usedAt: number;
  readonly isOpen: boolean;
  /** Goes neither to make room nor with age. */
  readonly isPinned: boolean;
}

/** All torrents on disk: `<folder>/<infohash>/{torrent,resume.json,pieces...}`. */
export interface PieceCache extends Disposable {
  limits: CacheLimits;
  /** The torrent of an infohash as it was met before; `undefined` when it was not, or its file is broken. */
  known(infohash: string): Promise<Torrent | undefined>;
  /** Bytes of its pieces that are on disk. */
  sizeOf(infohash: string): number;
  /**
   * Opens the pieces of a torrent. Trusts the resume file and hashes nothing; what does not fit to it is not trusted
   * and is fetched again. Opened twice it is one store, closed when both are disposed.
   */
  open(torrent: Torrent): Promise<PieceStore>;
  list(): Promise<readonly CachedTorrent[]>;
  /** Removes one torrent from disk. @throws KinoportError `TORRENT_IN_USE` while it is open */
  remove(infohash: string): Promise<void>;
  /**
   * Whether a torrent stays until it is removed, or its pieces go as others do; on disk when it resolves. Of one that is
   * not there: nothing happens.
   * @throws KinoportError `CACHE_WRITE_FAILED`
   */
  pin(infohash: string, isPinned: boolean): Promise<void>;
  /** Removes what is over the limits or older than they allow, and is not open. @returns bytes freed */
  evict(): Promise<number>;
  dispose(): Promise<void>;
}
