import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { abortedError } from '@kinoport/core';
import { isPlaylistName, mediaKind } from '../media.ts';
import { compareKeys, type SortKey } from '../names/order.ts';
import { type Folders, parseName, seasonOfFolder } from '../names/parse.ts';
import { pathError } from './errors.ts';

export interface WalkOptions {
  /** Levels of folders below the first. */
  readonly depth: number;
  /** Files in all; the walk ends there. */
  readonly limit: number;
  /** Names of the folders above the first, nearest first. */
  readonly above: Folders;
  readonly signal?: AbortSignal;
  /** Told about a folder below that could not be read; the walk goes on. */
  readonly onSkip: (path: string, error: unknown) => void;
}

export interface FoundFile {
  readonly path: string;
  readonly kind: 'video' | 'audio';
  /** Names of the folders it lies in, nearest first. */
  readonly folders: Folders;
}

/** An entry of a folder that a viewer would see. */
export interface FolderEntry {
  readonly path: string;
  readonly name: string;
  readonly type: 'video' | 'audio' | 'folder' | 'playlist';
  readonly linked: boolean;
  readonly key: SortKey;
}

/** Folders looked into in one walk: beside the limit of files, against trees without any. */
const MAX_FOLDERS = 5_000;

// The names that Plex, Kodi and Jellyfin agree on for what is no part of the film or series.
const ASIDE_FOLDER =
  /^(subs?|subtitles?|samples?|extras?|featurettes?|behind[ _.-]?the[ _.-]?scenes|deleted[ _.-]?scenes|interviews|scenes|shorts|trailers?|bonus(es)?|proofs?|screens(hots)?|theme-music|backdrops)$/i;
const SYSTEM_FOLDER =
  /^(\..*|@eadir|#recycle|\$recycle\.bin|system volume information|lost\+found|node_modules)$/i;
const ASIDE_FILE =
  /(^|[\s._-])sample$|^sample[\s._-]|-(trailer|behindthescenes|deleted|featurette|interview|scene|short|other|extra)\d*$/i;

/**
 * The media below a folder in the order a viewer goes through it: naturally sorted, episodes by season and
 * number, specials last. Hidden files, samples, extras and subtitle folders are left out, unless there is
 * nothing else. A tree that holds films gives the films; one without gives its sounds.
 */
export async function walk(root: string, options: WalkOptions): Promise<readonly FoundFile[]> {
  for (const aside of [false, true]) {
    const walker = new Walker(options, aside);
    const found = await walker.run(root);
    if (found.length > 0) {
      const videos = found.filter((file) => file.kind === 'video');
      return videos.length > 0 ? videos : found;
    }
    if (!walker.leftOut) return [];
  }
  return [];
}

class Walker {
  readonly #options: WalkOptions;
  readonly #aside: boolean;
  readonly #found: FoundFile[] = [];
  readonly #seen = new Set<string>();
  #folders = 0;
  leftOut = false;

  constructor(options: WalkOptions, aside: boolean) {
    this.#options = options;
    this.#aside = aside;
  }

  async run(root: string): Promise<readonly FoundFile[]> {
    await this.#folder(root, this.#options.depth, [basename(root), ...this.#options.above], false, true);
    return this.#found;
  }

  async #folder(
    path: string,
    depth: number,
    folders: Folders,
    viaLink: boolean,
    first: boolean,
  ): Promise<void> {
    if (this.#options.signal?.aborted) throw abortedError();
    if (this.#folders++ >= MAX_FOLDERS) return;
    let listed: FolderListing;
    try {
      // Each real folder once: links that lead upwards or to each other come to an end.
      const real = await realpath(path);
      if (this.#seen.has(real)) return;
      this.#seen.add(real);
      listed = await listFolder(path, folders, this.#aside);
    } catch (error) {
      if (first) throw pathError(error, path);
      this.#options.onSkip(path, error);
      return;
    }
    this.leftOut ||= listed.leftOut;
    for (const entry of listed.entries) {
      if (this.#found.length >= this.#options.limit) return;
      if (entry.type === 'video' || entry.type === 'audio') {
        this.#found.push({ path: entry.path, kind: entry.type, folders });
      } else if (entry.type === 'folder' && depth > 0 && !(entry.linked && viaLink)) {
        const below = [entry.name, ...folders].slice(0, 4);
        await this.#folder(entry.path, depth - 1, below, viaLink || entry.linked, false);
      }
    }
  }
}

export interface FolderListing {
  readonly entries: readonly FolderEntry[];
  /** Samples, extras and the like were there. */
  readonly leftOut: boolean;
}

/** What lies in one folder, in order. `aside`: with samples and extras. */
export async function listFolder(path: string, folders: Folders, aside: boolean): Promise<FolderListing> {
  const entries: FolderEntry[] = [];
  let leftOut = false;
  for (const dirent of await readdir(path, { withFileTypes: true })) {
    if (dirent.name.startsWith('.')) continue;
    const entry = await classify(path, dirent, folders);
    if (!entry) continue;
    const besides =
      entry.type === 'folder' ? ASIDE_FOLDER.test(entry.name) : ASIDE_FILE.test(stem(entry.name));
    if (besides) leftOut = true;
    if (!besides || aside) entries.push(entry);
  }
  entries.sort((a, b) => compareKeys(a.key, b.key));
  return { entries, leftOut };
}

async function classify(parent: string, dirent: Dirent, folders: Folders): Promise<FolderEntry | undefined> {
  const { name } = dirent;
  const path = join(parent, name);
  const linked = dirent.isSymbolicLink();
  let isFolder = dirent.isDirectory();
  let isFile = dirent.isFile();
  if (linked || (!isFolder && !isFile && isUnknown(dirent))) {
    const target = await stat(path).catch(() => undefined);
    isFolder = target?.isDirectory() ?? false;
    isFile = target?.isFile() ?? false;
  }
  if (isFolder) {
    if (SYSTEM_FOLDER.test(name)) return undefined;
    const season = seasonOfFolder(name);
    const key = { rank: season === 0 ? 1 : 0, group: name, season: 0, episode: 0, name } as const;
    return { path, name, type: 'folder', linked, key };
  }
  if (!isFile) return undefined;
  if (isPlaylistName(name)) {
    return {
      path,
      name,
      type: 'playlist',
      linked,
      key: { rank: 0, group: name, season: 0, episode: 0, name },
    };
  }
  const kind = mediaKind(name);
  return kind === undefined
    ? undefined
    : { path, name, type: kind, linked, key: sortKey(name, folders, kind) };
}

function sortKey(name: string, folders: Folders, kind: 'video' | 'audio'): SortKey {
  const { series } = parseName(name, folders, kind);
  if (series?.episode === undefined) return { rank: 0, group: name, season: 0, episode: 0, name };
  const special = series.season === 0;
  return {
    rank: special ? 1 : 0,
    group: series.title,
    season: series.season ?? 1,
    episode: series.episode,
    name,
  };
}

/** Some network file systems do not say what an entry is. */
function isUnknown(dirent: Dirent): boolean {
  return !dirent.isFIFO() && !dirent.isSocket() && !dirent.isBlockDevice() && !dirent.isCharacterDevice();
}

function stem(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? name : name.slice(0, dot);
}
