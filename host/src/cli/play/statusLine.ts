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
  /** Seconds since it opens, buffers or seeks. */
  readonly waited?: number | undefined;
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

interface StatusOptions {
  readonly now: number;
  readonly columns: number;
  readonly unicode: boolean;
}

/**
 * The line under a film: `▶ 0:12:03 / 1:42:10  12 %  1.00x  2.1 MB/s  14 peers  38 s ahead  Title  [mpv · files]`. Never
 * wider than `columns`: the title is cut first, then player and source go, a speed that is the usual one, figures from
 * the right, and the title at last.
 */
export function statusText(facts: StatusFacts, options: StatusOptions): string {
  const { state, stats } = facts;
  const position = positionAt(state, options.now);
  const percent = percentOf(position, state.duration);
  const sign = SIGNS[state.status][options.unicode ? 0 : 1];
  const speed = `${state.rate.toFixed(2)}x`;
  const base = [
    `${sign} ${formatClock(position)}${state.duration === undefined ? '' : ` / ${formatClock(state.duration)}`}`,
    ...(percent === undefined ? [] : [`${Math.floor(percent)} %`.padStart(5)]),
    speed,
    ...(state.muted ? ['muted'] : []),
    ...(WAITING.has(state.status) ? [waitingText(state.status, stats, facts.waited)] : []),
  ];
  const short = speed === '1.00x' ? base.filter((part) => part !== speed) : base;
  const dot = options.unicode ? '·' : '-';
  const place = facts.count > 1 ? `${facts.index + 1}/${facts.count} ${dot} ` : '';
  const tail = `  [${place}${printable(facts.player)} ${dot} ${printable(facts.source)}]`;
  const title = printable(facts.title);

  const figures = figuresOf(stats);
  const ways: readonly (readonly [parts: readonly string[], tail: string, leastTitle: number])[] = [
    ...(figures.length > 0 ? [[[...base, ...figures], tail, 12] as const] : []),
    ...(figures.length > 0 ? [[[...base, ...figures], '', 12] as const] : []),
    ...figures.map((_, i) => [[...short, ...figures.slice(0, figures.length - i)], '', 8] as const),
    [base, tail, 12],
    [base, '', 4],
  ];
  for (const [parts, end, least] of ways) {
    const head = parts.join('  ');
    const room = options.columns - widthOf(head) - 2 - widthOf(end);
    if (room >= Math.min(least, widthOf(title))) return `${head}  ${truncate(title, room)}${end}`;
  }
  return truncate(base.join('  '), options.columns);
}

/** While nothing plays yet: `Opening Title ... looking for peers, 12 s  3 peers`. The title is cut first. */
export function openingText(
  verb: 'Opening' | 'Asking',
  title: string,
  stats: StreamStats | undefined,
  waited: number | undefined,
  columns: number,
): string {
  const wait =
    stats?.activity === undefined && (waited ?? 0) < SHOWN_FROM ? [] : [waitingText('', stats, waited)];
  const tail = ['', ...wait, ...figuresOf(stats)].join('  ').replace(/^ {2}/, ' ');
  const room = columns - widthOf(tail) - `${verb}  ...`.length;
  const name = printable(title);
  const isRoomy = room >= Math.min(12, widthOf(name));
  return truncate(`${verb} ${isRoomy ? truncate(name, room) : name} ...${tail}`, columns);
}

const WAITING: ReadonlySet<PlayerState['status']> = new Set(['opening', 'buffering', 'seeking']);
/** Seconds; a wait that is shorter needs no number. */
const SHOWN_FROM = 2;

function waitingText(status: string, stats: StreamStats | undefined, waited = 0): string {
  const words = printable(stats?.activity ?? status);
  const time = waited < SHOWN_FROM ? '' : `${Math.floor(waited)} s`;
  return [words, time].filter((part) => part !== '').join(', ');
}

/** Best first: those at the end go where there is no room. */
function figuresOf(stats: StreamStats | undefined): readonly string[] {
  const { downloadRate, peers, bufferedSeconds } = stats ?? {};
  return [
    ...(downloadRate === undefined ? [] : [`${(downloadRate / 1e6).toFixed(1)} MB/s`]),
    ...(peers === undefined ? [] : [peers === 1 ? '1 peer' : `${Math.round(peers)} peers`]),
    ...(bufferedSeconds === undefined ? [] : [`${Math.floor(bufferedSeconds)} s ahead`]),
  ];
}
