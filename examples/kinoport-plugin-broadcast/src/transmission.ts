import {
  type Clock,
  KinoportError,
  type ProcessExit,
  type Processes,
  type SpawnedProcess,
} from '@kinoport/core';
import { ffmpegArguments, type Run } from './arguments.ts';
import { ProgressSocket } from './progress.ts';
import type { Settings } from './settings.ts';

/** Milliseconds that ffmpeg has to end when it is asked to. */
const PATIENCE = 2_000;

export interface Surroundings {
  readonly clock: Clock;
  readonly processes: Processes;
  /** For sockets. */
  readonly folder: string;
}

/** How a transmission ended by itself. */
export interface Ending {
  readonly how: 'complete' | 'broken' | 'killed';
  /** What ffmpeg said last. */
  readonly output: string;
}

/** One run of ffmpeg: from a place of the film until it is stopped, or to the end. */
export class Transmission {
  /** Resolves when the first picture is sent, or when that is not to be. */
  readonly begun: Promise<void>;
  readonly #run: Run;
  readonly #clock: Clock;
  readonly #program: SpawnedProcess;
  readonly #over: Promise<void>;
  #sent = 0;
  #isStopping = false;

  private constructor(
    program: SpawnedProcess,
    socket: ProgressSocket,
    { run, surroundings, begun, onEnd }: Making,
  ) {
    this.#program = program;
    this.#run = run;
    this.#clock = surroundings.clock;
    this.begun = Promise.race([begun, program.exited.then(() => undefined)]);
    this.#over = program.exited.then(async (exit) => {
      await socket.dispose();
      if (!this.#isStopping) onEnd(endingOf(exit));
    });
    // A failure means that the host has gone, and this process with it.
    this.#over.catch(() => undefined);
  }

  /**
   * @param onProgress the position, each time that it is told
   * @param onEnd not when it is stopped
   * @throws KinoportError `PLAYER_START_FAILED`
   */
  static async start(
    run: Run,
    settings: Settings,
    surroundings: Surroundings,
    on: { readonly progress: (position: number) => void; readonly end: (ending: Ending) => void },
  ): Promise<Transmission> {
    const first = Promise.withResolvers<void>();
    let transmission: Transmission | undefined;
    const socket = await ProgressSocket.open(surroundings.folder, (seconds) => {
      if (!transmission || seconds <= 0) return;
      transmission.#sent = seconds;
      first.resolve();
      if (!transmission.#isStopping) on.progress(transmission.position);
    });
    try {
      const args = ffmpegArguments(run, settings, socket.address);
      const program = await surroundings.processes.spawn('ffmpeg', args, { lifetime: 'generation' });
      transmission = new Transmission(program, socket, {
        run,
        surroundings,
        begun: first.promise,
        onEnd: on.end,
      });
      return transmission;
    } catch (cause) {
      await socket.dispose();
      throw new KinoportError('PLAYER_START_FAILED', 'ffmpeg cannot be started.', {
        hint: 'Install ffmpeg 5 or newer.',
        cause,
      });
    }
  }

  /** Seconds of the film, up to where it was sent. */
  get position(): number {
    return this.#run.from + this.#sent * this.#run.rate;
  }

  /** Resolves when ffmpeg has gone, with the place up to which it sent. */
  async stop(): Promise<number> {
    this.#isStopping = true;
    await this.#program.kill('SIGTERM');
    const timer = this.#clock.after(PATIENCE, () => void this.#program.kill('SIGKILL'));
    await this.#over;
    await timer.dispose();
    return this.position;
  }
}

interface Making {
  readonly run: Run;
  readonly surroundings: Surroundings;
  readonly begun: Promise<void>;
  readonly onEnd: (ending: Ending) => void;
}

/** ffmpeg takes SIGTERM for a wish, and says so. */
function endingOf({ exitCode, signal, output }: ProcessExit): Ending {
  const isKilled = signal !== null || /received signal \d+/.test(output);
  return { how: isKilled ? 'killed' : exitCode === 0 ? 'complete' : 'broken', output };
}
