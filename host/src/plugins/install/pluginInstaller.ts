import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Clock, type Disposable, KinoportError, type PluginPermissions } from '@kinoport/core';
import type { Home } from '../../home/home.ts';
import type { Logger } from '../../log/logger.ts';
import type { LoadedManifest } from '../manifest.ts';
import { checkLocal, checkNames, type NameRules, preparedView, readFetched } from './candidate.ts';
import { newStaging, packageCache, remove } from './folders.ts';
import { InstallWorker } from './installWorker.ts';
import { INSTALL_LIMITS, type InstallLimits } from './limits.ts';
import { readLockFile } from './lockFile.ts';
import { notInstalled } from './notInstalled.ts';
import { type PlacementOptions, place } from './placement.ts';
import type { PreparedInstall, SearchHit } from './views.ts';
import { withoutSecrets } from './worker/failures.ts';
import type { FetchResult, WorkerProgress } from './worker/protocol.ts';

/** How long an answer to the questions of an installation is waited for. */
const PREPARED_FOR = 30 * 60_000;
const MOST_PREPARED = 10;

export interface PluginInstallerOptions extends Omit<PlacementOptions, 'home'> {
  readonly home: Home;
  readonly clock: Clock;
  readonly log: Logger;
  /** What there would be with other installed plugins. */
  readonly discover: NameRules['discover'];
  readonly limits?: InstallLimits;
  /** The module of the installer's process. */
  readonly worker?: string;
}

export interface PrepareRequest {
  /** As npm takes it; folders and files by their absolute path. Of an update: where it came from, when absent. */
  readonly spec?: string;
  /** Only as a new version of the plugin of this id. */
  readonly update?: string;
  readonly integrity?: string;
  readonly npmEnvironment?: Readonly<Record<string, string>>;
}

export interface InstallRequest {
  readonly token: string;
  /** What the user allows of what it asks for. */
  readonly grant: PluginPermissions;
  readonly builds: readonly string[];
  readonly skipBuilds: readonly string[];
}

interface Prepared {
  readonly staging: string;
  readonly spec: string;
  readonly fetched: FetchResult;
  readonly manifest: LoadedManifest;
  readonly npmEnvironment: Readonly<Record<string, string>>;
  readonly expiry: Disposable;
  busy: boolean;
}

export type OnProgress = (progress: WorkerProgress) => void;

/**
 * Installs plugins: fetches and checks what was asked for, tells what it wants to be allowed, and puts it in place once
 * that is granted. What fails or is given up leaves nothing, and what ran before goes on.
 */
export class PluginInstaller implements Disposable {
  readonly #options: PluginInstallerOptions;
  readonly #limits: InstallLimits;
  readonly #prepared = new Map<string, Prepared>();
  readonly #workers = new Set<InstallWorker>();
  #committing: Promise<unknown> = Promise.resolve();

  constructor(options: PluginInstallerOptions) {
    this.#options = options;
    this.#limits = options.limits ?? INSTALL_LIMITS;
  }

  /** Installations that are under way or wait for an answer. */
  get size(): number {
    return this.#prepared.size + this.#workers.size;
  }

  /**
   * Fetches a package, checks it and reads its manifest; runs nothing of it.
   * @throws KinoportError `PLUGIN_SPEC_INVALID`, `PLUGIN_NOT_INSTALLED`, `PLUGIN_ID_CLASH`,
   *   `PLUGIN_CONTRIBUTION_CLASH`, `PLUGIN_LOCK_INVALID`, those of the manifest, of the archive and of fetching
   */
  async prepare(
    request: PrepareRequest,
    onProgress: OnProgress,
    signal: AbortSignal,
  ): Promise<PreparedInstall> {
    const { home, clock } = this.#options;
    const { update, npmEnvironment = {}, integrity } = request;
    const locked = readLockFile(home);
    const known = update !== undefined && Object.hasOwn(locked, update) ? locked[update] : undefined;
    if (update !== undefined && !known) throw notInstalled(update);
    const spec = request.spec ?? known?.spec;
    if (spec === undefined)
      throw new KinoportError('INVALID_ARGUMENT', 'It has to be said what is to be installed.');
    checkLocal(spec);
    if (this.#prepared.size >= MOST_PREPARED) {
      throw new KinoportError(
        'PLUGIN_INSTALL_FAILED',
        `${MOST_PREPARED} installations wait for an answer already.`,
        {
          hint: 'Answer them, or give them up.',
        },
      );
    }
    const staging = newStaging(home);
    try {
      return await this.#withWorker(npmEnvironment, onProgress, async (worker) => {
        const cache = packageCache(home);
        const fetched = await worker.fetch(
          { spec, folder: staging, cache, limits: this.#limits, ...(integrity ? { integrity } : {}) },
          signal,
        );
        const manifest = readFetched(join(staging, 'package'), withoutSecrets(spec));
        const before = locked[manifest.id];
        checkNames(manifest, { before, update, discover: this.#options.discover });
        const plan = await worker.plan({ folder: staging, cache }, signal);
        const token = randomBytes(16).toString('hex');
        const expiry = clock.after(PREPARED_FOR, () => this.cancel(token));
        this.#prepared.set(token, { staging, spec, fetched, manifest, npmEnvironment, expiry, busy: false });
        return preparedView({ token, spec, fetched, manifest, plan, before });
      });
    } catch (error) {
      remove(staging);
      throw error;
    }
  }

  /** Gives up what was prepared. */
  cancel(token: string): void {
    const prepared = this.#prepared.get(token);
    if (!prepared || prepared.busy) return;
    this.#drop(token, prepared);
  }

  /**
   * Installs what was prepared. After `PLUGIN_BUILD_NOT_ALLOWED` it may be called again with another answer; after any
   * other error nothing is left of it. A new version that does not start is taken back, and the old one goes on.
   * @throws KinoportError `PLUGIN_INSTALL_EXPIRED`, `PLUGIN_BUILD_NOT_ALLOWED`, `PLUGIN_BUILD_FAILED`,
   *   `PLUGIN_DEPENDENCIES_FAILED`, `PLUGIN_ID_CLASH`, `HOME_NOT_WRITABLE`, of the start
   */
  async install(request: InstallRequest, onProgress: OnProgress, signal: AbortSignal): Promise<string> {
    const prepared = this.#prepared.get(request.token);
    if (!prepared || prepared.busy) {
      throw new KinoportError(
        'PLUGIN_INSTALL_EXPIRED',
        'What was prepared to be installed is no longer there.',
        {
          hint: 'Install it again.',
        },
      );
    }
    prepared.busy = true;
    let isOpen = false;
    try {
      const { home } = this.#options;
      const { staging, npmEnvironment } = prepared;
      const { builds, skipBuilds } = request;
      const work = { folder: staging, cache: packageCache(home), limits: this.#limits, builds, skipBuilds };
      await this.#withWorker(npmEnvironment, onProgress, (worker) => worker.install(work, signal));
      return await this.alone(() => this.#place(prepared, request));
    } catch (error) {
      isOpen = error instanceof KinoportError && error.code === 'PLUGIN_BUILD_NOT_ALLOWED';
      throw error;
    } finally {
      prepared.busy = false;
      if (!isOpen) this.#drop(request.token, prepared);
    }
  }

  /** Plugins of the registry. @throws KinoportError `PLUGIN_FETCH_FAILED` */
  async search(
    request: {
      readonly words: readonly string[];
      readonly limit?: number;
      readonly npmEnvironment?: Readonly<Record<string, string>>;
    },
    signal: AbortSignal,
  ): Promise<readonly SearchHit[]> {
    const { home } = this.#options;
    const staging = newStaging(home);
    try {
      const { words, limit = 20, npmEnvironment = {} } = request;
      const found = await this.#withWorker(
        npmEnvironment,
        () => undefined,
        (worker) => worker.search({ words, limit, folder: staging, cache: packageCache(home) }, signal),
      );
      const names = new Map(Object.entries(readLockFile(home)).map(([id, { name }]) => [name, id]));
      return found.map((hit) => ({ ...hit, installed: names.get(hit.name) ?? null }));
    } finally {
      remove(staging);
    }
  }

  /** One change of the lock file after the other. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#committing.then(work);
    this.#committing = done.catch(() => undefined);
    return done;
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => worker.dispose()));
    await this.#committing;
    for (const [token, prepared] of this.#prepared) this.#drop(token, prepared);
  }

  async #place({ staging, spec, fetched, manifest }: Prepared, request: InstallRequest): Promise<string> {
    const { home, discover, log } = this.#options;
    const { id } = manifest;
    const { name, version } = manifest.package;
    // Another one may have been installed since it was prepared.
    checkNames(manifest, { before: readLockFile(home)[id], update: undefined, discover });
    const { resolved, integrity } = fetched;
    await place(this.#options, id, staging, {
      spec,
      name,
      version,
      resolved,
      integrity,
      permissions: request.grant,
      builds: [...request.builds],
      skipBuilds: [...request.skipBuilds],
    });
    log.info('a plugin was installed', { plugin: id, version, integrity });
    return id;
  }

  async #withWorker<T>(
    npmEnvironment: Readonly<Record<string, string>>,
    onProgress: OnProgress,
    work: (worker: InstallWorker) => Promise<T>,
  ): Promise<T> {
    const { home, clock, worker: entry } = this.#options;
    const worker = new InstallWorker({
      home,
      clock,
      npmEnvironment,
      onProgress,
      ...(entry ? { entry } : {}),
    });
    this.#workers.add(worker);
    try {
      return await work(worker);
    } finally {
      await worker.dispose();
      this.#workers.delete(worker);
    }
  }

  #drop(token: string, prepared: Prepared): void {
    this.#prepared.delete(token);
    void prepared.expiry.dispose();
    remove(prepared.staging);
  }
}
