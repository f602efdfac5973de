import { type KinoportError, PRODUCT } from '@kinoport/core';

/** A stream that text goes to: a terminal, a pipe or a file. */
export interface TextStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): boolean;
}

export interface OutputOptions {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly environment: NodeJS.ProcessEnv;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/**
 * What a command prints. Data goes to standard output; remarks go to standard error, so that a pipe holds
 * nothing but data. With `--json` only JSON goes to standard output.
 */
export class Output {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly #stdout: TextStream;
  readonly #stderr: TextStream;
  readonly #environment: NodeJS.ProcessEnv;

  constructor(options: OutputOptions) {
    this.json = options.json;
    this.quiet = options.quiet;
    this.verbose = options.verbose;
    this.#stdout = options.stdout;
    this.#stderr = options.stderr;
    this.#environment = options.environment;
  }

  /** Whether a line can be rewritten: standard output is a terminal that is more than `dumb`. */
  get isTTY(): boolean {
    return this.#stdout.isTTY === true && this.#environment.TERM !== 'dumb';
  }

  /** Width of the terminal; `undefined` where output is no terminal. */
  get columns(): number | undefined {
    return this.#stdout.isTTY === true ? (this.#stdout.columns ?? 80) : undefined;
  }

  get color(): boolean {
    return this.isTTY && (this.#environment.NO_COLOR ?? '') === '';
  }

  /** Whether signs beyond ASCII show as they should. */
  get unicode(): boolean {
    const { LC_ALL, LC_CTYPE, LANG } = this.#environment;
    const locale = LC_ALL || LC_CTYPE || LANG || '';
    return process.platform === 'win32' || process.platform === 'darwin' || /utf-?8/i.test(locale);
  }

  /** A line of what was asked for. */
  data(text: string): void {
    this.#stdout.write(`${text}\n`);
  }

  /** A line about what was done, for people; not with `-q` or `--json`. */
  info(text: string): void {
    if (!this.quiet && !this.json) this.#stdout.write(`${text}\n`);
  }

  /** A remark on standard error; not with `-q`. */
  note(text: string): void {
    if (!this.quiet) this.#stderr.write(`${text}\n`);
  }

  /** One JSON value on a line of its own. */
  value(value: unknown): void {
    this.#stdout.write(`${JSON.stringify(value)}\n`);
  }

  /** Text as it is, for the status line. */
  raw(text: string): void {
    this.#stdout.write(text);
  }

  /** An error for a person: what happened, what to do, the code; with `-v` where it came from. */
  error(error: KinoportError): void {
    const code = `(${error.code})`;
    const lines =
      error.hint === undefined
        ? [`${PRODUCT.command}: ${error.message} ${code}`]
        : [`${PRODUCT.command}: ${error.message}`, `${error.hint} ${code}`];
    if (this.verbose && error.stack !== undefined) lines.push(error.stack);
    this.#stderr.write(`${lines.join('\n')}\n`);
  }
}

/** The members of an error that `--json` shows. */
export function errorView(error: {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}): { readonly code: string; readonly message: string; readonly hint: string | null } {
  return { code: error.code, message: error.message, hint: error.hint ?? null };
}
