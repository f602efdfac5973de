import { type FSWatcher, realpathSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Clock, Disposable } from '@kinoport/core';

export interface FileWatchOptions {
  readonly file: string;
  readonly clock: Clock;
  /** Milliseconds of quiet before `onChange`. */
  readonly debounce: number;
  /** Something may have changed; the reader finds out what. Must not throw. */
  readonly onChange: () => void;
}

/** How often a file is looked at where it cannot be watched (no inotify watches left, a missing folder). */
const POLL = 2000;

/**
 * Tells when a file is written, replaced by a rename, made or removed. It watches the folder, because a watch
 * on the file itself stays with the old file after a rename; and the folder of a link's target as well.
 */
export class FileWatch implements Disposable {
  readonly #options: FileWatchOptions;
  readonly #watchers = new Map<string, FSWatcher>();
  #poll: Disposable | undefined;
  #pending: Disposable | undefined;
  #disposed = false;

  constructor(options: FileWatchOptions) {
    this.#options = options;
    this.#arm();
  }

  dispose(): void {
    this.#disposed = true;
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
    void this.#poll?.dispose();
    void this.#pending?.dispose();
  }

  #arm(): void {
    const files = new Set([this.#options.file, targetOf(this.#options.file)]);
    for (const [file, watcher] of this.#watchers) {
      if (files.has(file)) continue;
      watcher.close();
      this.#watchers.delete(file);
    }
    for (const file of files) if (!this.#watchers.has(file)) this.#watch(file);
    const complete = this.#watchers.size === files.size;
    if (complete) {
      void this.#poll?.dispose();
      this.#poll = undefined;
    } else {
      this.#poll ??= this.#options.clock.every(POLL, () => this.#changed());
    }
  }

  #watch(file: string): void {
    const name = basename(file);
    try {
      const watcher = watch(dirname(file), { persistent: false }, (_event, changed) => {
        if (changed === null || changed === name) this.#schedule();
      });
      watcher.on('error', () => {
        watcher.close();
        this.#watchers.delete(file);
        this.#schedule();
      });
      this.#watchers.set(file, watcher);
    } catch {
      // `#arm` sees that it is missing and polls.
    }
  }

  #schedule(): void {
    if (this.#disposed) return;
    void this.#pending?.dispose();
    this.#pending = this.#options.clock.after(this.#options.debounce, () => this.#changed());
  }

  #changed(): void {
    if (this.#disposed) return;
    this.#pending = undefined;
    this.#arm();
    this.#options.onChange();
  }
}

function targetOf(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}
