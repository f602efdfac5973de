import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { instant, within } from './waiting.ts';

/** A line of `--json`. */
export interface JsonLine {
  readonly event?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly position?: number;
  readonly duration?: number | null;
  readonly watched?: boolean;
  readonly start?: number;
  readonly code?: string;
  readonly message?: string;
  /** Monotonic milliseconds at which it was read. */
  readonly readAt: number;
}

/** A command of the program that runs, and what it prints. */
export class CommandRun {
  readonly lines: JsonLine[] = [];
  readonly startedAt = instant();
  /** Resolves with the exit code; 128 and more for a signal. */
  readonly ended: Promise<number>;
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();
  #errors = '';
  #over = false;

  constructor(
    file: string,
    args: readonly string[],
    { isTyped = false, ...options }: { env: NodeJS.ProcessEnv; cwd: string; isTyped?: boolean },
  ) {
    this.#child = spawn(file, args, { ...options, stdio: [isTyped ? 'pipe' : 'ignore', 'pipe', 'pipe'] });
    const { stdout, stderr } = this.#child;
    if (!stdout || !stderr) throw new Error('There are no pipes to read.');
    createInterface({ input: stdout }).on('line', (line) => this.#read(line));
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code) => {
        this.#over = true;
        for (const wake of this.#waiting) wake();
        resolve(code ?? 128);
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get errors(): string {
    return this.#errors;
  }

  get last(): JsonLine | undefined {
    return this.lines.at(-1);
  }

  /** The first line that is accepted, of those that are there and those to come. */
  async line(what: string, accept: (line: JsonLine) => boolean, timeout = 20_000): Promise<JsonLine> {
    let seen = 0;
    const found = Promise.withResolvers<JsonLine>();
    const look = (): void => {
      const line = this.lines.slice(seen).find(accept);
      seen = this.lines.length;
      if (line) found.resolve(line);
      else if (this.#over) found.reject(new Error(`The command ended before ${what}: ${this.#told()}`));
    };
    this.#waiting.add(look);
    try {
      look();
      return await within(what, timeout, found.promise);
    } finally {
      this.#waiting.delete(look);
    }
  }

  /** A playing state; `from`: only lines that come after so many. */
  playing(from = 0): Promise<JsonLine> {
    const before = new Set(this.lines.slice(0, from));
    return this.line('it plays', (line) => line.status === 'playing' && !before.has(line));
  }

  /** A line of its standard input, where that was asked for. */
  type(text: string): void {
    this.#child.stdin?.write(`${text}\n`);
  }

  interrupt(): void {
    this.#child.kill('SIGINT');
  }

  #read(text: string): void {
    try {
      this.lines.push({ ...(JSON.parse(text) as Omit<JsonLine, 'readAt'>), readAt: instant() });
    } catch {
      this.#errors += `${text}\n`;
    }
    for (const wake of this.#waiting) wake();
  }

  #told(): string {
    const errors = this.lines.filter((line) => line.code !== undefined);
    return [...errors.map((line) => `${line.code} ${line.message}`), this.#errors.trim()].join(' ') || '-';
  }
}
