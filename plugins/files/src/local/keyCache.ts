import type { Stats } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Disposable, Log } from '@kinoport/core';
import { keyOfFile } from '../contentKey.ts';

const LIMIT = 50_000;
const WRITE_AFTER_MS = 2_000;
/** Below this many new keys computing them again costs less than keeping them. */
const WORTH_WRITING = 20;

/**
 * Content keys of files seen before, by device, inode, size and time of the last change. A season on a spinning
 * disk or a network share takes two seeks a file the first time and none the next.
 */
export class KeyCache implements Disposable {
  readonly #file: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #keys: Map<string, string> | undefined;
  #loading: Promise<Map<string, string>> | undefined;
  #unwritten = 0;
  #writing: Promise<void> = Promise.resolve();
  #timer: Disposable | undefined;
  #disposed = false;

  constructor(options: { readonly folder: string; readonly clock: Clock; readonly log: Log }) {
    this.#file = join(options.folder, 'content-keys.json');
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** The file's key, from the cache or its bytes. @throws the system's error when it cannot be read */
  async keyOf(path: string, stats: Stats): Promise<string> {
    const keys = this.#keys ?? (await this.#load());
    const id = `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeMs}`;
    const known = keys.get(id);
    if (known !== undefined) return known;
    const key = await keyOfFile(path, stats.size);
    // No inode numbers (some network shares): the same id would stand for several files.
    if (stats.ino === 0) return key;
    keys.set(id, key);
    this.#unwritten++;
    this.#schedule();
    return key;
  }

  /** Writes what is new, and resolves when it is on disk. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#timer?.dispose();
    this.#write();
    await this.#writing;
  }

  #load(): Promise<Map<string, string>> {
    this.#loading ??= this.#read().then((keys) => {
      this.#keys = keys;
      return keys;
    });
    return this.#loading;
  }

  async #read(): Promise<Map<string, string>> {
    const keys = new Map<string, string>();
    try {
      const data: unknown = JSON.parse(await readFile(this.#file, 'utf8'));
      if (typeof data !== 'object' || data === null) return keys;
      for (const [id, key] of Object.entries(data)) {
        if (typeof key === 'string' && /^file:\d{1,16}-[0-9a-f]{32}$/.test(key)) keys.set(id, key);
      }
    } catch {
      // Absent or damaged: it is a cache.
    }
    return keys;
  }

  #schedule(): void {
    if (this.#timer || this.#disposed || this.#unwritten < WORTH_WRITING) return;
    this.#timer = this.#clock.after(WRITE_AFTER_MS, () => {
      this.#timer = undefined;
      this.#write();
    });
  }

  #write(): void {
    const keys = this.#keys;
    if (!keys || this.#unwritten < WORTH_WRITING) return;
    this.#unwritten = 0;
    for (const id of keys.keys()) {
      if (keys.size <= LIMIT) break;
      keys.delete(id);
    }
    const text = JSON.stringify(Object.fromEntries(keys));
    this.#writing = this.#writing.then(async () => {
      try {
        const temporary = `${this.#file}.${process.pid}.tmp`;
        await writeFile(temporary, text);
        await rename(temporary, this.#file);
      } catch (error) {
        this.#log.warn('The content keys could not be kept', { reason: String(error) });
      }
    });
  }
}
