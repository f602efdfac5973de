import { readFileSync } from 'node:fs';
import type { Disposable } from '@kinoport/core';

/** Keys of the terminal, one by one and without echo. The terminal is as before after `dispose`. */
export class RawInput implements Disposable {
  readonly #onKeys: (typed: string) => void;
  readonly #onHangUp: () => void;
  #active = false;

  /** `undefined` where there is no terminal to read from. */
  static open(onKeys: (typed: string) => void, onHangUp: () => void): RawInput | undefined {
    if (process.stdin.isTTY !== true || process.stdout.isTTY !== true || isInBackground()) return undefined;
    const input = new RawInput(onKeys, onHangUp);
    input.resume();
    return input;
  }

  private constructor(onKeys: (typed: string) => void, onHangUp: () => void) {
    this.#onKeys = onKeys;
    this.#onHangUp = onHangUp;
  }

  resume(): void {
    if (this.#active) return;
    this.#active = true;
    const { stdin } = process;
    stdin.setEncoding('utf8');
    stdin.setRawMode(true);
    stdin.on('data', this.#data);
    stdin.on('end', this.#onHangUp);
    stdin.on('error', this.#onHangUp);
    stdin.resume();
  }

  suspend(): void {
    if (!this.#active) return;
    this.#active = false;
    const { stdin } = process;
    stdin.off('data', this.#data);
    stdin.off('end', this.#onHangUp);
    stdin.pause();
    try {
      stdin.setRawMode(false);
    } catch {
      // The terminal is gone; there is nothing to restore.
    }
  }

  dispose(): void {
    this.suspend();
  }

  readonly #data = (typed: string | Buffer): void => this.#onKeys(String(typed));
}

/**
 * A job in the background that changes the terminal's mode is stopped by the kernel (SIGTTOU). Linux tells who
 * is in the foreground; elsewhere we take it that we are.
 */
export function isInBackground(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[2] !== fields[5];
  } catch {
    return false;
  }
}
