import { realpath, stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import {
  isKinoportError,
  type JsonObject,
  KinoportError,
  type PlayerInstallation,
  type PluginStorage,
  type Processes,
} from '@kinoport/core';
import { knownPlaces } from './knownPlaces.ts';
import { isNewEnough, MINIMUM_VERSION, parseVersion } from './version.ts';

const FLATPAK = 'io.mpv.Mpv';
const STORED = 'versions';

export interface InstallationSurroundings {
  readonly processes: Processes;
  readonly storage: PluginStorage;
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Folders that an mpv in a sandbox has to reach. */
  readonly shared: readonly string[];
}

/** Which mpv there are. Versions are asked once for each file and remembered as long as it does not change. */
export class Installations {
  readonly #where: InstallationSurroundings;
  readonly #known = new Map<string, string>();
  #loaded: Promise<void> | undefined;

  constructor(where: InstallationSurroundings) {
    this.#where = where;
  }

  /** The one to start, without running anything where mpv is an ordinary program. */
  async find(configured: string | undefined): Promise<PlayerInstallation | undefined> {
    for await (const candidate of this.#candidates(configured)) return candidate;
    return undefined;
  }

  /** All of them with their versions, the one that `find` takes first. */
  async list(
    configured: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<readonly PlayerInstallation[]> {
    const found: PlayerInstallation[] = [];
    if (configured !== undefined && (await this.#locate(configured)) === undefined) {
      const { message, hint } = notAtConfigured(configured);
      const problem = { code: 'PLAYER_NOT_FOUND', message, ...(hint === undefined ? {} : { hint }) };
      found.push({ path: configured, argv: [], kind: 'native', problem });
    }
    for await (const candidate of this.#candidates(configured)) {
      found.push(await this.describe(candidate, signal));
    }
    return found;
  }

  /** Adds version and problem. */
  async describe(candidate: PlayerInstallation, signal?: AbortSignal): Promise<PlayerInstallation> {
    const key = await keyOf(candidate);
    this.#loaded ??= this.#load();
    await this.#loaded;
    let version = this.#known.get(key);
    if (version === undefined) {
      const answer = await this.#askVersion(candidate, signal);
      if (typeof answer !== 'string') return { ...candidate, problem: answer };
      version = answer;
      await this.remember(candidate, version);
    }
    if (isNewEnough(version)) return { ...candidate, version };
    const { code, message, hint } = tooOld(version);
    return { ...candidate, version, problem: { code, message, ...(hint === undefined ? {} : { hint }) } };
  }

  /** What a running mpv told of itself. */
  async remember(candidate: PlayerInstallation, version: string): Promise<void> {
    this.#loaded ??= this.#load();
    await this.#loaded;
    const key = await keyOf(candidate);
    if (this.#known.get(key) === version) return;
    this.#known.set(key, version);
    // A few installations at most; of those that changed only the newest entry is of use.
    const entries = [...this.#known].slice(-10);
    await this.#where.storage.set(STORED, Object.fromEntries(entries));
  }

  async *#candidates(configured: string | undefined): AsyncGenerator<PlayerInstallation> {
    const { processes, platform, home, environment } = this.#where;
    if (configured !== undefined) {
      const path = await this.#locate(configured);
      if (path !== undefined) yield native(path);
      return;
    }
    const seen = new Set<string>();
    const onPath = await processes.which('mpv');
    for (const path of [
      ...(onPath === undefined ? [] : [onPath]),
      ...knownPlaces(platform, home, environment),
    ]) {
      const real = await realpath(path).catch(() => undefined);
      if (real === undefined || seen.has(real)) continue;
      seen.add(real);
      yield native(path);
    }
    if (platform === 'linux') {
      const flatpak = await this.#flatpak();
      if (flatpak) yield flatpak;
    }
  }

  async #locate(configured: string): Promise<string | undefined> {
    if (!isAbsolute(configured) && !/[\\/]/.test(configured)) return this.#where.processes.which(configured);
    const file = await stat(configured).catch(() => undefined);
    return file?.isFile() ? configured : undefined;
  }

  async #flatpak(): Promise<PlayerInstallation | undefined> {
    const { processes, shared } = this.#where;
    const flatpak = await processes.which('flatpak');
    if (flatpak === undefined) return undefined;
    try {
      const info = await processes.run(flatpak, ['info', FLATPAK], { timeout: 5000 });
      if (info.exitCode !== 0) return undefined;
    } catch (error) {
      if (isKinoportError(error)) return undefined;
      throw error;
    }
    return {
      path: flatpak,
      argv: ['run', ...shared.map((folder) => `--filesystem=${folder}`), FLATPAK],
      kind: 'flatpak',
    };
  }

  async #askVersion(
    candidate: PlayerInstallation,
    signal: AbortSignal | undefined,
  ): Promise<string | NonNullable<PlayerInstallation['problem']>> {
    const hint = 'Run it with --version by hand, and install it again if it does not answer.';
    try {
      const args = [...candidate.argv, '--version'];
      const result = await this.#where.processes.run(candidate.path, args, {
        timeout: 10_000,
        ...(signal === undefined ? {} : { signal }),
      });
      const version = parseVersion(result.stdout);
      if (version !== undefined) return version;
      const message = `${candidate.path} does not tell a version of mpv.`;
      return { code: 'PLAYER_START_FAILED', message, hint };
    } catch (error) {
      if (!isKinoportError(error) || error.code === 'ABORTED') throw error;
      return {
        code: 'PLAYER_START_FAILED',
        message: `${candidate.path} cannot be run: ${error.message}`,
        hint,
      };
    }
  }

  async #load(): Promise<void> {
    const stored = await this.#where.storage.get(STORED);
    if (typeof stored !== 'object' || stored === null || Array.isArray(stored)) return;
    for (const [key, version] of Object.entries(stored as JsonObject)) {
      if (typeof version === 'string') this.#known.set(key, version);
    }
  }
}

/** The error of an mpv that is too old. */
export function tooOld(version: string): KinoportError {
  return new KinoportError('PLAYER_TOO_OLD', `mpv ${version} is older than ${MINIMUM_VERSION}.`, {
    hint: 'Install a newer mpv (see mpv.io/installation), or name another one as "path" in the mpv settings.',
    data: { version, needs: MINIMUM_VERSION },
  });
}

/** The error of no mpv at all. */
export function notFound(configured: string | undefined, platform: NodeJS.Platform): KinoportError {
  if (configured !== undefined) return notAtConfigured(configured);
  const install: Partial<Record<NodeJS.Platform, string>> = {
    win32: 'Install it with "winget install mpv" or "scoop install mpv".',
    darwin: 'Install it with "brew install mpv".',
    linux: 'Install the package "mpv" of your system ("sudo apt install mpv", "sudo dnf install mpv", ...).',
  };
  return new KinoportError('PLAYER_NOT_FOUND', 'mpv is not installed, or not where it could be found.', {
    hint: install[platform] ?? 'Install the package "mpv" of your system.',
  });
}

function notAtConfigured(path: string): KinoportError {
  return new KinoportError('PLAYER_NOT_FOUND', `There is no mpv at ${path}.`, {
    hint: 'Correct "path" in the settings of the plugin mpv, or remove it to use the one on PATH.',
    data: { configured: path },
  });
}

function native(path: string): PlayerInstallation {
  const kind = path.startsWith('/snap/') ? 'snap' : path.includes('.app/Contents/') ? 'app' : 'native';
  return { path, argv: [], kind };
}

async function keyOf(candidate: PlayerInstallation): Promise<string> {
  if (candidate.kind === 'flatpak') return `flatpak ${FLATPAK}`;
  const file = await stat(candidate.path).catch(() => undefined);
  return `${candidate.path} ${Math.round(file?.mtimeMs ?? 0)} ${file?.size ?? 0}`;
}
