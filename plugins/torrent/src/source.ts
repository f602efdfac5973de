import {
  abortedError,
  consentError,
  type Disposable,
  type Item,
  KinoportError,
  type PluginContext,
  type ResolveOptions,
  type ResolveResult,
  type Source,
  type SourceCache,
  type SourceOpenOptions,
  type SourceStream,
  type StreamRecord,
  type StreamStats,
} from '@kinoport/core';
import { parseAddress } from './address/parseAddress.ts';
import { TorrentCache } from './cache.ts';
import { itemsOf, keyPrefixOf, placeOf, subtitlesOf, typeOf } from './items.ts';
import { OpenFile } from './live/openFile.ts';
import { Prefetches } from './live/prefetches.ts';
import type { Lease, Torrents } from './live/torrents.ts';
import type { Settings } from './settings.ts';
import type { PieceCache } from './store/ports.ts';
import type { Torrent, TorrentAddress } from './torrent.ts';

const WHAT_IT_MEANS =
  'While a torrent plays, parts of it are uploaded to others, and they see the address of this machine.';

/** The source `torrent`: magnet links, infohashes and .torrent files. */
export class TorrentSource implements Source, Disposable {
  readonly cache: SourceCache;
  readonly #ctx: PluginContext;
  readonly #torrents: Torrents;
  readonly #settings: () => Settings;
  readonly #open = new Map<string, OpenFile>();
  readonly #closing = new Set<Promise<void>>();
  readonly #prefetches: Prefetches;
  /** Figures of what is waited for, before there is a stream. */
  readonly #asking = new Map<string, () => StreamStats>();

  constructor(
    ctx: PluginContext,
    torrents: Torrents,
    cache: () => Promise<PieceCache>,
    settings: () => Settings,
  ) {
    this.#ctx = ctx;
    this.#torrents = torrents;
    this.#settings = settings;
    this.#prefetches = new Prefetches(torrents);
    this.cache = new TorrentCache({
      cache,
      streams: (infohash) => this.#streamsOf(infohash),
      release: (infohash) => this.releaseAll(infohash),
    });
  }

  async resolve(uri: string, { signal, statsId, onlyIfCached }: ResolveOptions): Promise<ResolveResult> {
    if (signal?.aborted) throw abortedError();
    const address = await parseAddress(uri, { ...(signal ? { signal } : {}) });
    const known = await this.#torrents.known(address);
    if (!known && onlyIfCached)
      throw new KinoportError('SOURCE_NOT_CACHED', 'What is in this torrent is not known here.', {
        hint: 'Its peers are asked when it is played.',
        data: { keyPrefix: keyPrefixOf(address) },
      });
    if (!known) this.#agreed();
    const torrent = known ?? (await this.#asked(address, statsId, signal));
    // What was known from an earlier time is kept already.
    if (!known || address.type === 'torrent') this.#torrents.remember(torrent);
    return itemsOf(torrent, address.fileIndex);
  }

  async siblings(item: Item, { signal }: { readonly signal?: AbortSignal }): Promise<readonly Item[]> {
    const { infohash } = placeOf(item);
    const address: TorrentAddress = await parseAddress(item.uri, { ...(signal ? { signal } : {}) });
    const torrent = await this.#torrents.known(address);
    if (torrent?.infohash !== infohash) return [item];
    const { items } = itemsOf(torrent);
    return items.some(({ key }) => key === item.key) ? items : [item];
  }

  async open(item: Item, { streamId, signal }: SourceOpenOptions): Promise<SourceStream> {
    if (signal?.aborted) throw abortedError();
    this.#agreed();
    return this.#opened(item, streamId, undefined, signal);
  }

  async reopen(record: StreamRecord, { signal }: { readonly signal?: AbortSignal }): Promise<SourceStream> {
    const stream = await this.#opened(record.item, record.streamId, record, signal);
    if (stream.validators?.etag === record.validators?.etag) return stream;
    await this.release(record.streamId);
    throw new KinoportError('SOURCE_CHANGED', 'The address leads to another torrent now.', {
      hint: 'Start it again.',
    });
  }

  async prefetch(
    item: Item,
    level: 'next' | 'warm',
    { signal }: { readonly signal?: AbortSignal },
  ): Promise<void> {
    if (!this.#settings().accepted) return;
    const { fileIndex } = placeOf(item);
    const address = await parseAddress(item.uri, { ...(signal ? { signal } : {}) });
    await this.#prefetches.get(item.key, address, fileIndex, level, signal);
  }

  async forget({ key }: Item): Promise<void> {
    this.#prefetches.forget(key);
  }

  notifyPosition(streamId: string, { seconds }: { readonly seconds: number }): void {
    this.#open.get(streamId)?.watched(seconds);
  }

  async stats(streamId: string): Promise<StreamStats> {
    return this.#open.get(streamId)?.stats ?? this.#asking.get(streamId)?.() ?? {};
  }

  async release(streamId: string): Promise<void> {
    const file = this.#open.get(streamId);
    this.#open.delete(streamId);
    if (!file) return;
    const closing = file.dispose().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
    await closing;
  }

  /** Ends what is read or fetched beforehand, of one torrent or of all; players see their streams end. */
  async releaseAll(infohash?: string): Promise<void> {
    await this.#prefetches.drop(infohash);
    for (const streamId of this.#streamsOf(infohash)) await this.release(streamId);
    // One that was released a moment ago may still be on its way out.
    await Promise.allSettled(this.#closing);
    await this.#torrents.leaveIdle(infohash);
  }

  async dispose(): Promise<void> {
    await this.#prefetches.drop();
    for (const streamId of [...this.#open.keys()]) await this.release(streamId);
  }

  #streamsOf(infohash: string | undefined): readonly string[] {
    return [...this.#open].flatMap(([streamId, file]) =>
      infohash === undefined || file.infohash === infohash ? [streamId] : [],
    );
  }

  async #opened(
    item: Item,
    streamId: string,
    before: StreamRecord | undefined,
    signal: AbortSignal | undefined,
  ): Promise<SourceStream> {
    const { fileIndex } = placeOf(item);
    const address = await parseAddress(item.uri, { ...(signal ? { signal } : {}) });
    const known = await this.#torrents.known(address);
    const torrent = known ?? (await this.#asked(address, streamId, signal));
    const lease = await this.#torrents.lease({ type: 'torrent', torrent });
    try {
      return await this.#publish(torrent, fileIndex, streamId, lease, before, signal);
    } catch (error) {
      lease.release();
      throw error;
    }
  }

  async #publish(
    torrent: Torrent,
    fileIndex: number,
    streamId: string,
    lease: Lease,
    before: StreamRecord | undefined,
    signal: AbortSignal | undefined,
  ): Promise<SourceStream> {
    const view = await lease.live.view(fileIndex, 'current', signal);
    const file = new OpenFile({ lease, view, streams: this.#ctx.streams });
    try {
      const { mime, name } = typeOf(torrent, fileIndex);
      const validators = { etag: `"${torrent.infohash}-${fileIndex}"` };
      await file.publish({ id: streamId, type: mime, name, validators });
      const ids = Array.isArray(before?.record.subtitles) ? before.record.subtitles.map(String) : [];
      const subtitles = await file.publishSubtitles(subtitlesOf(torrent, fileIndex), ids);
      if (signal?.aborted) throw abortedError();
      this.#open.set(streamId, file);
      this.#prefetches.taken(torrent.infohash, fileIndex);
      return {
        location: { type: 'published' },
        size: view.file.length,
        mime,
        validators,
        ...(view.duration === undefined ? {} : { duration: view.duration }),
        ...(subtitles.length > 0 ? { subtitles: subtitles.map(({ id: _, ...subtitle }) => subtitle) } : {}),
        record: { infohash: torrent.infohash, fileIndex, subtitles: subtitles.map(({ id }) => id) },
      };
    } catch (error) {
      await file.dispose();
      throw error;
    }
  }

  /** What is in a torrent; `stats` tells meanwhile what is waited for. */
  async #asked(
    address: TorrentAddress,
    statsId: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Torrent> {
    if (statsId === undefined) return this.#torrents.metadata(address, signal);
    const lease = await this.#torrents.lease(address);
    this.#asking.set(statsId, () => {
      const { peers, downloadRate } = lease.live.stats;
      return { peers, downloadRate, activity: peers === 0 ? 'looking for peers' : 'asking what is in it' };
    });
    try {
      return await this.#torrents.metadata(address, signal);
    } finally {
      this.#asking.delete(statsId);
      lease.release();
    }
  }

  /** @throws KinoportError `TORRENT_NOT_ACCEPTED` */
  #agreed(): void {
    if (this.#settings().accepted) return;
    throw consentError('TORRENT_NOT_ACCEPTED', `${WHAT_IT_MEANS} Nobody has agreed to that yet.`, {
      setting: 'accepted',
      text: `${WHAT_IT_MEANS} Play only what you may share.`,
    });
  }
}
