import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type JsonValue, PRODUCT, systemClock, toKinoportError } from '@kinoport/core';
import { jsonLog, type Log } from './log.ts';
import { HELP, readOptions } from './options.ts';
import { type Relay, startRelay } from './relay.ts';

/** The world around the program. */
export interface Surroundings {
  readonly environment: NodeJS.ProcessEnv;
  /** Lines for people. */
  line(text: string): void;
  /** Lines of the log, and what went wrong. */
  error(text: string): void;
  /** In place of lines for people, where a program reads them. */
  readonly json?: (value: JsonValue) => void;
  /** Ends the relay: its members are told to come back. */
  readonly signal: AbortSignal;
  /** Has a listener called when certificate and key are to be read again. */
  onReload(listener: () => void): void;
}

/** The program: runs until it is told to end. @returns the exit code */
export async function runRelay(argv: readonly string[], around: Surroundings): Promise<number> {
  try {
    const options = readOptions(argv, around.environment);
    if (!options) {
      around.line(HELP);
      return 0;
    }
    const log: Log = options.silent ? () => undefined : jsonLog(systemClock, around.error);
    const relay = await startRelay(options, { clock: systemClock, log });
    try {
      announce(relay, around);
      around.onReload(() => reload(relay, log));
      const { readyFile } = options;
      if (readyFile !== undefined) writeReady(readyFile, relay);
      await Promise.race([ended(around.signal), relay.unused]);
      if (readyFile !== undefined) removeReady(readyFile);
      await relay.drain();
    } finally {
      await relay.dispose();
    }
    return 0;
  } catch (error) {
    const { message, hint, code, exitCode } = toKinoportError(error);
    around.error(`${message}${hint ? `\n${hint}` : ''} (${code})`);
    return exitCode;
  }
}

/** Whole, or not there at all. */
function writeReady(file: string, { port, reachable: { address, lines } }: Relay): void {
  const ready = { pid: process.pid, port, address, lines };
  writeFileSync(`${file}.new`, JSON.stringify(ready), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Another relay may have put its own there since. */
function removeReady(file: string): void {
  try {
    const { pid } = JSON.parse(readFileSync(file, 'utf8')) as { readonly pid?: unknown };
    if (pid === process.pid) rmSync(file, { force: true });
  } catch {
    // Gone, or not what was written: nothing of this relay's.
  }
}

function announce({ reachable, port, metricsPort }: Relay, around: Surroundings): void {
  const { address, lines } = reachable;
  if (around.json) {
    around.json({
      event: 'started',
      port,
      address,
      reachable: [...lines],
      metricsPort: metricsPort ?? null,
    });
    return;
  }
  for (const line of lines) around.line(line);
  if (metricsPort !== undefined) around.line(`Figures at http://127.0.0.1:${metricsPort}/metrics`);
  around.line(`Open a room with: ${PRODUCT.command} room create FILE --relay ${address}`);
}

/** A certificate that cannot be read is no reason to end. */
function reload(relay: Relay, log: Log): void {
  try {
    relay.reload();
  } catch (error) {
    log('certificate not read again', { error: String(error) });
  }
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
