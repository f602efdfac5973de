import type { Clock } from '@kinoport/core';
import type { Home } from '../home/home.ts';
import { Output } from './terminal/output.ts';

/** What a command works in: the facts of the process, gathered once at the start. */
export interface CliContext {
  readonly cwd: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly clock: Clock;
  /** Version of the program. */
  readonly version: string;
  /** The version that a host must tell to be talked to. */
  readonly hostVersion: string;
  /** The program of the background host. */
  readonly hostEntry: string;
  /** The clip behind `play demo`. */
  readonly demoFile: string;
  readonly home: Home;
  /** A host that has to be started runs only the plugins that come along. */
  readonly safeMode: boolean;
}

/** The options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly quiet?: boolean;
}

/** The output of a command, as its options ask for. */
export function outputFor(ctx: CliContext, options: CommonOptions): Output {
  return new Output({
    stdout: process.stdout,
    stderr: process.stderr,
    environment: ctx.environment,
    json: options.json === true,
    quiet: options.quiet === true,
    verbose: options.verbose === true,
  });
}

/** Whether a question can be asked. */
export function isInteractive(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}
