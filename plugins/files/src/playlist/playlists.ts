import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  abortedError,
  type Item,
  isKinoportError,
  KinoportError,
  type Log,
  type ResolveResult,
} from '@kinoport/core';
import { isHttpAddress, parseAddress } from '../http/address.ts';
import type { HttpFiles } from '../http/httpFiles.ts';
import { tooLarge } from '../http/resource.ts';
import { pathError } from '../local/errors.ts';
import type { LocalItems } from '../local/localItems.ts';
import { isPlaylistName, stripExtension } from '../media.ts';
import {
  decodePlaylist,
  MAX_PLAYLIST_BYTES,
  MAX_PLAYLIST_ENTRIES,
  type Playlist,
  type PlaylistEntry,
  parsePlaylist,
} from './m3u.ts';

const MAX_NESTING = 3;

type Slot =
  | { readonly type: 'path'; readonly path: string; readonly entry: PlaylistEntry }
  | { readonly type: 'address'; readonly url: URL; readonly entry: PlaylistEntry };

/** Reads playlists from disk and makes their items. */
export class Playlists {
  readonly #items: LocalItems;
  readonly #http: HttpFiles;
  readonly #log: Log;

  constructor(items: LocalItems, http: HttpFiles, log: Log) {
    this.#items = items;
    this.#http = http;
    this.#log = log;
  }

  /** A playlist on disk. @throws KinoportError `SOURCE_UNSUPPORTED` when it is too large, and the path's */
  async read(path: string): Promise<Playlist> {
    try {
      if ((await stat(path)).size > MAX_PLAYLIST_BYTES) throw tooLarge();
      return parsePlaylist(decodePlaylist(await readFile(path)));
    } catch (error) {
      throw pathError(error, path);
    }
  }

  /** @throws KinoportError `SOURCE_EMPTY`, `ABORTED` */
  async local(path: string, playlist: Playlist, signal?: AbortSignal): Promise<ResolveResult> {
    const slots: Slot[] = [];
    await this.#collect(playlist, path, [path], slots, signal);
    return this.#result(playlist.title ?? stripExtension(basename(path)), slots, signal);
  }

  /** A playlist of a server: it may name addresses, never files of this machine. */
  async remote(base: URL, name: string, playlist: Playlist, signal?: AbortSignal): Promise<ResolveResult> {
    const slots: Slot[] = [];
    for (const entry of playlist.entries) {
      const url = URL.canParse(entry.target, base.href) ? new URL(entry.target, base) : undefined;
      if (url && isHttpAddress(url.href)) slots.push({ type: 'address', url, entry });
    }
    this.#reportSkipped(playlist.entries.length - slots.length);
    return this.#result(playlist.title ?? stripExtension(name), slots, signal);
  }

  /** Entries in order; playlists among them are opened up in their place. */
  async #collect(
    playlist: Playlist,
    path: string,
    above: readonly string[],
    slots: Slot[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    for (const entry of playlist.entries) {
      if (signal?.aborted) throw abortedError();
      if (slots.length >= MAX_PLAYLIST_ENTRIES) return;
      if (isHttpAddress(entry.target)) {
        if (URL.canParse(entry.target))
          slots.push({ type: 'address', url: parseAddress(entry.target), entry });
        continue;
      }
      const target = await localTarget(entry.target, dirname(path));
      if (target === undefined) {
        this.#reportSkipped(1);
      } else if (!isPlaylistName(target)) {
        slots.push({ type: 'path', path: target, entry });
      } else if (above.length < MAX_NESTING && !above.includes(target)) {
        try {
          const nested = await this.read(target);
          if (nested.kind === 'hls') slots.push({ type: 'path', path: target, entry });
          else await this.#collect(nested, target, [...above, target], slots, signal);
        } catch (error) {
          if (signal?.aborted) throw error;
          this.#log.warn('A playlist in a playlist was left out', { path: target, reason: String(error) });
        }
      }
    }
  }

  async #result(title: string, slots: readonly Slot[], signal?: AbortSignal): Promise<ResolveResult> {
    const paths = [...new Set(slots.flatMap((slot) => (slot.type === 'path' ? [slot.path] : [])))];
    const { items: local, failure } = await this.#items.many(paths, signal);
    const byPath = new Map(local.map((item) => [item.uri, item]));
    const items: Item[] = [];
    for (const slot of slots) {
      if (slot.type === 'address') {
        items.push(await this.#http.listedItem(slot.url, slot.entry));
      } else {
        const item = byPath.get(slot.path);
        if (item) items.push(titled(item, slot.entry));
      }
    }
    if (items.length > 0) return { kind: 'playlist', title, items };
    if (failure !== undefined && !isKinoportError(failure, 'SOURCE_NOT_FOUND')) throw failure;
    throw new KinoportError(
      'SOURCE_EMPTY',
      `The playlist ${JSON.stringify(title)} names nothing that can be played.`,
      {
        hint: 'Check that its files are where it says.',
      },
    );
  }

  #reportSkipped(count: number): void {
    if (count > 0) this.#log.warn('Entries of a playlist were left out', { count });
  }
}

/** A file that a playlist names: absolute, relative to it, as a file: address, or with Windows' separators. */
async function localTarget(target: string, folder: string): Promise<string | undefined> {
  if (/^file:/i.test(target)) {
    try {
      return fileURLToPath(target);
    } catch {
      return undefined;
    }
  }
  if (/^[a-z][a-z0-9+.-]+:/i.test(target) && !(await exists(join(folder, target)))) return undefined;
  const candidates = [target, target.replaceAll('\\', '/'), decoded(target)].map((name) =>
    isAbsolute(name) ? name : join(folder, name),
  );
  for (const candidate of candidates) if (await exists(candidate)) return candidate;
  return candidates[0];
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function decoded(target: string): string {
  try {
    return decodeURIComponent(target);
  } catch {
    return target;
  }
}

function titled(item: Item, entry: PlaylistEntry): Item {
  return {
    ...item,
    title: entry.title ?? item.title,
    ...(entry.duration === undefined ? {} : { duration: entry.duration }),
    ...(entry.art === undefined ? {} : { art: entry.art }),
  };
}
