import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from 'node:readline';
import type { Disposable } from '@kinoport/core';
import { askHidden } from './hidden.ts';
import { InputLines } from './inputLines.ts';
import type { Output } from './output.ts';
import { ask } from './prompt.ts';
import { isInBackground } from './rawInput.ts';
import { printable, truncate, widthOf } from './width.ts';

const MARK = '> ';

/**
 * The terminal of a plugin's command. Lines scroll by above what is typed and above the status line, which stands at
 * the bottom and is rewritten. Where there is no terminal, lines are lines and the status is not shown.
 */
export class CommandTerminal implements Disposable {
  readonly #output: Output;
  readonly #interrupt: () => void;
  readonly #input = new InputLines();
  readonly #typed: string[] = [];
  /** Present while lines are typed. */
  #editor: Interface | undefined;
  #waiting: PromiseWithResolvers<string | null> | undefined;
  #hasEnded = false;
  #isAsking = false;
  #status = '';
  #isShown = false;

  /** @param interrupt is called for Ctrl-C while lines are typed: the terminal sends no signal then */
  constructor(output: Output, interrupt: () => void) {
    this.#output = output;
    this.#interrupt = interrupt;
  }

  /** A line of what was asked for. */
  data(text: string): void {
    this.#above(() => this.#output.data(text));
  }

  /** A remark, on standard error. */
  note(text: string): void {
    if (process.stderr.isTTY === true) this.#above(() => this.#output.note(text));
    else this.#output.note(text);
  }

  /** What the last line says from now on; empty: nothing. */
  status(text: string): void {
    if (!this.#output.isTTY || this.#output.json || this.#output.quiet) return;
    // The last column stays free: some terminals wrap as soon as it is written.
    const shown = truncate(printable(text), Math.max(10, (this.#output.columns ?? 80) - 1));
    if (shown === this.#status) return;
    this.#clear();
    this.#status = shown;
    this.#paint();
  }

  /** A line of standard input; `null` at its end. */
  next(): Promise<string | null> {
    if (!this.#canEdit()) return this.#input.next();
    const line = this.#typed.shift();
    if (line !== undefined) return Promise.resolve(line);
    if (this.#hasEnded) return Promise.resolve(null);
    this.#waiting ??= Promise.withResolvers<string | null>();
    if (!this.#isAsking) this.#edit();
    return this.#waiting.promise;
  }

  /** @throws KinoportError as `ask` */
  async ask(question: string, hidden = false): Promise<string> {
    this.#clear();
    this.#isAsking = true;
    this.#editor?.close();
    this.#editor = undefined;
    try {
      return await (hidden ? askHidden(question) : ask(question));
    } finally {
      this.#isAsking = false;
      if (this.#waiting) this.#edit();
      else this.#paint();
    }
  }

  dispose(): void {
    this.#clear();
    this.#status = '';
    this.#isAsking = true;
    this.#editor?.close();
    this.#editor = undefined;
    this.#input.dispose();
  }

  #canEdit(): boolean {
    if (this.#editor || this.#isAsking) return true;
    return process.stdin.isTTY === true && this.#output.isTTY && !this.#output.json && !isInBackground();
  }

  #edit(): void {
    if (this.#editor) return;
    this.#clear();
    const editor = createInterface({ input: process.stdin, output: process.stdout, prompt: '' });
    this.#editor = editor;
    editor.on('line', (line) => {
      this.#entered(line);
      if (this.#waiting) this.#waiting.resolve(line);
      else this.#typed.push(line);
      this.#waiting = undefined;
    });
    editor.on('SIGINT', () => this.#interrupt());
    editor.on('close', () => {
      if (this.#isAsking) return;
      this.#clear();
      this.#editor = undefined;
      this.#hasEnded = true;
      this.#paint();
      this.#waiting?.resolve(null);
      this.#waiting = undefined;
    });
    this.#paint();
  }

  /** The status is taken from above the line that was entered; what was typed stays. */
  #entered(line: string): void {
    if (this.#status !== '') {
      const columns = this.#output.columns ?? 80;
      const rows = 2 + Math.floor(widthOf(MARK + printable(line)) / columns);
      moveCursor(process.stdout, 0, -rows);
      cursorTo(process.stdout, 0);
      clearScreenDown(process.stdout);
      this.#output.raw(`${MARK}${printable(line)}\n`);
    }
    this.#editor?.prompt();
  }

  #above(write: () => void): void {
    const editor = this.#editor;
    if (!editor) {
      this.#clear();
      write();
      this.#paint();
      return;
    }
    const { rows } = editor.getCursorPos();
    this.#clear();
    write();
    // What the editor draws next begins so many rows above.
    this.#output.raw('\n'.repeat(rows));
    editor.prompt(true);
  }

  /** Takes away what stands at the bottom; the cursor is where it began. */
  #clear(): void {
    if (this.#editor) {
      moveCursor(process.stdout, 0, -this.#editor.getCursorPos().rows);
      cursorTo(process.stdout, 0);
      clearScreenDown(process.stdout);
    } else if (this.#isShown) this.#output.raw('\r\u001b[K');
    this.#isShown = false;
  }

  #paint(): void {
    const editor = this.#editor;
    if (!editor) {
      if (this.#isAsking || this.#status === '') return;
      this.#output.raw(this.#status);
      this.#isShown = true;
      return;
    }
    const { rows } = editor.getCursorPos();
    this.#output.raw('\n'.repeat(rows));
    editor.setPrompt(this.#status === '' ? '' : `${this.#status}\n${MARK}`);
    editor.prompt(true);
  }
}
