import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, Emitter, KinoportError, type Log } from '@kinoport/core';
import type { Torrent } from '../torrent.ts';
import { Bitfield } from './bitfield.ts';
import { isMissing, systemCode, writeWhole } from './files.ts';
import { edgesOf, KeptTorrent } from './keptTorrent.ts';
import { isInfohash, Layout } from './layout.ts';
import { PieceFiles } from './pieceFiles.ts';
import { RecentPieces } from './recentPieces.ts';
import { readResume } from './resume.ts';
import { ResumeWriter } from './resumeWriter.ts';
import { Space } from './space.ts';
import { namesIn, removeStale, sweepTorrent } from './sweep.ts';

export interface ShelfOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly limit: () => number;
}

export interface LostPiece {
  readonly infohash: string;
  readonly piece: number;
}

/** Well below what a process may have open. */
const LOADED_AT_ONCE = 32;
/** A folder that nothing was made in for so long is not just being made by another process. */
const SETTLED_MS = 60_000;

/** All that is on disk, with the state of each torrent in memory. */
export class Shelf {
  readonly layout: Layout;
  readonly torrents = new Map<string, KeptTorrent>();
  readonly open = new Set<KeptTorrent>();
  readonly files: PieceFiles;
  readonly recent = new RecentPieces();
  readonly resumes: ResumeWriter;
  readonly space: Space;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #didLose = new Emitter<LostPiece>();
  readonly onDidLose = this.#didLose.event;
  readonly #removing = new Map<string, Promise<void>>();
  #tick = 0;

  constructor({ folder, clock, log, limit }: ShelfOptions) {
    this.#clock = clock;
    this.#log = log;
    this.layout = new Layout(folder);
    this.files = new PieceFiles(this.layout);
    this.resumes = new ResumeWriter({ layout: this.layout, clock, log });
    this.space = new Space({
      limit,
      torrents: () => this.torrents.values(),
      isOpen: (torrent) => this.open.has(torrent),
      removePiece: (torrent, piece) => this.#removePiece(torrent, piece),
      removeTorrent: (torrent) => this.removeTorrent(torrent),
    });
  }

  /** Learns of torrents that are not known yet, from their resume files. */
  async load(): Promise<void> {
    const names = (await namesIn(this.layout.folder)).filter(isInfohash);
    for (let at = 0; at < names.length; at += LOADED_AT_ONCE)
      await Promise.all(names.slice(at, at + LOADED_AT_ONCE).map((infohash) => this.#learn(infohash)));
  }

  /**
   * State of a torrent that is opened, as its resume file has it now, if that fits to it.
   * @throws KinoportError `CACHE_FULL`, `CACHE_WRITE_FAILED`
   */
  async begin(torrent: Torrent): Promise<KeptTorrent> {
    const { infohash } = torrent;
    await this.#removing.get(infohash);
    const known = this.torrents.get(infohash);
    const kept = known?.isOf(torrent) ? known : await this.#make(torrent);
    // From here on nobody else removes it.
    this.torrents.set(infohash, kept);
    this.open.add(kept);
    try {
      // Of what is noted already a viewer waits for no more than a look.
      await Promise.all([this.resumes.begin(kept), this.keepTorrentFile(kept, torrent)]);
      kept.opened(this.#clock.wall());
      return kept;
    } catch (error) {
      this.open.delete(kept);
      throw error;
    }
  }

  nextTick(): number {
    return ++this.#tick;
  }

  /** Keeps a piece. @throws KinoportError `CACHE_FULL`, `CACHE_WRITE_FAILED` */
  async put(torrent: KeptTorrent, piece: number, bytes: Uint8Array): Promise<void> {
    // One of another process is replaced, and both are there for a moment.
    await this.space.reserve(bytes.length);
    try {
      await this.#write(torrent, piece, bytes);
      torrent.added(piece, this.nextTick());
    } finally {
      this.space.release(bytes.length);
    }
    this.recent.add(torrent.infohash, piece, bytes);
    this.resumes.changed(torrent);
  }

  /** @throws KinoportError `CACHE_READ_FAILED` */
  async read(torrent: KeptTorrent, piece: number, offset: number, length: number): Promise<Uint8Array> {
    const { infohash } = torrent;
    if (!torrent.have.has(piece)) throw readError();
    torrent.used(piece, this.nextTick());
    const recent = this.recent.get(infohash, piece);
    if (recent) return recent.subarray(offset, offset + length);
    try {
      return await this.files.read(infohash, piece, offset, length);
    } catch (cause) {
      // The process having too many files open says nothing about this one.
      if (['EMFILE', 'ENFILE'].includes(systemCode(cause) ?? '')) throw readError(cause);
      if (torrent.have.has(piece)) {
        this.#log.warn('A piece cannot be read back and is fetched again.', {
          infohash,
          piece,
          error: String(cause),
        });
        await this.#removePiece(torrent, piece);
      }
      throw readError(cause);
    }
  }

  /** Removes a torrent that is not open. */
  removeTorrent(torrent: KeptTorrent): Promise<void> {
    const { infohash } = torrent;
    this.torrents.delete(infohash);
    const bytes = torrent.bytes + torrent.torrentBytes;
    this.space.occupy(bytes);
    const removing = this.#removeFolder(torrent).finally(() => {
      this.space.release(bytes);
      this.#removing.delete(infohash);
    });
    this.#removing.set(infohash, removing);
    return removing;
  }

  /** Writes the `torrent` beside the pieces, if it is not there. @throws KinoportError `CACHE_FULL`, `CACHE_WRITE_FAILED` */
  async keepTorrentFile(kept: KeptTorrent, { infohash, bytes }: Torrent): Promise<void> {
    const path = this.layout.torrent(infohash);
    const size = await stat(path).then(
      (found) => found.size,
      () => -1,
    );
    if (size === bytes.length) return;
    await this.space.reserve(bytes.length);
    try {
      await writeWhole(this.layout, path, bytes);
      kept.torrentBytes = bytes.length;
    } finally {
      this.space.release(bytes.length);
    }
  }

  /** Finds out what is on disk that nobody knows of, and what is not there though it should. */
  async sweep(): Promise<void> {
    await this.load();
    const wall = this.#clock.wall();
    for (const torrent of this.torrents.values()) {
      const missing = await sweepTorrent(this.layout, torrent, wall);
      for (const piece of missing) if (!(await this.#isOnDisk(torrent, piece))) this.#lost(torrent, piece);
    }
    for (const name of await namesIn(this.layout.folder)) {
      const path = join(this.layout.folder, name);
      if (name.endsWith('.trash')) await rm(path, { recursive: true, force: true }).catch(() => {});
      else if (name.endsWith('.tmp')) await removeStale(path, wall);
      else if (isInfohash(name) && !this.torrents.has(name)) await this.#removeUnknown(name, wall);
    }
  }

  async #learn(infohash: string): Promise<void> {
    if (this.torrents.has(infohash) || this.#removing.has(infohash)) return;
    const resume = await readResume(this.layout.resume(infohash)).catch(() => undefined);
    if (resume && !this.torrents.has(infohash) && !this.#removing.has(infohash))
      this.torrents.set(infohash, new KeptTorrent(infohash, resume));
  }

  async #make(torrent: Torrent): Promise<KeptTorrent> {
    const { infohash, name, length, pieceLength } = torrent;
    const edges = edgesOf(torrent);
    const found = await readResume(this.layout.resume(infohash)).catch(() => undefined);
    const fits = found?.length === length && found.pieceLength === pieceLength;
    return new KeptTorrent(infohash, {
      ...{ name, length, pieceLength, edges, torrentBytes: 0 },
      pieces: fits ? found.pieces : new Bitfield(edges.size),
      peers: fits ? found.peers : [],
      isPinned: found?.isPinned ?? false,
      usedAt: this.#clock.wall(),
    });
  }

  async #removeFolder(torrent: KeptTorrent): Promise<void> {
    const { infohash } = torrent;
    await this.resumes.forget(torrent);
    await this.files.close(infohash);
    this.recent.clear(infohash);
    const trash = this.layout.trash();
    try {
      await rename(this.layout.of(infohash), trash);
      await rm(trash, { recursive: true, force: true });
    } catch (error) {
      if (!isMissing(error))
        this.#log.warn('A torrent could not be removed whole.', { infohash, error: String(error) });
    }
  }

  /** The disk may be full of other things: what may go then goes before its limit is reached. */
  async #write(torrent: KeptTorrent, piece: number, bytes: Uint8Array): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.files.write(torrent.infohash, piece, bytes);
      } catch (error) {
        const isFull = error instanceof KinoportError && error.code === 'CACHE_FULL';
        if (!isFull || attempt >= 3 || (await this.space.free(bytes.length)) === 0) throw error;
      }
    }
  }

  async #removePiece(torrent: KeptTorrent, piece: number): Promise<void> {
    this.#lost(torrent, piece);
    try {
      await this.files.remove(torrent.infohash, piece);
    } catch (error) {
      torrent.foundForeign(piece);
      torrent.stuck.add(piece);
      this.#log.warn('A piece cannot be removed.', {
        infohash: torrent.infohash,
        piece,
        error: String(error),
      });
    }
  }

  #lost(torrent: KeptTorrent, piece: number): void {
    const wasOurs = torrent.lost(piece);
    this.recent.delete(torrent.infohash, piece);
    // Of one that is being removed nothing is written any more.
    if (this.torrents.get(torrent.infohash) === torrent) this.resumes.changed(torrent);
    if (wasOurs) this.#didLose.fire({ infohash: torrent.infohash, piece });
  }

  async #isOnDisk(torrent: KeptTorrent, piece: number): Promise<boolean> {
    return stat(this.layout.piece(torrent.infohash, piece)).then(
      ({ size }) => size === torrent.lengthOf(piece),
      () => false,
    );
  }

  /** Nobody can say what is in it, and not because it cannot be read just now. */
  async #removeUnknown(infohash: string, wall: number): Promise<void> {
    const path = this.layout.of(infohash);
    try {
      if (wall - (await stat(path)).mtimeMs < SETTLED_MS) return;
      if ((await readResume(this.layout.resume(infohash))) || this.torrents.has(infohash)) return;
      const trash = this.layout.trash();
      await rename(path, trash);
      await rm(trash, { recursive: true, force: true });
    } catch {
      // The next time.
    }
  }
}

function readError(cause?: unknown): KinoportError {
  return new KinoportError(
    'CACHE_READ_FAILED',
    'A part of the torrent cannot be read from disk; it is fetched again.',
    { cause },
  );
}
