import type { Disposable, ProcessExit, RunOptions, RunResult } from '@kinoport/core';
import type { InjectionToken } from 'tsyringe';

export interface BrokerRunOptions extends RunOptions {
  /** Added to the environment of the host. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface BrokerSpawnOptions {
  /** Gets standard output and standard error, appended; made with its folder when missing. */
  readonly logFile: string;
  /** Added to the environment of the host. */
  readonly environment?: Readonly<Record<string, string>>;
  /** It gets no more than `environment`. */
  readonly bare?: boolean;
  readonly cwd?: string;
}

/** A program that lives on its own; what of it the host that started it can tell. */
export interface BrokeredProcess {
  readonly pid: number;
  /** Opaque start time; with the pid it names the process. `undefined` where the system does not tell. */
  readonly pidStart: string | undefined;
  /** Resolves when the process has ended; never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** `SIGKILL` takes the helpers along that the process started in its session; nothing happens after its end. */
  kill(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/**
 * Starts programs for plugins. Their environment is the host's without the variables of the product, which may
 * hold secrets, and with what is given; values are never logged.
 */
export interface ProcessBroker extends Disposable {
  /**
   * Runs a program to its end; what it prints beyond 1 MiB of a stream is dropped. After the timeout it is
   * killed and the exit code is `null`.
   * @throws KinoportError `PROCESS_SPAWN_FAILED`, `ABORTED`
   */
  run(command: string, args: readonly string[], options?: BrokerRunOptions): Promise<RunResult>;
  /** Where a program would be found on PATH, or the path itself when one is given and can be executed. */
  which(command: string, env?: Readonly<Record<string, string>>): Promise<string | undefined>;
  /**
   * Starts a program detached, in a session of its own: it outlives the host.
   * @throws KinoportError `PROCESS_SPAWN_FAILED`
   */
  spawn(command: string, args: readonly string[], options: BrokerSpawnOptions): Promise<BrokeredProcess>;
  /** Opaque start time of a process; `undefined` when there is none, when it is a zombie, or nobody can tell. */
  pidStartTime(pid: number): Promise<string | undefined>;
  /** Whether the process of that pid is there and still the one that started then. */
  isSameProcess(pid: number, start: string | undefined): Promise<boolean>;
  /** Ends what `run` has under way. Spawned programs go on. */
  dispose(): Promise<void>;
}

export const ProcessBroker: InjectionToken<ProcessBroker> = Symbol('ProcessBroker');
