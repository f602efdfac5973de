import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach } from 'vitest';
import { inRepository } from '../../support/repository.ts';

const folders = new Set<string>();
const children = new Set<Script>();

afterEach(async () => {
  for (const child of children) await child.kill();
  children.clear();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders.clear();
});

/** A temporary folder that goes away with the test. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kinoport-test-'));
  folders.add(folder);
  return folder;
}

/** A real process that runs a script of the tests and speaks in lines; killed with the test at the latest. */
export class Script {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(script: string, args: readonly string[], options: { readonly uid?: number } = {}) {
    this.#process = spawn(
      process.execPath,
      ['--import', inRepository('test/host/storage/sources.mjs'), inRepository('test/host', script), ...args],
      { stdio: ['pipe', 'pipe', 'inherit'], ...options },
    );
    const stdout = this.#process.stdout;
    if (stdout === null) throw new Error('The process has no stdout.');
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
    children.add(this);
  }

  /** The next line it says, parsed. */
  async next(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    return done === true ? undefined : JSON.parse(value);
  }

  tell(line: string): void {
    this.#process.stdin?.write(`${line}\n`);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exit = once(this.#process, 'exit');
    this.#process.kill(signal);
    await exit;
  }
}
