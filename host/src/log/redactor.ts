/** Shorter ones would take away half of every line. */
const SHORTEST = 4;
/** Values that have been replaced stay unspoken, but not without end. */
const MOST = 1000;
const MARK = '[secret]';

/** Takes secrets out of text that somebody may read. */
export class Redactor {
  readonly #values = new Set<string>();
  #pattern: RegExp | undefined;

  /** From now on none of them is shown: as it is, within JSON, within an address. Under 4 characters it has no effect. */
  add(...secrets: readonly unknown[]): void {
    for (const secret of secrets) {
      if (typeof secret !== 'string' || secret.length < SHORTEST || this.#values.has(secret)) continue;
      this.#values.add(secret);
      const [oldest] = this.#values;
      if (this.#values.size > MOST && oldest !== undefined) this.#values.delete(oldest);
      this.#pattern = undefined;
    }
  }

  redact(text: string): string {
    if (this.#values.size === 0) return text;
    this.#pattern ??= patternOf(this.#values);
    return text.replace(this.#pattern, MARK);
  }

  /** The same for every text within plain data; keys are left as they are. */
  redactData<T>(value: T): T {
    if (this.#values.size === 0) return value;
    return redacted(value, (text) => this.redact(text)) as T;
  }
}

function patternOf(values: ReadonlySet<string>): RegExp {
  const forms = new Set(
    [...values].flatMap((value) => [value, JSON.stringify(value).slice(1, -1), inAddress(value)]),
  );
  // The longest first: one may be the beginning of another.
  const sources = [...forms]
    .sort((a, b) => b.length - a.length)
    .map((form) => form.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(sources.join('|'), 'g');
}

function inAddress(value: string): string {
  return encodeURIComponent(value.toWellFormed());
}

function redacted(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((entry) => redacted(entry, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, redacted(entry, redact)]));
}
