import { readFileSync } from 'node:fs';
import { inRepository } from '../support/repository.ts';

/** The files that a page of documentation shows whole: a code block behind a comment `file: NAME`. */
export function filesOf(page: string): ReadonlyMap<string, string> {
  const text = readFileSync(inRepository(page), 'utf8');
  const blocks = text.matchAll(/<!-- file: ([\w./-]+) -->\n```\w+\n([\s\S]*?)\n```\n/g);
  return new Map([...blocks].map(([, name = '', body = '']) => [name, `${body}\n`]));
}
