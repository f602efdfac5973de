import { KinoportError } from '@kinoport/core';
import type { FileView } from '../reading/fileView.ts';
import type { TorrentAddress } from '../torrent.ts';
import type { Lease, Torrents } from './torrents.ts';

type Level = 'next' | 'warm';

interface Prefetch {
  readonly key: string;
  readonly infohash: string;
  readonly fileIndex: number;
  readonly lease: Lease;
  readonly view: FileView;
}

/** What is fetched before anybody plays it: the next item, and the one after that. One of each; the newest counts. */
export class Prefetches {
  readonly #torrents: Torrents;
  readonly #ready = new Map<Level, Prefetch>();
  readonly #newest = new Map<Level, number>();
  #count = 0;

  constructor(torrents: Torrents) {
    this.#torrents = torrents;
  }

  /** @throws KinoportError `TORRENT_SUPERSEDED` when another of its level was asked for meanwhile; as `Torrents` */
  async get(
    key: string,
    address: TorrentAddress,
    fileIndex: number,
    level: Level,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    this.#count += 1;
    const mine = this.#count;
    this.#newest.set(level, mine);
    const before = this.#ready.get(level);
    if (before?.key === key) return;
    // What was to come after the next is the next now.
    const warm = this.#ready.get('warm');
    if (level === 'next' && warm?.key === key) {
      this.#ready.delete('warm');
      warm.view.class = 'next';
      this.#put('next', warm);
      return;
    }
    const torrent = await this.#torrents.metadata(address, signal);
    this.#check(level, mine);
    const lease = await this.#torrents.lease({ type: 'torrent', torrent });
    try {
      this.#check(level, mine);
      const view = await lease.live.view(fileIndex, level, signal);
      const prefetch = { key, infohash: torrent.infohash, fileIndex, lease, view };
      if (this.#newest.get(level) === mine) this.#put(level, prefetch);
      else {
        lease.live.close(view);
        this.#check(level, mine);
      }
    } catch (error) {
      lease.release();
      throw error;
    }
  }

  /** It is played now; what was fetched is on disk, and its peers are there. */
  taken(infohash: string, fileIndex: number): void {
    for (const [level, each] of this.#ready)
      if (each.infohash === infohash && each.fileIndex === fileIndex) this.#end(level, each);
  }

  /** It does not follow any more. */
  forget(key: string): void {
    for (const [level, each] of this.#ready) if (each.key === key) this.#end(level, each);
  }

  async drop(infohash?: string): Promise<void> {
    for (const [level, each] of this.#ready)
      if (infohash === undefined || each.infohash === infohash) this.#end(level, each);
    for (const level of ['next', 'warm'] as const) this.#newest.set(level, ++this.#count);
  }

  #put(level: Level, prefetch: Prefetch): void {
    const before = this.#ready.get(level);
    if (before) this.#end(level, before);
    this.#ready.set(level, prefetch);
  }

  #end(level: Level, { lease, view }: Prefetch): void {
    this.#ready.delete(level);
    lease.live.close(view);
    lease.release();
  }

  #check(level: Level, mine: number): void {
    if (this.#newest.get(level) === mine) return;
    throw new KinoportError('TORRENT_SUPERSEDED', 'Another item is to come next by now.');
  }
}
