import type { ProgressView } from '../../api/protocol.ts';
import { formatTable } from '../terminal/table.ts';
import { formatAgo, formatTime } from '../terminal/time.ts';

/** The members that `--json` shows, in their order. */
export function progressJson(view: ProgressView): ProgressView {
  const { uri, itemKey, title, position, duration, percent, watched, updatedAt } = view;
  return { uri, itemKey, title, position, duration, percent, watched, updatedAt };
}

/** `12:03 of 1:42:10`, or what else can be said. */
export function placeText(view: ProgressView): string {
  if (view.watched && view.position === 0) return 'watched';
  const of = view.duration === null ? '' : ` of ${formatTime(view.duration)}`;
  return `${formatTime(view.position)}${of}${view.watched ? ', watched' : ''}`;
}

/** A list for people, numbered from 1 when `numbered`. */
export function progressTable(
  views: readonly ProgressView[],
  options: { readonly numbered: boolean; readonly now: number; readonly columns: number | undefined },
): readonly string[] {
  return formatTable(
    [
      ...(options.numbered ? [{ title: '', align: 'right' } as const] : []),
      { title: 'Title', flexible: true },
      { title: '', align: 'right' },
      { title: 'Position' },
      { title: 'Last' },
    ],
    views.map((view, i) => [
      ...(options.numbered ? [String(i + 1)] : []),
      view.title,
      view.percent === null ? '' : `${Math.floor(view.percent)} %`,
      placeText(view),
      formatAgo(Date.parse(view.updatedAt), options.now),
    ]),
    options.columns,
  );
}
