import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Item, Log } from '@kinoport/core';
import { mediaKind, typeOfName } from '../media.ts';
import { type Folders, parseName } from '../names/parse.ts';
import { mapParallel } from '../parallel.ts';
import { pathError } from './errors.ts';
import type { KeyCache } from './keyCache.ts';

/** Files whose head and tail are read at once; more gains nothing on one disk. */
const WIDTH = 16;

/** Makes items out of files on disk. */
export class LocalItems {
  readonly #keys: KeyCache;
  readonly #log: Log;

  constructor(keys: KeyCache, log: Log) {
    this.#keys = keys;
    this.#log = log;
  }

  /** @throws KinoportError `SOURCE_NOT_FOUND`, `SOURCE_FORBIDDEN`, `SOURCE_FAILED` */
  async one(path: string, stats?: Stats): Promise<Item> {
    try {
      const facts = stats ?? (await stat(path));
      const kind = mediaKind(path) ?? 'video';
      const name = parseName(basename(path), foldersAbove(path), kind);
      const mime = typeOfName(path);
      return {
        key: await this.#keys.keyOf(path, facts),
        uri: path,
        ...name,
        kind,
        size: facts.size,
        ...(mime === undefined ? {} : { mime }),
      };
    } catch (error) {
      throw pathError(error, path);
    }
  }

  /** As `one`, in order; what cannot be read or is empty is left out. */
  async many(paths: readonly string[], signal?: AbortSignal): Promise<{ items: Item[]; failure?: unknown }> {
    let failure: unknown;
    const items = await mapParallel(
      paths,
      WIDTH,
      async (path) => {
        try {
          const stats = await stat(path);
          return stats.isFile() && stats.size > 0 ? await this.one(path, stats) : undefined;
        } catch (error) {
          failure ??= pathError(error, path);
          this.#log.warn('A file was left out', { path, reason: String(error) });
          return undefined;
        }
      },
      signal,
    );
    return { items: items.filter((item) => item !== undefined), failure };
  }
}

/** Names of the folders that a path lies in, nearest first. */
export function foldersAbove(path: string): Folders {
  const names: string[] = [];
  for (let at = dirname(path); names.length < 4 && dirname(at) !== at; at = dirname(at))
    names.push(basename(at));
  return names;
}
