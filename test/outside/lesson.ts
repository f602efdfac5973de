import { readFileSync } from 'node:fs';
import { inRepository } from '../support/repository.ts';

/** What a reader of a page does, step by step. */
export type Step =
  /** Commands, and what they have to print when the page says so. */
  | {
      readonly kind: 'run';
      readonly commands: string;
      readonly output?: string;
      readonly after?: string;
      /** What runs in the background is ended first. */
      readonly interrupt?: boolean;
    }
  /** A command that is left running; it is ready when it has printed a text. */
  | { readonly kind: 'background'; readonly commands: string; readonly ready: string }
  | { readonly kind: 'file'; readonly path: string; readonly text: string }
  /** Lines to replace in a file, each with those that follow it. */
  | { readonly kind: 'edit'; readonly path: string; readonly text: string };

const BLOCK = /(?:<!-- (\w+)(?:: (.+?))? -->\n)?```(\w+)\n([\s\S]*?)\n```\n/g;

/**
 * The blocks of a page, in order: `sh` is run, `text` is what the block before it prints. A comment before a block says
 * more: `file: PATH`, `edit: PATH`, `background: TEXT` (ready when it has printed that), `after: TEXT` (not before what
 * runs in the background has printed that, after the last change), `interrupt` (Ctrl-C there first).
 */
export function lesson(page: string): readonly Step[] {
  const steps: Step[] = [];
  for (const [, mark, value = '', language, text = ''] of readFileSync(inRepository(page), 'utf8').matchAll(
    BLOCK,
  )) {
    const last = steps.at(-1);
    if (mark === 'file') steps.push({ kind: 'file', path: value, text: `${text}\n` });
    else if (mark === 'edit') steps.push({ kind: 'edit', path: value, text });
    else if (mark === 'background') steps.push({ kind: 'background', commands: text, ready: value });
    else if (language === 'sh')
      steps.push({
        kind: 'run',
        commands: text,
        ...(mark === 'after' ? { after: value } : {}),
        ...(mark === 'interrupt' ? { interrupt: true } : {}),
      });
    else if (language === 'text' && last?.kind === 'run' && last.output === undefined)
      steps[steps.length - 1] = { ...last, output: `${text}\n` };
    else throw new Error(`${page} has a block that nobody can try: ${text.slice(0, 60)}`);
  }
  return steps;
}

/** Applies an edit. @throws when a line to be replaced is not there exactly once */
export function edited(text: string, edit: string): string {
  let result = text;
  const changes = edit.split(/\n(?=-)/);
  for (const change of changes) {
    const [removed = '', ...added] = change.split('\n');
    const line = `${removed.slice(1)}\n`;
    if (result.split(line).length !== 2) throw new Error(`Not there once: ${line}`);
    result = result.replace(line, () => added.map((each) => `${each.slice(1)}\n`).join(''));
  }
  return result;
}
