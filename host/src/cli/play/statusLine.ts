import { type PlayerState, positionAt, type StreamStats } from '@kinoport/core';
import { formatClock, percentOf } from '../terminal/time.ts';
import { printable, truncate, widthOf } from '../terminal/width.ts';

/** Everything the status line tells. */
export interface StatusFacts {
  readonly title: string;
  readonly player: string;
  readonly source: string;
  readonly state: PlayerState;
  readonly stats?: StreamStats | undefined;
  /** Place in the queue, from 0. */
  readonly index: number;
  readonly count: number;
}

const SIGNS = {
  opening: ['… ', '..'],
  playing: ['▶ ', '> '],
  paused: ['❚❚', '||'],
  buffering: ['◌ ', '..'],
  seeking: ['◌ ', '..'],
  ended: ['■ ', '[]'],
  failed: ['■ ', '[]'],
  gone: ['■ ', '[]'],
} as const satisfies Record<PlayerState['status'], readonly [string, string]>;

/**
 * The line under a film: `▶ 0:12:03 / 1:42:10  12 %  1.00x  Title  [mpv · files]`. Never wider than `columns`:
 * the title is cut first, then what stands behind it goes, then the title.
 */
export function statusText(
  facts: StatusFacts,
  options: { readonly now: number; readonly columns: number; readonly unicode: boolean },
): string {
  const { state } = facts;
  const position = positionAt(state, options.now);
  const percent = percentOf(position, state.duration);
  const sign = SIGNS[state.status][options.unicode ? 0 : 1];
  const head = [
    `${sign} ${formatClock(position)}${state.duration === undefined ? '' : ` / ${formatClock(state.duration)}`}`,
    ...(percent === undefined ? [] : [`${Math.floor(percent)} %`.padStart(5)]),
    `${state.rate.toFixed(2)}x`,
    ...(state.muted ? ['muted'] : []),
    ...waiting(state, facts.stats),
  ].join('  ');
  const dot = options.unicode ? '·' : '-';
  const place = facts.count > 1 ? `${facts.index + 1}/${facts.count} ${dot} ` : '';
  const tail = `  [${place}${printable(facts.player)} ${dot} ${printable(facts.source)}]`;
  const title = printable(facts.title);

  const room = options.columns - widthOf(head) - 2;
  if (room - widthOf(tail) >= Math.min(12, widthOf(title))) {
    return `${head}  ${truncate(title, room - widthOf(tail))}${tail}`;
  }
  return room >= 4 ? `${head}  ${truncate(title, room)}` : truncate(head, options.columns);
}

function waiting(state: PlayerState, stats: StreamStats | undefined): readonly string[] {
  if (state.status === 'opening') return ['opening'];
  if (state.status !== 'buffering') return [];
  const rate = stats?.downloadRate;
  return [rate === undefined ? 'buffering' : `buffering ${(rate / 1e6).toFixed(1)} MB/s`];
}
