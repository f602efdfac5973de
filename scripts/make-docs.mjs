// Writes the pages of documentation that follow from sources; with --check only says whether they are current.
import { readFileSync, writeFileSync } from 'node:fs';
import { ERROR_CODES } from '../core/src/errors.ts';
import { manifestPage } from './docs/manifestPage.mjs';
import { protectionPage } from './docs/protectionPage.mjs';
import { at } from './lib/workspace.mjs';

const PAGES = {
  'docs/errors.md': errorsPage,
  'docs/plugins/protection.md': protectionPage,
  'docs/plugins/manifest.md': manifestPage,
};

const check = process.argv.includes('--check');
for (const [page, make] of Object.entries(PAGES)) {
  const text = make();
  if (!check) writeFileSync(at(page), text);
  else if (read(at(page)) !== text) {
    console.error(`${page} is not what the sources say. Run: node scripts/make-docs.mjs`);
    process.exitCode = 1;
  }
}

function errorsPage() {
  return `${[
    '# Errors',
    '',
    '<!-- Made by scripts/make-docs.mjs out of core/src/errors.ts; change that and run it again. -->',
    '',
    'An error that a person can meet has a code, one sentence of what happened and one of what to do. Codes are',
    'stable: scripts may rely on them. On a terminal the code stands in brackets; with `--json` the error is',
    '`{"event":"error","code","message","hint"}`. A plugin may have codes of its own beside these; a command that',
    'ends with one of those exits with 1.',
    '',
    'The last column is the exit code of a command that ends with the error: 1 failed, 2 wrong usage,',
    '130 interrupted.',
    ...sections().flatMap(({ title, codes }) => [
      '',
      `## ${title}`,
      '',
      '| Code | What it stands for | Exit |',
      '|---|---|---|',
      ...codes.map((code) => `| \`${code}\` | ${ERROR_CODES[code].text} | ${ERROR_CODES[code].exit} |`),
    ]),
  ].join('\n')}\n`;
}

/** The table's own order; its one-line comments are the headings. */
function sections() {
  const source = readFileSync(at('core/src/errors.ts'), 'utf8');
  const table = source.slice(source.indexOf('ERROR_CODES = {'), source.indexOf('} as const'));
  const found = [];
  for (const [, title, code] of table.matchAll(/^ {2}(?:\/\/ (.+)|([A-Z][A-Z0-9_]*): \{)/gm)) {
    if (title) found.push({ title, codes: [] });
    else found.at(-1).codes.push(code);
  }
  const listed = found.flatMap(({ codes }) => codes);
  const missed = Object.keys(ERROR_CODES).filter((code) => !listed.includes(code));
  if (missed.length > 0) throw new Error(`Not found in the text of the table: ${missed.join(', ')}`);
  return found;
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
