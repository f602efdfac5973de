import type { Readable } from 'node:stream';
import { abortedError, type Disposable, type RunResult, systemClock } from '@kinoport/core';
import { execa } from 'execa';
import { spawnFailed } from './spawnFailed.ts';

const OUTPUT_LIMIT = 1024 * 1024;
const DEFAULT_TIMEOUT = 10_000;
/** From SIGTERM to SIGKILL. */
const KILL_DELAY = 1000;
/** From the end of the program to the end of its output, which a program it left behind may hold open. */
const OUTPUT_GRACE = 500;

export interface RunRequest {
  readonly timeout?: number;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string>>;
}

/** Runs a program to its end; see `ProcessBroker.run`. */
export async function runProgram(
  command: string,
  args: readonly string[],
  request: RunRequest,
): Promise<RunResult> {
  if (request.signal.aborted) throw abortedError();
  // `buffer: false`: execa's own limit kills a program that prints more, ours goes on without keeping it.
  const child = execa(command, [...args], {
    buffer: false,
    cancelSignal: request.signal,
    env: { ...request.env },
    extendEnv: false,
    forceKillAfterDelay: KILL_DELAY,
    reject: false,
    stdin: 'ignore',
    timeout: request.timeout ?? DEFAULT_TIMEOUT,
    windowsHide: true,
  });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  let grace: Disposable | undefined;
  child.once('exit', () => {
    grace = systemClock.after(OUTPUT_GRACE, () => {
      child.stdout.destroy();
      child.stderr.destroy();
    });
  });
  const result = await child;
  await grace?.dispose();
  if (result.isCanceled) throw abortedError();
  if (result.exitCode === undefined && result.signal === undefined && !result.timedOut)
    throw await spawnFailed(command, result.cause);
  return {
    exitCode: result.timedOut ? null : (result.exitCode ?? null),
    signal: result.signal ?? (result.timedOut ? 'SIGTERM' : null),
    stdout: stdout(),
    stderr: stderr(),
  };
}

/** Keeps the first bytes of an output and drains the rest. */
function collect(stream: Readable): () => string {
  const chunks: Buffer[] = [];
  let left = OUTPUT_LIMIT;
  stream.on('data', (chunk: Buffer) => {
    if (left > 0) chunks.push(chunk.subarray(0, left));
    left -= Math.min(left, chunk.length);
  });
  return () => Buffer.concat(chunks).toString('utf8');
}
