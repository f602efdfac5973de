import { PRODUCT, systemClock, toKinoportError } from '@kinoport/core';
import { jsonLog } from './log.ts';
import { HELP, readOptions } from './options.ts';
import { type Relay, startRelay } from './relay.ts';

/** Lines for people go to `out`, the log to `err`. */
export interface Io {
  readonly environment: NodeJS.ProcessEnv;
  out(text: string): void;
  err(text: string): void;
}

/**
 * The program: runs until a signal ends it, or `signal` does. SIGTERM and SIGINT drain it, SIGHUP has it read its
 * certificate again. @returns the exit code
 */
export async function runRelay(argv: readonly string[], io: Io, signal?: AbortSignal): Promise<number> {
  let relay: Relay;
  let log: ReturnType<typeof jsonLog>;
  try {
    const options = readOptions(argv, io.environment);
    if (!options) {
      io.out(HELP);
      return 0;
    }
    log = options.quiet ? () => undefined : jsonLog(systemClock, (line) => io.err(line));
    relay = await startRelay(options, { clock: systemClock, log });
  } catch (error) {
    const { message, hint, code, exitCode } = toKinoportError(error);
    io.err(`${message}${hint ? `\n${hint}` : ''} (${code})\n`);
    return exitCode;
  }
  for (const line of relay.reachable) io.out(`${line}\n`);
  if (relay.metricsPort !== undefined) io.out(`Figures at http://127.0.0.1:${relay.metricsPort}/metrics\n`);
  io.out(`Open a room with: ${PRODUCT.command} room create FILE --relay ${shown(relay)}\n`);
  await ended(relay, log, signal);
  await relay.drain();
  return 0;
}

/** The last line's address, which is this machine's own. */
const shown = ({ reachable }: Relay): string =>
  /https?:\/\/\S+/.exec(reachable[0] ?? '')?.[0]?.replace(/,$/, '') ?? 'URL';

function ended(relay: Relay, log: ReturnType<typeof jsonLog>, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const reload = (): void => {
      try {
        relay.reload();
      } catch (error) {
        log('certificate not read again', { error: String(error) });
      }
    };
    const end = (): void => {
      process.off('SIGHUP', reload).off('SIGTERM', end).off('SIGINT', end);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    process.on('SIGHUP', reload).on('SIGTERM', end).on('SIGINT', end);
    if (signal?.aborted) end();
    else signal?.addEventListener('abort', end, { once: true });
  });
}
