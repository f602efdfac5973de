import { closeSync, openSync } from 'node:fs';
import { type Disposable, toDisposable } from '@kinoport/core';

// A program between the shell and us (npx) passes on what the terminal has sent to all of us already.
const SAME_PRESS = 50;

/** What the outside asks of a command that follows a film. */
export interface SignalHandlers {
  /** Ctrl-C, or a polite end by another program. */
  readonly interrupt: (signal: 'SIGINT' | 'SIGTERM') => void;
  /** The terminal is gone. */
  readonly hangUp: () => void;
  /** SIGHUP of somebody who means that files are to be read again: not of a terminal that has gone. */
  readonly reload?: () => void;
}

/** Listens to the process's signals until disposed. */
export function onSignals(handlers: SignalHandlers): Disposable {
  let last = Number.NEGATIVE_INFINITY;
  const interrupt = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (now - last > SAME_PRESS) handlers.interrupt(signal === 'SIGTERM' ? signal : 'SIGINT');
    last = now;
  };
  const hangUp = (): void => handlers.hangUp();
  const hadTerminal = handlers.reload !== undefined && hasTerminal();
  const hungUp = (): void => {
    if (handlers.reload && hadTerminal === hasTerminal()) handlers.reload();
    else hangUp();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  process.on('SIGHUP', hungUp);
  // Who reads our output has gone, or the terminal with it.
  process.stdout.on('error', hangUp);
  process.stderr.on('error', hangUp);
  return toDisposable(() => {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    process.off('SIGHUP', hungUp);
  });
}

/** Whether there is a terminal that belongs to this process, wherever its input and output go. Never on Windows. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
