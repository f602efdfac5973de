import { abortedError, KinoportError } from '@kinoport/core';
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
  /** What is being prepared, the newest of each level. */
  readonly #asked = new Map<Level, { readonly key: string; readonly end: AbortController }>();

  constructor(torrents: Torrents) {
    this.#torrents = torrents;
  }

  /**
   * @throws KinoportError `TORRENT_SUPERSEDED` when another of its level was asked for meanwhile, or it was forgotten; as
   *   `Torrents`
   */
  async get(
    key: string,
    address: TorrentAddress,
    fileIndex: number,
    level: Level,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    this.#supersede(level);
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
    const end = new AbortController();
    const asked = { key, end };
    this.#asked.set(level, asked);
    const both = signal ? AbortSignal.any([signal, end.signal]) : end.signal;
    try {
      await this.#prepare(key, address, fileIndex, level, both);
    } catch (error) {
      if (!end.signal.aborted) throw error;
      throw new KinoportError('TORRENT_SUPERSEDED', 'Another item is to come next by now.');
    } finally {
      if (this.#asked.get(level) === asked) this.#asked.delete(level);
    }
  }

  async #prepare(
    key: string,
    address: TorrentAddress,
    fileIndex: number,
    level: Level,
    signal: AbortSignal,
  ): Promise<void> {
    const torrent = await this.#torrents.metadata(address, signal);
    check(signal);
    const lease = await this.#torrents.lease({ type: 'torrent', torrent });
    try {
      check(signal);
      const view = await lease.live.view(fileIndex, level, signal);
      if (signal.aborted) lease.live.close(view);
      check(signal);
      this.#put(level, { key, infohash: torrent.infohash, fileIndex, lease, view });
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
    for (const [level, asked] of this.#asked) if (asked.key === key) this.#supersede(level);
    for (const [level, each] of this.#ready) if (each.key === key) this.#end(level, each);
  }

  async drop(infohash?: string): Promise<void> {
    for (const [level, each] of this.#ready)
      if (infohash === undefined || each.infohash === infohash) this.#end(level, each);
    for (const level of [...this.#asked.keys()]) this.#supersede(level);
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

  /** What is being prepared ends in the same moment, whomever it waits for. */
  #supersede(level: Level): void {
    const asked = this.#asked.get(level);
    this.#asked.delete(level);
    asked?.end.abort();
  }
}

/** @throws KinoportError `ABORTED` */
function check(signal: AbortSignal): void {
  if (signal.aborted) throw abortedError();
}
