import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { type Clock, type Disposable, DisposableStore } from '@kinoport/core';
import { type FSWatcher, watch } from 'chokidar';
import ignore, { type Ignore } from 'ignore';

/** Milliseconds of quiet before changes are told: an editor writes several files, or one in several steps. */
const QUIET = 50;

/** Folders of tools, and what editors leave beside a file while it is being written. */
const NEVER = [
  'node_modules',
  '.git',
  '.hg',
  '.svn',
  '.idea',
  '.vscode',
  '.DS_Store',
  '*~',
  '.#*',
  '#*#',
  '*.swp',
  '*.swo',
  '*.swx',
  '4913',
  '.*.kate-swp',
  '.goutputstream-*',
  '___jb_*___',
];

export interface FolderWatchOptions {
  readonly root: string;
  readonly clock: Clock;
  /** Folders inside it that are nobody's sources: where the program keeps its own files. */
  readonly leaveOut: readonly string[];
  /** The folder of the entry module counts even where `.gitignore` names it: a build writes there. */
  readonly entry: () => string | undefined;
}

/** Tells which files of a folder have changed: sources, manifest, and what a build makes of them. */
export class FolderWatch implements Disposable {
  readonly #options: FolderWatchOptions;
  readonly #owned = new DisposableStore();
  readonly #changed = new Set<string>();
  readonly #ignores: readonly { readonly base: string; readonly rules: Ignore }[];
  #quiet: Disposable | undefined;
  #waiting: PromiseWithResolvers<readonly string[]> | undefined;

  private constructor(options: FolderWatchOptions) {
    this.#options = options;
    this.#ignores = ignoreFiles(options.root);
  }

  /** Resolves when everything is watched. */
  static async open(options: FolderWatchOptions): Promise<FolderWatch> {
    const folder = new FolderWatch(options);
    const watcher = watch(options.root, {
      ignored: (path) => folder.#isIgnored(path),
      ignoreInitial: true,
      atomic: true,
    });
    folder.#owned.defer(() => watcher.close());
    watcher.on('all', (_event, path) => folder.#note(path));
    // A file that cannot be watched (too many of them, no right to) leaves the others as they are.
    watcher.on('error', () => undefined);
    await ready(watcher);
    return folder;
  }

  /** The files that have changed since the last answer, relative to the folder, as soon as there is one and it is quiet. */
  next(): Promise<readonly string[]> {
    this.#waiting ??= Promise.withResolvers();
    const { promise } = this.#waiting;
    if (this.#changed.size > 0 && !this.#quiet) this.#tell();
    return promise;
  }

  async dispose(): Promise<void> {
    await this.#quiet?.dispose();
    await this.#owned.dispose();
  }

  #note(path: string): void {
    const name = relative(this.#options.root, path);
    if (name === '') return;
    this.#changed.add(name);
    void this.#quiet?.dispose();
    this.#quiet = this.#options.clock.after(QUIET, () => {
      this.#quiet = undefined;
      this.#tell();
    });
  }

  #tell(): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    this.#waiting = undefined;
    const files = [...this.#changed].sort();
    this.#changed.clear();
    waiting.resolve(files);
  }

  #isIgnored(path: string): boolean {
    const { root, leaveOut, entry } = this.#options;
    if (path === root) return false;
    if (leaveOut.some((folder) => path === folder || path.startsWith(folder + sep))) return true;
    if (never.ignores(slashed(relative(root, path)))) return true;
    const built = entry();
    if (built !== undefined && isWithin(built, path)) return false;
    if (built !== undefined && dirname(built) !== root && isWithin(path, dirname(built))) return false;
    return this.#ignores.some(({ base, rules }) => {
      const name = slashed(relative(base, path));
      // A rule for folders alone, `dist/`, is asked as one.
      return rules.ignores(name) || rules.ignores(`${name}/`);
    });
  }
}

const never = ignore().add(NEVER);

function ready(watcher: FSWatcher): Promise<void> {
  return new Promise((resolve) => {
    watcher.once('ready', () => resolve());
  });
}

/** `.gitignore` of the folder and of those above it, up to the one that is the repository. */
function ignoreFiles(root: string): readonly { readonly base: string; readonly rules: Ignore }[] {
  const found: { readonly base: string; readonly rules: Ignore }[] = [];
  for (let base = root; ; base = dirname(base)) {
    const file = join(base, '.gitignore');
    if (existsSync(file)) {
      try {
        found.push({ base, rules: ignore().add(readFileSync(file, 'utf8')) });
      } catch {
        // Not to be read: it names nothing.
      }
    }
    if (existsSync(join(base, '.git')) || dirname(base) === base) return found;
  }
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder + sep);
}

function slashed(path: string): string {
  return sep === '/' ? path : path.replaceAll(sep, '/');
}
