import type { Trial } from './trial.ts';

/** Fails unless a value is what crosses a process border whole: JSON without a loss, `undefined` members apart. */
export function plain(t: Trial, what: string, value: unknown): void {
  const problem = foreign(value, what);
  if (problem !== undefined) t.fail(`${problem} is not plain JSON`);
}

function foreign(value: unknown, path: string): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : path;
  if (typeof value !== 'object') return path;
  if (Array.isArray(value)) return first(value.map((item, index) => foreign(item, `${path}[${index}]`)));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return path;
  return first(Object.entries(value).map(([key, item]) => foreign(item, `${path}.${key}`)));
}

const first = (problems: readonly (string | undefined)[]): string | undefined =>
  problems.find((problem) => problem !== undefined);
