import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Home } from '../home/home.ts';
import { notWritable } from '../home/prepareHome.ts';
import { LOG_LIMIT } from '../log/logLimit.ts';
import { pluginLogFile } from '../log/pluginLog.ts';
import type { ProcessGuard } from '../processes/guard.ts';
import { developmentFlags } from './dev/development.ts';
import type { DiscoveredPlugin } from './discovery.ts';
import { prepareLaunch } from './permissions/launch.ts';
import type { PluginNode } from './permissions/node.ts';
import type { PluginFolders } from './permissions/pluginFolders.ts';

/** MB of JavaScript objects. Node's own limit is several GB, before which it clears up for half a minute. */
const HEAP_LIMIT = 512;
// One that runs out of memory collects garbage all the while, with a thread on every core: what others ask of their
// plugins took nine times as long.
const HEAP_FLAGS = [`--max-old-space-size=${HEAP_LIMIT}`, '--single-threaded-gc'];

export interface RuntimeOptions {
  readonly plugin: DiscoveredPlugin;
  readonly home: Home;
  /** The module that runs in the process; default: beside the host's own. */
  readonly runtime?: string;
  /** Default: the Node of the host. */
  readonly node?: PluginNode;
}

/** With what a plugin's process is started. What is the same may serve any generation of the plugin. */
export interface RuntimePlan {
  readonly path: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** Made. */
  readonly folders: PluginFolders;
}

/** @throws KinoportError as `prepareLaunch` */
export function planRuntime({ plugin, home, node, ...options }: RuntimeOptions): RuntimePlan {
  const runtime = options.runtime ?? fileURLToPath(new URL('./runtime.js', import.meta.url));
  const debug = plugin.development?.debug !== undefined;
  makeLogs(home);
  const launch = prepareLaunch({ plugin, home, runtime, debug, ...(node ? { node } : {}) });
  return {
    path: launch.path,
    args: [...HEAP_FLAGS, ...developmentFlags(plugin.development), ...launch.flags, runtime],
    cwd: plugin.root,
    environment: launch.environment,
    logFile: pluginLogFile(home, plugin.id),
    folders: launch.folders,
  };
}

export interface ProcessExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** A process with the plugins' runtime in it, which is told by its pipe what it is to run. */
export class RuntimeProcess {
  readonly plan: RuntimePlan;
  /** Where in the log its lines begin. */
  readonly logStart: number;
  /** Resolves when it is gone, or could not be started. */
  readonly exit: Promise<ProcessExit>;
  readonly #child: ChildProcess;

  constructor(plan: RuntimePlan, guard?: Pick<ProcessGuard, 'watch'>) {
    this.plan = plan;
    const log = openLog(plan.logFile);
    this.logStart = fstatSync(log).size;
    try {
      this.#child = spawn(plan.path, plan.args, {
        cwd: plan.cwd,
        stdio: ['ignore', log, log, 'pipe'],
        env: plan.environment,
        windowsHide: true,
      });
    } finally {
      closeSync(log);
    }
    this.exit = new Promise((resolve) => {
      this.#child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
      this.#child.once('error', () => resolve({ exitCode: null, signal: null }));
    });
    if (this.pid === undefined) return;
    const guarded = guard?.watch(this.pid);
    void this.exit.then(() => guarded?.dispose());
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get pipe(): Duplex {
    return this.#child.stdio[3] as Duplex;
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.#child.kill(signal);
  }
}

function makeLogs({ logs }: Home): void {
  try {
    mkdirSync(logs, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw notWritable(logs, error);
  }
}

function openLog(file: string): number {
  try {
    if (statSync(file).size > LOG_LIMIT) renameSync(file, `${file}.1`);
  } catch {
    // Not there yet.
  }
  return openSync(file, 'a', 0o600);
}
