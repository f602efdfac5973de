import {
  abortedError,
  type Disposable,
  type Item,
  KinoportError,
  type ListOptions,
  type Page,
  type PluginContext,
  type ResolveResult,
  type Source,
  type SourceOpenOptions,
  type SourceStream,
  type StreamRecord,
  type StreamStats,
} from '@kinoport/core';
import { isHttpAddress } from './http/address.ts';
import { HttpClient } from './http/client.ts';
import { Credentials } from './http/credentials.ts';
import { HttpFiles } from './http/httpFiles.ts';
import { KeyCache } from './local/keyCache.ts';
import { LocalFiles, pageStart, pathOf } from './local/localFiles.ts';
import { LocalItems } from './local/localItems.ts';
import { Prober } from './local/probe.ts';
import { isPlaylistName } from './media.ts';
import { Playlists } from './playlist/playlists.ts';

/** The source `files`: files, folders and playlists of this machine, and plain http(s) addresses. */
export class FilesSource implements Source, Disposable {
  readonly #keys: KeyCache;
  readonly #items: LocalItems;
  readonly #prober: Prober;
  readonly #local: LocalFiles;
  readonly #http: HttpFiles;
  readonly #playlists: Playlists;

  constructor(ctx: PluginContext) {
    const { clock, config, folders, log, processes, storage, streams } = ctx;
    this.#keys = new KeyCache({ folder: folders.cache, clock, log });
    this.#prober = new Prober({
      processes,
      storage,
      log,
      command: () => textOf(config.value.ffprobe, 'ffprobe'),
    });
    const items = new LocalItems(this.#keys, log);
    this.#items = items;
    this.#local = new LocalFiles({
      items,
      prober: this.#prober,
      log,
      depth: () => numberOf(config.value.folderDepth, 8),
    });
    const credentials = new Credentials(storage);
    this.#http = new HttpFiles({ client: new HttpClient(clock), credentials, streams, clock, log });
    this.#playlists = new Playlists(items, this.#http, log);
  }

  async resolve(uri: string, options: { readonly signal?: AbortSignal }): Promise<ResolveResult> {
    const { signal } = options;
    refuseAborted(signal);
    if (isHttpAddress(uri)) {
      const { url, found } = await this.#http.discover(uri, signal);
      if (found.type === 'playlist')
        return this.#playlists.remote(found.base, found.name, found.playlist, signal);
      return { kind: 'single', items: [this.#http.item(url, found.resource)] };
    }
    const path = pathOf(uri);
    const stats = await this.#local.look(path);
    if (stats.isDirectory()) return this.#local.folder(path, signal);
    if (isPlaylistName(path)) {
      const playlist = await this.#playlists.read(path);
      if (playlist.kind === 'list') return this.#playlists.local(path, playlist, signal);
      // The manifest of an adaptive stream is one thing to play; it names its parts to the player.
      return { kind: 'single', items: [await this.#items.one(path)] };
    }
    return this.#local.file(path, stats);
  }

  async list(container: string, options: ListOptions): Promise<Page<Item>> {
    refuseAborted(options.signal);
    const local = !isHttpAddress(container);
    if (local && (await this.#local.look(pathOf(container))).isDirectory())
      return this.#local.list(pathOf(container), options);
    const from = pageStart(options.cursor);
    const limit = Math.min(1_000, Math.max(1, Math.floor(options.limit ?? 100)));
    const { items } = await this.resolve(container, options);
    const more = from + limit < items.length;
    return { items: items.slice(from, from + limit), ...(more ? { cursor: String(from + limit) } : {}) };
  }

  async siblings(item: Item, options: { readonly signal?: AbortSignal }): Promise<readonly Item[]> {
    refuseAborted(options.signal);
    return isHttpAddress(item.uri) ? [item] : this.#local.siblings(item, options.signal);
  }

  async open(item: Item, options: SourceOpenOptions): Promise<SourceStream> {
    refuseAborted(options.signal);
    if (item.kind === 'container')
      throw new KinoportError(
        'SOURCE_UNSUPPORTED',
        `${JSON.stringify(item.title)} is a list, not one film.`,
        {
          hint: 'Play one of its items.',
        },
      );
    return isHttpAddress(item.uri) ? this.#http.open(item, options) : this.#local.open(item);
  }

  async reopen(record: StreamRecord): Promise<SourceStream> {
    return isHttpAddress(record.item.uri) ? this.#http.reopen(record) : this.#local.reopen(record);
  }

  async stats(streamId: string): Promise<StreamStats> {
    return this.#http.stats(streamId);
  }

  async release(streamId: string): Promise<void> {
    await this.#http.release(streamId);
  }

  /** Resolves when nothing goes on in the background. */
  async idle(): Promise<void> {
    await this.#prober.idle();
  }

  async dispose(): Promise<void> {
    await Promise.all([this.#prober.dispose(), this.#http.dispose(), this.#keys.dispose()]);
  }
}

/** What is done without waiting for anything else looks at the signal here. */
function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedError();
}

function textOf(value: unknown, fallback: string): string {
  return typeof value === 'string' ? value : fallback;
}

function numberOf(value: unknown, fallback: number): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : fallback;
}
