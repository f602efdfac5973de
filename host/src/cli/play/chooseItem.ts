import { KinoportError } from '@kinoport/core';
import type { PlayChoice } from '../../api/protocol.ts';
import { findItem } from '../../playback/findItem.ts';
import type { Output } from '../terminal/output.ts';
import { ask } from '../terminal/prompt.ts';
import { formatTable } from '../terminal/table.ts';
import { formatBytes, formatTime } from '../terminal/time.ts';
import { printable } from '../terminal/width.ts';

interface Listed {
  readonly title: string;
  readonly size?: number | null | undefined;
  readonly duration?: number | null | undefined;
  readonly watched?: boolean;
}

/** Items with the numbers that `--file` takes. */
export function itemTable(items: readonly Listed[], columns: number | undefined): readonly string[] {
  const hasMarks = items.some(({ watched }) => watched);
  const rows = items.map(({ title, duration, size, watched }, file) => [
    String(file),
    title,
    duration == null ? '' : formatTime(duration),
    size == null ? '' : formatBytes(size),
    ...(hasMarks ? [watched ? 'watched' : ''] : []),
  ]);
  const head = [
    { title: '', align: 'right' },
    { title: 'Title', flexible: true },
    { title: 'Length', align: 'right' },
    { title: 'Size', align: 'right' },
    ...(hasMarks ? [{ title: '' } as const] : []),
  ] as const;
  return formatTable(head, rows, columns);
}

/**
 * Shows what there is and asks which to play; its place, `undefined` for none.
 * @throws KinoportError `ABORTED`, `NOT_INTERACTIVE`
 */
export async function chooseItem(
  output: Output,
  { title, items, first }: PlayChoice,
): Promise<number | undefined> {
  if (title !== undefined) output.info(printable(title));
  for (const line of itemTable(items, output.columns)) output.data(line);
  for (;;) {
    const answer = (await ask(`Number or words, Enter for ${first}, q to leave: `)).trim();
    if (answer === '') return first;
    if (/^q(uit)?$/i.test(answer)) return undefined;
    try {
      return findItem(items, answer);
    } catch (error) {
      output.note(error instanceof KinoportError ? error.message : String(error));
    }
  }
}
