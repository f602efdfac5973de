import { type ChildProcess, spawn } from 'node:child_process';
import type { StreamStats } from '@kinoport/core';
import { inRepository } from '../support/repository.ts';

const ENTRY = inRepository('host/bin/kinoport.js');
const PATIENCE = 30_000;

/** The error that a command prints with `--json`. */
export interface PrintedError {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
}

/** One line of `play --json`, or any other JSON object of standard output. */
export interface JsonLine {
  readonly event?: 'opening' | 'started' | 'state' | 'ended' | 'error';
  readonly status?: string;
  readonly title?: string;
  readonly stats?: StreamStats;
  readonly position?: number;
  readonly duration?: number | null;
  readonly start?: number;
  readonly uri?: string;
  readonly itemKey?: string;
  readonly player?: string;
  readonly reason?: string;
  readonly watched?: boolean;
  readonly code?: string;
  readonly message?: string;
  readonly hint?: string | null;
  readonly error?: PrintedError;
}

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd: string;
  readonly environment: NodeJS.ProcessEnv;
  /** What runs the program: this repository's Node by default. */
  readonly node?: readonly string[];
}

/** One run of the command line: what it prints, as it prints it, and how it ends. */
export class CommandLine {
  readonly args: readonly string[];
  readonly exit: Promise<Finished>;
  readonly #child: ChildProcess;
  readonly #lines: JsonLine[] = [];
  readonly #wakers = new Set<() => void>();
  #stdout = '';
  #stderr = '';
  #ended = false;

  constructor(args: readonly string[], options: CommandOptions) {
    this.args = args;
    const [node = process.execPath, ...before] = options.node ?? [];
    this.#child = spawn(node, [...before, ENTRY, ...args], {
      cwd: options.cwd,
      env: options.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let rest = '';
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      this.#lines.push(...lines.flatMap(parseLine));
      this.#wake();
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#wake();
    });
    this.exit = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => {
        this.#ended = true;
        this.#wake();
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
    // Whoever waits for it meets the error; nobody has to.
    this.exit.catch(() => undefined);
  }

  /** Closes the other end of standard output, as `| head` does. */
  stopReading(): void {
    this.#child.stdout?.destroy();
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  get lines(): readonly JsonLine[] {
    return this.#lines;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** The first line that is accepted, from the `from`-th on, printed already or still to come. */
  async line(accept: (line: JsonLine) => boolean, from = 0): Promise<JsonLine> {
    let found: JsonLine | undefined;
    await this.#until(() => {
      found = this.#lines.slice(from).find(accept);
      return found !== undefined;
    }, String(accept));
    if (found === undefined) throw new Error('unreachable');
    return found;
  }

  /** The film runs, and has come to `position`. */
  playing(position = 0, from = 0): Promise<JsonLine> {
    return this.line((l) => l.status === 'playing' && (l.position ?? 0) >= position, from);
  }

  /** Text on standard error. */
  said(pattern: RegExp): Promise<void> {
    return this.#until(() => pattern.test(this.#stderr), String(pattern));
  }

  async #until(accept: () => boolean, what: string): Promise<void> {
    const deadline = Date.now() + PATIENCE;
    while (!accept()) {
      const left = deadline - Date.now();
      if (left <= 0 || this.#ended) {
        const why = this.#ended ? 'ended before' : 'has waited too long for';
        throw new Error(`"${this.args.join(' ')}" ${why} ${what}\n${this.#stdout}${this.#stderr}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, left);
        const wakers = this.#wakers;
        function done(): void {
          clearTimeout(timer);
          wakers.delete(done);
          resolve();
        }
        wakers.add(done);
      });
    }
  }

  #wake(): void {
    for (const waker of [...this.#wakers]) waker();
  }
}

/** Some commands print JSON over several lines; those are read whole at the end. */
function parseLine(line: string): readonly JsonLine[] {
  if (!line.startsWith('{"')) return [];
  try {
    return [JSON.parse(line) as JsonLine];
  } catch {
    return [];
  }
}
