import { readdirSync, readFileSync, statSync } from 'node:fs';
import { inRepository } from '../support/repository.ts';

/**
 * The files that pages of documentation show whole: a code block behind a comment `file: NAME`. Of a folder: all its
 * pages but the tutorial, which has a plugin of its own.
 */
export function filesOf(place: string): ReadonlyMap<string, string> {
  const pages = statSync(inRepository(place)).isDirectory()
    ? readdirSync(inRepository(place))
        .filter((name) => name.endsWith('.md') && name !== 'tutorial.md')
        .map((name) => `${place}/${name}`)
    : [place];
  const found = pages.flatMap((page) => [
    ...readFileSync(inRepository(page), 'utf8').matchAll(
      /<!-- file: ([\w./-]+) -->\n```\w+\n([\s\S]*?)\n```\n/g,
    ),
  ]);
  return new Map(found.map(([, name = '', body = '']) => [name, `${body}\n`]));
}
