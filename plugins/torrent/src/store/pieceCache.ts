import { mkdir } from 'node:fs/promises';
import { type Clock, type Disposable, KinoportError, type Log } from '@kinoport/core';
import { parseTorrent } from '../address/parseTorrent.ts';
import { readTorrentFile } from '../address/readFile.ts';
import type { Torrent } from '../torrent.ts';
import { writeError } from './files.ts';
import type { KeptTorrent } from './keptTorrent.ts';
import { isInfohash } from './layout.ts';
import { OpenPieces } from './pieceStore.ts';
import type { CachedTorrent, CacheLimits, PieceCache, PieceStore } from './ports.ts';
import { Shelf } from './shelf.ts';

export interface PieceCacheOptions {
  /** Belongs to the cache alone; is made when it is not there. */
  readonly folder: string;
  readonly limits: CacheLimits;
  readonly clock: Clock;
  readonly log: Log;
}

interface Opened {
  readonly torrent: Torrent;
  readonly kept: KeptTorrent;
  readonly puts: Map<number, Promise<void>>;
  openings: number;
}

/** Long enough after the start that nobody waits for the disk because of it. */
const SWEEP_DELAY_MS = 10_000;

/** @throws KinoportError `CACHE_WRITE_FAILED` when the folder cannot be made */
export async function openPieceCache(options: PieceCacheOptions): Promise<PieceCache> {
  try {
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw writeError(error);
  }
  const cache = new DiskCache(options);
  await cache.load();
  return cache;
}

class DiskCache implements PieceCache {
  readonly #shelf: Shelf;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #opened = new Map<string, Opened>();
  readonly #stores = new Set<PieceStore>();
  readonly #turns = new Map<string, Promise<void>>();
  readonly #background = new Set<Promise<void>>();
  readonly #sweep: Disposable;
  #limits: CacheLimits;
  #disposing: Promise<void> | undefined;

  constructor({ folder, limits, clock, log }: PieceCacheOptions) {
    this.#limits = limits;
    this.#clock = clock;
    this.#log = log;
    this.#shelf = new Shelf({ folder, clock, log, limit: () => this.#limits.size });
    this.#sweep = clock.after(SWEEP_DELAY_MS, () => this.#inBackground(this.evict()));
  }

  load(): Promise<void> {
    return this.#shelf.load();
  }

  get limits(): CacheLimits {
    return this.#limits;
  }

  set limits(limits: CacheLimits) {
    this.#limits = limits;
    this.#inBackground(this.#shelf.space.shrink());
  }

  async known(infohash: string): Promise<Torrent | undefined> {
    this.#check();
    const opened = this.#opened.get(infohash);
    if (opened) return opened.torrent;
    if (!isInfohash(infohash)) return undefined;
    try {
      const torrent = parseTorrent(await readTorrentFile(this.#shelf.layout.torrent(infohash)));
      return torrent.infohash === infohash ? torrent : undefined;
    } catch {
      return undefined;
    }
  }

  sizeOf(infohash: string): number {
    return this.#shelf.torrents.get(infohash)?.bytes ?? 0;
  }

  async open(torrent: Torrent): Promise<PieceStore> {
    this.#check();
    const { infohash } = torrent;
    return this.#inTurn(infohash, async () => {
      this.#check();
      const opened = this.#opened.get(infohash) ?? (await this.#begin(torrent));
      opened.openings++;
      const store = new OpenPieces(this.#shelf, opened.torrent, opened.kept, opened.puts, () => {
        this.#stores.delete(store);
        return this.#inTurn(infohash, () => this.#leave(opened));
      });
      this.#stores.add(store);
      return store;
    });
  }

  async list(): Promise<readonly CachedTorrent[]> {
    this.#check();
    await this.#shelf.load();
    return [...this.#shelf.torrents.values()]
      .map((torrent) => ({
        infohash: torrent.infohash,
        name: torrent.name,
        bytes: torrent.bytes,
        length: torrent.length,
        usedAt: torrent.usedAt,
        isOpen: this.#shelf.open.has(torrent),
        isPinned: torrent.isPinned,
      }))
      .sort((a, b) => b.usedAt - a.usedAt);
  }

  async remove(infohash: string): Promise<void> {
    this.#check();
    await this.#shelf.load();
    await this.#inTurn(infohash, async () => {
      if (this.#opened.has(infohash))
        throw new KinoportError('TORRENT_IN_USE', 'The torrent is being played.', {
          hint: 'Stop it first.',
        });
      const torrent = this.#shelf.torrents.get(infohash);
      if (torrent) await this.#shelf.removeTorrent(torrent);
    });
  }

  async pin(infohash: string, isPinned: boolean): Promise<void> {
    this.#check();
    await this.#shelf.load();
    await this.#inTurn(infohash, async () => {
      const torrent = this.#shelf.torrents.get(infohash);
      if (!torrent) return;
      torrent.isPinned = isPinned;
      torrent.hasNewPin = true;
      await this.#shelf.resumes.write(torrent);
      if (torrent.hasNewPin)
        throw new KinoportError('CACHE_WRITE_FAILED', 'What is pinned could not be noted on disk.', {
          hint: 'Check that the cache folder may be written to.',
        });
    });
  }

  async evict(): Promise<number> {
    this.#check();
    await this.#shelf.sweep();
    const before = this.#shelf.space.used;
    for (const torrent of [...this.#shelf.torrents.values()]) {
      if (this.#clock.wall() - torrent.usedAt <= this.#limits.keep) continue;
      await this.#inTurn(torrent.infohash, async () => {
        if (!this.#opened.has(torrent.infohash) && !torrent.isPinned)
          await this.#shelf.removeTorrent(torrent);
      });
    }
    await this.#shelf.space.shrink();
    return Math.max(0, before - this.#shelf.space.used);
  }

  dispose(): Promise<void> {
    this.#disposing ??= this.#dispose();
    return this.#disposing;
  }

  async #dispose(): Promise<void> {
    await this.#sweep.dispose();
    await Promise.all([...this.#stores].map((store) => store.dispose()));
    await Promise.all(this.#turns.values());
    await Promise.all(this.#background);
    await this.#shelf.resumes.flush();
    await this.#shelf.files.close();
  }

  async #begin(torrent: Torrent): Promise<Opened> {
    const kept = await this.#shelf.begin(torrent);
    const opened = { torrent, kept, puts: new Map<number, Promise<void>>(), openings: 0 };
    this.#opened.set(torrent.infohash, opened);
    this.#shelf.resumes.changed(kept);
    return opened;
  }

  async #leave(opened: Opened): Promise<void> {
    const { torrent, kept } = opened;
    const shelf = this.#shelf;
    opened.openings--;
    kept.usedAt = Math.max(kept.usedAt, this.#clock.wall());
    // Another process may have removed it all.
    await shelf.keepTorrentFile(kept, torrent).catch(() => {});
    await shelf.resumes.write(kept);
    if (opened.openings > 0) return;
    this.#opened.delete(torrent.infohash);
    shelf.open.delete(kept);
    shelf.recent.clear(torrent.infohash);
    kept.closed();
    await shelf.files.close(torrent.infohash);
  }

  /** Opening, closing and removing one torrent, one after the other. */
  async #inTurn<T>(infohash: string, run: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(infohash) ?? Promise.resolve();
    const turn = before.then(run);
    const settled = turn.then(
      () => {},
      () => {},
    );
    this.#turns.set(infohash, settled);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(infohash) === settled) this.#turns.delete(infohash);
    }
  }

  #inBackground(work: Promise<unknown>): void {
    const run = work
      .then(() => {})
      .catch((error: unknown) => {
        this.#log.warn('The cache could not be cleaned up.', { error: String(error) });
      })
      .finally(() => this.#background.delete(run));
    this.#background.add(run);
  }

  #check(): void {
    if (this.#disposing) throw new KinoportError('DISPOSED', 'The cache has been closed.');
  }
}
