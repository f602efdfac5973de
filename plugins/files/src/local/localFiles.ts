import type { Stats } from 'node:fs';
import { access, constants, open, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Item,
  KinoportError,
  type ListOptions,
  type Log,
  type Page,
  type ResolveResult,
  type SourceStream,
  type StreamRecord,
} from '@kinoport/core';
import { containerKey } from '../contentKey.ts';
import { isForeignType, mediaKind, sniff, stripExtension, typeOfName } from '../media.ts';
import { findSubtitles } from '../subtitles/sidecars.ts';
import { notMedia, pathError } from './errors.ts';
import { foldersAbove, type LocalItems } from './localItems.ts';
import type { Prober } from './probe.ts';
import { type FolderEntry, listFolder, walk } from './walk.ts';

const MAX_ITEMS = 10_000;
const DEFAULT_PAGE = 100;

/** Files and folders of this machine. */
export class LocalFiles {
  readonly #items: LocalItems;
  readonly #prober: Prober;
  readonly #log: Log;
  readonly #depth: () => number;

  constructor(options: {
    readonly items: LocalItems;
    readonly prober: Prober;
    readonly log: Log;
    /** Levels of folders that are looked into. */
    readonly depth: () => number;
  }) {
    this.#items = options.items;
    this.#prober = options.prober;
    this.#log = options.log;
    this.#depth = options.depth;
  }

  /** What lies at a path. @throws KinoportError `SOURCE_NOT_FOUND`, `SOURCE_FORBIDDEN`, `SOURCE_NOT_MEDIA` */
  async look(path: string): Promise<Stats> {
    let stats: Stats;
    try {
      stats = await stat(path);
      if (stats.isFile() || stats.isDirectory()) await access(path, constants.R_OK);
    } catch (error) {
      throw pathError(error, path);
    }
    if (!stats.isFile() && !stats.isDirectory()) throw notMedia(path, 'a device, pipe or socket');
    return stats;
  }

  /** @throws KinoportError `SOURCE_NOT_MEDIA`, `SOURCE_FORBIDDEN`, `SOURCE_FAILED` */
  async file(path: string, stats: Stats): Promise<ResolveResult> {
    if (stats.size === 0) throw notMedia(path, 'an empty file');
    await this.#assertMedia(path);
    return { kind: 'single', items: [await this.#items.one(path, stats)] };
  }

  /** @throws KinoportError `SOURCE_EMPTY`, `SOURCE_FORBIDDEN`, `SOURCE_FAILED`, `ABORTED` */
  async folder(path: string, signal?: AbortSignal): Promise<ResolveResult> {
    const found = await walk(path, {
      depth: this.#depth(),
      limit: MAX_ITEMS,
      above: foldersAbove(path),
      signal,
      onSkip: (skipped, error) =>
        this.#log.warn('A folder was left out', { path: skipped, reason: String(error) }),
    });
    const { items, failure } = await this.#items.many(
      found.map((file) => file.path),
      signal,
    );
    if (items.length === 0) throw failure ?? emptyFolder(path);
    return { kind: 'folder', title: basename(path) || path, items };
  }

  /** Folders and files directly in a folder; only those of the page are read. */
  async list(path: string, options: ListOptions): Promise<Page<Item>> {
    const limit = Math.min(1_000, Math.max(1, Math.floor(options.limit ?? DEFAULT_PAGE)));
    const from = pageStart(options.cursor);
    let entries: readonly FolderEntry[];
    try {
      entries = (await listFolder(path, [basename(path), ...foldersAbove(path)], true)).entries;
    } catch (error) {
      throw pathError(error, path);
    }
    const page = entries.slice(from, from + limit);
    const files = page.filter((entry) => entry.type === 'video' || entry.type === 'audio');
    const { items } = await this.#items.many(
      files.map((entry) => entry.path),
      options.signal,
    );
    const byPath = new Map(items.map((item) => [item.uri, item]));
    const listed = page.flatMap((entry): Item[] => {
      if (entry.type === 'folder' || entry.type === 'playlist') return [container(entry)];
      const item = byPath.get(entry.path);
      return item ? [item] : [];
    });
    return { items: listed, ...(from + limit < entries.length ? { cursor: String(from + limit) } : {}) };
  }

  /** The files of the item's folder, of its kind; of an episode those of its series. */
  async siblings(item: Item, signal?: AbortSignal): Promise<readonly Item[]> {
    const path = pathOf(item.uri);
    const folder = dirname(path);
    try {
      const { entries } = await listFolder(folder, foldersAbove(path), false);
      const paths = entries.filter((entry) => entry.type === item.kind).map((entry) => entry.path);
      const { items } = await this.#items.many(paths, signal);
      const series = item.series?.title.toLowerCase();
      const run = items.filter((one) => one.series?.title.toLowerCase() === series);
      return run.some((one) => one.uri === path) ? run : [item];
    } catch (error) {
      throw pathError(error, folder);
    }
  }

  /** @throws KinoportError `SOURCE_NOT_FOUND`, `SOURCE_FORBIDDEN`, `SOURCE_NOT_MEDIA`, `SOURCE_FAILED` */
  async open(item: Item): Promise<SourceStream> {
    const path = pathOf(item.uri);
    const [stats, subtitles, facts] = await Promise.all([
      this.look(path),
      findSubtitles(path),
      this.#prober.known(item.key),
    ]);
    if (!stats.isFile()) throw notMedia(path, 'a folder');
    if (!facts) this.#prober.later(item.key, path);
    return described(path, stats, { subtitles, ...facts });
  }

  /** @throws KinoportError `SOURCE_CHANGED`, and as `open` */
  async reopen(record: StreamRecord): Promise<SourceStream> {
    const path = pathOf(record.item.uri);
    const stats = await this.look(path);
    if (record.size !== undefined && stats.size !== record.size)
      throw new KinoportError('SOURCE_CHANGED', `${JSON.stringify(basename(path))} is another file now.`, {
        hint: 'Play it again to open the new one.',
        data: { path },
      });
    return described(path, stats, { subtitles: await findSubtitles(path) });
  }

  /** By the name where it says enough, else by the first bytes. */
  async #assertMedia(path: string): Promise<void> {
    const promised = mediaKind(path) !== undefined;
    const content = sniff(await headOf(path));
    if (content === 'media') return;
    if (content === 'html') throw notMedia(path, 'a web page');
    if (promised) return;
    if (content === 'text') throw notMedia(path, 'a text');
    if (content === 'foreign' || isForeignType(typeOfName(path)))
      throw notMedia(path, 'a file of another kind');
  }
}

/** A local path out of what a viewer gave. @throws KinoportError `INVALID_ARGUMENT` */
export function pathOf(uri: string): string {
  let path: string | undefined = uri;
  if (/^file:/i.test(uri)) {
    try {
      path = fileURLToPath(uri);
    } catch {
      path = undefined;
    }
  }
  if (path === undefined || path.length > 8_192 || path.includes('\0') || !isAbsolute(path)) {
    throw new KinoportError(
      'INVALID_ARGUMENT',
      `${JSON.stringify(uri.slice(0, 200))} is no path of this machine.`,
      {
        hint: 'Give an absolute path or a file: address.',
      },
    );
  }
  return resolve(path);
}

/** Where a page begins. @throws KinoportError `INVALID_ARGUMENT` */
export function pageStart(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  if (/^\d{1,6}$/.test(cursor)) return Number(cursor);
  throw new KinoportError('INVALID_ARGUMENT', 'The cursor is not one of this source.', {
    hint: 'Pass on the cursor of the page before.',
  });
}

async function headOf(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path, 'r');
    try {
      const buffer = Buffer.alloc(4_096);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw pathError(error, path);
  }
}

function described(
  path: string,
  stats: Stats,
  more: Pick<SourceStream, 'subtitles' | 'duration'> & { readonly bitrate?: number },
): SourceStream {
  const { subtitles, duration, bitrate } = more;
  return {
    location: { type: 'path', path },
    size: stats.size,
    mime: typeOfName(path) ?? 'application/octet-stream',
    ...(duration === undefined ? {} : { duration }),
    ...(bitrate === undefined ? {} : { hints: { bitrate } }),
    ...(subtitles === undefined ? {} : { subtitles }),
    record: {},
  };
}

function container(entry: FolderEntry): Item {
  return {
    key: containerKey(entry.path),
    uri: entry.path,
    title: stripExtension(entry.name),
    kind: 'container',
  };
}

function emptyFolder(path: string): KinoportError {
  return new KinoportError(
    'SOURCE_EMPTY',
    `The folder ${JSON.stringify(path)} holds no video or audio files.`,
    {
      hint: 'Give another folder; hidden files are not looked at.',
      data: { path },
    },
  );
}
