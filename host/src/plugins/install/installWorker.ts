import { type ChildProcess, spawn } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { abortedError, type Clock, type Disposable, isKinoportError, KinoportError } from '@kinoport/core';
import type { Home } from '../../home/home.ts';
import { programEnvironment } from '../../processes/environment.ts';
import { Peer, pipeTransport } from '../../rpc/peer.ts';
import { type CheckedSchema, checkedSchema } from '../validation.ts';
import {
  type DependenciesRequest,
  type FetchRequest,
  FetchResult,
  PlanResult,
  type SearchRequest,
  SearchResult,
  WorkerProgress,
} from './worker/protocol.ts';

const STDERR_KEPT = 4096;

const checks = {
  fetch: checkedSchema<FetchResult>(() => FetchResult),
  plan: checkedSchema<PlanResult>(() => PlanResult),
  search: checkedSchema<SearchResult>(() => SearchResult),
  progress: checkedSchema<WorkerProgress>(() => WorkerProgress),
} as const;

export interface InstallWorkerOptions {
  readonly home: Home;
  readonly clock: Clock;
  /** Variables `npm_config_*` of whoever asked, above the host's own. */
  readonly npmEnvironment: Readonly<Record<string, string>>;
  readonly onProgress: (progress: WorkerProgress) => void;
  /** The module that runs in the process; default: beside the host's own. */
  readonly entry?: string;
}

/** One process that does the work of an installation. Disposed, it is gone with all that it had started. */
export class InstallWorker implements Disposable {
  readonly #peer: Peer;
  readonly #child: ChildProcess;
  readonly #exit: Promise<void>;
  #stderr = '';

  constructor(options: InstallWorkerOptions) {
    const { home, clock, npmEnvironment } = options;
    this.#child = spawn(
      process.execPath,
      [options.entry ?? fileURLToPath(new URL('./installer.js', import.meta.url))],
      {
        cwd: home.data,
        stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
        env: workerEnvironment(home, npmEnvironment),
        // A process group of its own, which is ended as one.
        detached: process.platform !== 'win32',
        windowsHide: true,
      },
    );
    this.#exit = new Promise((resolve) => {
      this.#child.once('exit', () => resolve());
      this.#child.once('error', () => resolve());
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT);
    });
    this.#peer = new Peer(pipeTransport(this.#child.stdio[3] as Duplex), { clock, name: 'the installer' });
    this.#peer.onNotification('progress', (params) => {
      if (checks.progress.is(params)) options.onProgress(params);
    });
    this.#peer.listen();
  }

  fetch(request: FetchRequest, signal: AbortSignal): Promise<FetchResult> {
    return this.#call('fetch', request, checks.fetch, signal);
  }

  plan(request: Pick<DependenciesRequest, 'folder' | 'cache'>, signal: AbortSignal): Promise<PlanResult> {
    return this.#call('plan', request, checks.plan, signal);
  }

  async install(request: DependenciesRequest, signal: AbortSignal): Promise<void> {
    await this.#call<unknown>('install', request, undefined, signal);
  }

  search(request: SearchRequest, signal: AbortSignal): Promise<SearchResult> {
    return this.#call('search', request, checks.search, signal);
  }

  /** Resolves when the process is gone. */
  async dispose(): Promise<void> {
    this.#peer.dispose();
    const { pid } = this.#child;
    if (pid !== undefined) {
      try {
        process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
      } catch {
        // Gone already.
      }
    }
    await this.#exit;
  }

  async #call<T>(
    method: string,
    params: object,
    check: CheckedSchema<T> | undefined,
    signal: AbortSignal,
  ): Promise<T> {
    try {
      const timeout = Number.POSITIVE_INFINITY;
      const result = await this.#peer.call<unknown>(method, params, { signal, timeout });
      const problem = check?.problem(result);
      if (!problem) return result as T;
      throw new KinoportError(
        'PLUGIN_INSTALL_FAILED',
        `The installer answered something else: ${problem.path} ${problem.message}.`,
      );
    } catch (error) {
      if (signal.aborted) throw abortedError('The installation was given up.');
      if (!isKinoportError(error, 'PLUGIN_CRASHED')) throw error;
      await this.#exit;
      const last = this.#stderr.trim().split('\n').at(-1) ?? '';
      throw new KinoportError(
        'PLUGIN_INSTALL_FAILED',
        `The installer ended before its work was done.${last ? ` Its last line: ${last}` : ''}`,
        {
          hint: 'Nothing was installed. Try again; if it stays, report it.',
          cause: error,
        },
      );
    }
  }
}

/** npm's own variables pass; install scripts find the Node that plugins run on before any other. */
function workerEnvironment(home: Home, npm: Readonly<Record<string, string>>): Record<string, string> {
  const own = programEnvironment(process.env, npm);
  delete own.NODE_OPTIONS;
  const name = Object.keys(own).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH';
  own[name] = [dirname(process.execPath), own[name]].filter(Boolean).join(delimiter);
  return { ...own, NODE_COMPILE_CACHE: join(home.cache, 'compile') };
}
