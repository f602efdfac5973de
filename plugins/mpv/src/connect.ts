import { abortedError, type Clock, KinoportError, type ProcessExit, sleep } from '@kinoport/core';
import { IpcClient } from './ipc.ts';

const START_TIMEOUT = 10_000;

export interface ConnectOptions {
  readonly clock: Clock;
  readonly socket: string;
  /** Of the process that will listen. */
  readonly exited: Promise<ProcessExit>;
  readonly signal?: AbortSignal;
}

/**
 * Connects to an mpv that was just started; its socket appears after about 100 ms.
 * @throws KinoportError `PLAYER_START_FAILED` when mpv ends or gives no socket within 10 s, `ABORTED`
 */
export async function connectToStarting(options: ConnectOptions): Promise<IpcClient> {
  const { clock, signal } = options;
  const giveUp = clock.now() + START_TIMEOUT;
  let exit: ProcessExit | undefined;
  let exitFailure: unknown;
  options.exited.then(
    (value) => {
      exit = value;
    },
    (error: unknown) => {
      exitFailure = error;
    },
  );
  for (let pause = 4; ; pause = Math.min(pause * 1.02, 50)) {
    try {
      return await IpcClient.connect(options.socket);
    } catch {
      if (signal?.aborted) throw abortedError();
      if (exitFailure !== undefined) throw exitFailure;
      if (exit !== undefined) throw startFailed(exit);
      if (clock.now() > giveUp) {
        throw new KinoportError('PLAYER_START_FAILED', 'mpv started but does not listen to commands.', {
          hint: 'Run mpv by itself to see whether it works, and check the arguments given to it.',
        });
      }
      await sleep(clock, pause, signal);
    }
  }
}

function startFailed(exit: ProcessExit): KinoportError {
  const lines = exit.output
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const how = exit.signal === null ? `with exit code ${exit.exitCode ?? '?'}` : `by ${exit.signal}`;
  const words = lines.at(-1);
  return new KinoportError(
    'PLAYER_START_FAILED',
    `mpv ended ${how} while starting${words === undefined ? '.' : `: ${words.slice(0, 300)}`}`,
    {
      hint: 'Check the arguments given to mpv, its mpv.conf, and whether mpv runs by itself.',
      data: { exitCode: exit.exitCode, signal: exit.signal },
    },
  );
}
