import type { ChildProcess } from 'node:child_process';
import { until } from '../../support/lab/waiting.ts';

const ESCAPE = '\u001b';
const SEQUENCE = new RegExp(`^${ESCAPE}\\[([0-9;?]*)([A-Za-z])$`);
const TOKEN = new RegExp(`${ESCAPE}\\[[0-9;?]*[A-Za-z]|.`, 'gsu');
const UNFINISHED = new RegExp(`${ESCAPE}(\\[[0-9;?]*)?$`);

/** What a terminal shows of a program: rows, and as much of its control sequences as the program uses. */
export class Screen {
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  readonly #columns: number;
  #rows: string[] = [''];
  #row = 0;
  #column = 0;
  #rest = '';

  constructor(child: ChildProcess, columns: number) {
    this.#child = child;
    this.#columns = columns;
    this.ended = new Promise((resolve) => child.once('close', () => resolve()));
    child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#write(text));
    child.stdin?.on('error', () => undefined);
  }

  /** From the first to the last, without blanks at their ends. */
  get rows(): readonly string[] {
    return this.#rows.map((row) => row.trimEnd());
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  async shows(what: string, is: (rows: readonly string[]) => boolean): Promise<void> {
    try {
      await until(what, () => is(this.rows), { timeout: 10_000 });
    } catch (error) {
      throw new Error(`The terminal shows\n${this.#rows.join('\n')}`, { cause: error });
    }
  }

  #write(text: string): void {
    const all = this.#rest + text;
    this.#rest = UNFINISHED.exec(all)?.[0] ?? '';
    const tokens = all.slice(0, all.length - this.#rest.length).match(TOKEN) ?? [];
    for (const token of tokens) this.#take(token);
  }

  #take(token: string): void {
    const sequence = SEQUENCE.exec(token);
    if (sequence) {
      this.#control(sequence[2] ?? '', Number.parseInt(sequence[1] ?? '', 10));
      return;
    }
    if (token === '\r') this.#column = 0;
    else if (token === '\n') this.#down();
    else if (token >= ' ') this.#put(token);
  }

  #control(verb: string, count: number): void {
    const n = Number.isNaN(count) ? 1 : count;
    if (verb === 'A') this.#row = Math.max(0, this.#row - n);
    else if (verb === 'B') this.#row = Math.min(this.#rows.length - 1, this.#row + n);
    else if (verb === 'C') this.#column += n;
    else if (verb === 'D') this.#column = Math.max(0, this.#column - n);
    else if (verb === 'G') this.#column = n - 1;
    else if (verb === 'K') this.#cut();
    else if (verb === 'J') {
      this.#cut();
      this.#rows.length = this.#row + 1;
    }
  }

  #cut(): void {
    this.#rows[this.#row] = (this.#rows[this.#row] ?? '').slice(0, this.#column);
  }

  #put(sign: string): void {
    if (this.#column === this.#columns) {
      this.#column = 0;
      this.#down();
    }
    const row = (this.#rows[this.#row] ?? '').padEnd(this.#column);
    this.#rows[this.#row] = row.slice(0, this.#column) + sign + row.slice(this.#column + 1);
    this.#column += 1;
  }

  #down(): void {
    this.#row += 1;
    if (this.#row === this.#rows.length) this.#rows.push('');
  }
}
