import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { deserializeError, KinoportError, PRODUCT, type SerializedError } from '@kinoport/core';
import type { CliContext } from '../context.ts';

/** How a host ends that found another one running. */
export const EXIT_ANOTHER_RUNS = 75;

/** A background host that was just started. */
export interface StartedHost {
  readonly pid: number | undefined;
  /** Whether it ended because another host runs already. */
  readonly gaveWay: boolean;
  /** Why it will not come up; `undefined` while it may. A host that gave way to another one is no failure. */
  failure(): KinoportError | undefined;
  /** The error of a host that shows no sign of life in time; ends it. */
  giveUp(seconds: number): KinoportError;
}

/**
 * Starts the host as a process of its own, with its output in `host.log`. `forPlay`: it starts the plugins that
 * most films need beside itself.
 */
export function startHost(ctx: CliContext, forPlay = false): StartedHost {
  const logFile = join(ctx.home.logs, 'host.log');
  const log = openSync(logFile, 'a', 0o600);
  const from = fstatSync(log).size;
  let child: ChildProcess;
  try {
    child = spawn(process.execPath, [ctx.hostEntry, ...hostOptions(ctx, forPlay)], {
      // A folder that stays: the client's own could be on a disk that is to be unmounted.
      cwd: ctx.home.data,
      detached: true,
      env: environmentFor(ctx),
      stdio: ['ignore', log, log],
      windowsHide: true,
    });
  } finally {
    closeSync(log);
  }
  child.unref();

  let spawnError: Error | undefined;
  let ended: { readonly code: number | null; readonly signal: string | null } | undefined;
  child.on('error', (error) => {
    spawnError = error;
  });
  child.on('exit', (code, signal) => {
    ended = { code, signal };
  });

  return {
    pid: child.pid,
    get gaveWay() {
      return ended?.code === EXIT_ANOTHER_RUNS;
    },
    failure() {
      if (spawnError) {
        return new KinoportError(
          'HOST_START_FAILED',
          `The background host did not start: ${spawnError.message}.`,
          {
            hint: 'Check the installation: npm run build in a checkout, or install the package again.',
            cause: spawnError,
          },
        );
      }
      if (!ended || ended.code === EXIT_ANOTHER_RUNS) return undefined;
      const written = readFrom(logFile, from);
      return fatalOf(written) ?? endedError(ended, written, logFile);
    },
    giveUp(seconds) {
      if (!ended) child.kill('SIGTERM');
      return new KinoportError(
        'HOST_START_FAILED',
        `The background host did not answer within ${seconds} s.`,
        {
          hint: `Its log may say why: ${logFile}`,
        },
      );
    },
  };
}

function hostOptions({ safeMode }: CliContext, forPlay: boolean): readonly string[] {
  return [...(forPlay ? ['--for-play'] : []), ...(safeMode ? ['--safe-mode'] : [])];
}

/** A relative home is meant from the client's folder, and the host runs in another. */
function environmentFor(ctx: CliContext): NodeJS.ProcessEnv {
  const name = `${PRODUCT.envPrefix}HOME`;
  const home = ctx.environment[name];
  return {
    ...ctx.environment,
    ...(home ? { [name]: resolve(ctx.cwd, home) } : {}),
    // Compiled code is kept between starts: the host is up a fifth sooner.
    NODE_COMPILE_CACHE: join(ctx.home.cache, 'compile'),
  };
}

/** The error that a host leaves as its last line, `{"fatal": {...}}`. */
export function fatalOf(log: string): KinoportError | undefined {
  for (const line of log.trimEnd().split('\n').reverse()) {
    if (!line.startsWith('{"fatal"')) continue;
    try {
      const { fatal } = JSON.parse(line) as { readonly fatal: SerializedError };
      if (typeof fatal.code === 'string' && typeof fatal.message === 'string') return deserializeError(fatal);
    } catch {
      // A line cut off in the middle says nothing.
    }
  }
  return undefined;
}

function endedError(
  ended: { readonly code: number | null; readonly signal: string | null },
  written: string,
  logFile: string,
): KinoportError {
  const how = ended.signal ? `was ended by ${ended.signal}` : `ended with code ${ended.code}`;
  const last = written.trimEnd().split('\n').at(-1) ?? '';
  return new KinoportError('HOST_START_FAILED', `The background host ${how} while starting.`, {
    hint: `${last === '' ? '' : `Its last line: ${last.slice(0, 300)}\n`}The whole log is ${logFile}.`,
  });
}

function readFrom(file: string, from: number): string {
  const handle = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(Math.min(256 * 1024, Math.max(0, fstatSync(handle).size - from)));
    const read = readSync(handle, buffer, 0, buffer.length, from);
    return buffer.toString('utf8', 0, read);
  } finally {
    closeSync(handle);
  }
}
