import { type ChildProcess, spawn } from 'node:child_process';
import { KinoportError, type ProcessExit, type RunResult } from '@kinoport/core';
import type { BrokeredProcess, BrokerRunOptions, BrokerSpawnOptions, ProcessBroker } from './broker.ts';
import { programEnvironment } from './environment.ts';
import { RunLog } from './logFile.ts';
import { runProgram } from './run.ts';
import { spawnFailed } from './spawnFailed.ts';
import { pidStartTime } from './startTime.ts';
import { which } from './which.ts';

/** {@link ProcessBroker} of this machine. */
export class LocalProcessBroker implements ProcessBroker {
  readonly #env: NodeJS.ProcessEnv;
  readonly #ending = new AbortController();
  readonly #runs = new Set<Promise<RunResult>>();

  /** @param env of the host; `process.env` unless given */
  constructor(env: NodeJS.ProcessEnv = process.env) {
    this.#env = env;
  }

  async run(command: string, args: readonly string[], options: BrokerRunOptions = {}): Promise<RunResult> {
    this.#checkAlive();
    const { timeout, signal } = options;
    const work = runProgram(command, args, {
      timeout,
      signal: signal ? AbortSignal.any([signal, this.#ending.signal]) : this.#ending.signal,
      env: programEnvironment(this.#env, options.env),
    });
    this.#runs.add(work);
    try {
      return await work;
    } finally {
      this.#runs.delete(work);
    }
  }

  which(command: string, env?: Readonly<Record<string, string>>): Promise<string | undefined> {
    return which(command, programEnvironment(this.#env, env));
  }

  async spawn(
    command: string,
    args: readonly string[],
    options: BrokerSpawnOptions,
  ): Promise<BrokeredProcess> {
    this.#checkAlive();
    const { cwd, environment, bare = false } = options;
    const log = await openLog(command, options.logFile);
    let child: ChildProcess;
    let pid: number;
    let pidStart: string | undefined;
    try {
      child = spawn(command, [...args], {
        cwd,
        detached: true,
        env: programEnvironment(bare ? {} : this.#env, environment),
        stdio: ['ignore', log.fd, log.fd],
        windowsHide: true,
      });
      const started = whenStarted(child);
      const start = child.pid === undefined ? undefined : pidStartTime(child.pid);
      pid = await started;
      pidStart = await start;
    } catch (error) {
      await log.close();
      throw await spawnFailed(command, error, cwd);
    }
    child.unref();
    return {
      pid,
      pidStart,
      exited: whenExited(child, log),
      kill: async (signal = 'SIGTERM') => kill(child, pid, signal),
    };
  }

  pidStartTime(pid: number): Promise<string | undefined> {
    return pidStartTime(pid);
  }

  async isSameProcess(pid: number, start: string | undefined): Promise<boolean> {
    return start !== undefined && (await pidStartTime(pid)) === start;
  }

  async dispose(): Promise<void> {
    this.#ending.abort();
    await Promise.allSettled(this.#runs);
  }

  #checkAlive(): void {
    if (this.#ending.signal.aborted)
      throw new KinoportError('DISPOSED', 'The host is ending and starts no more programs.');
  }
}

async function openLog(command: string, path: string): Promise<RunLog> {
  try {
    return await RunLog.open(path);
  } catch (cause) {
    throw new KinoportError('PROCESS_SPAWN_FAILED', `The log file of "${command}" cannot be written.`, {
      hint: `Check the permissions of ${path} and the space left on its disk.`,
      cause,
    });
  }
}

function whenStarted(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => {
      child.off('error', reject);
      // A signal that cannot be sent shows in `kill`, not here.
      child.on('error', () => {});
      if (child.pid !== undefined) resolve(child.pid);
    });
  });
}

function whenExited(child: ChildProcess, log: RunLog): Promise<ProcessExit> {
  const ended = new Promise<void>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('exit', () => resolve());
  });
  return ended.then(async () => {
    const output = await log.tail().catch(() => '');
    await log.close().catch(() => {});
    return { exitCode: child.exitCode, signal: child.signalCode, output };
  });
}

function kill(child: ChildProcess, pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.exitCode !== null || child.signalCode !== null) return;
  if (signal === 'SIGTERM' || process.platform === 'win32') {
    child.kill(signal);
    return;
  }
  try {
    // It leads a session and a process group of its own.
    process.kill(-pid, signal);
  } catch {
    child.kill(signal);
  }
}
