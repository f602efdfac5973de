import { interleave, median, summarize, type Table } from '../../support/table.ts';
import type { ContenderName } from './contender.ts';

export type Figures = Readonly<Partial<Record<ContenderName, readonly number[]>>>;

/** What Kinoport's figure is to be, as a part of a rival's or of the best rival's, and by itself. */
export interface Target {
  readonly of?: { readonly rival: 'webtorrent' | 'best'; readonly times: number };
  /** Another bound; the stricter one counts. */
  readonly bound?: number;
  /** More is better. */
  readonly more?: boolean;
}

/** Runs each contender in turns, so many rounds. What fails is told, and counts as `worst`. */
export async function inTurns(
  contenders: readonly ContenderName[],
  rounds: number,
  worst: number,
  run: (name: ContenderName) => Promise<number>,
): Promise<Figures> {
  const runs = contenders.map((name) => [
    name,
    async () => {
      try {
        return await run(name);
      } catch (error) {
        console.error(`${name}: ${error instanceof Error ? error.message.slice(0, 500) : error}`);
        return worst;
      }
    },
  ]);
  return interleave(rounds, Object.fromEntries(runs) as Record<ContenderName, () => Promise<number>>);
}

/** A row for each rival; a row of its own for each where Kinoport was not measured. */
export function addRows(
  table: Table,
  name: string,
  unit: string,
  figures: Figures,
  target: Target = {},
): void {
  const { kinoport, ...others } = figures;
  const rivals = Object.entries(others).map(([rival, values]) => ({ rival, value: median(values) }));
  if (kinoport === undefined) {
    for (const [rival, values] of Object.entries(others))
      table.add(`${name} (${rival})`, median(values), unit, { spread: summarize(values) });
    return;
  }
  const limit = limitOf(rivals, target);
  const value = median(kinoport);
  const goal = limit === undefined ? {} : target.more ? { atLeast: limit } : { atMost: limit };
  const spread = summarize(kinoport);
  if (rivals.length === 0) table.add(name, value, unit, { spread, ...goal });
  for (const { rival, value: theirs } of rivals)
    table.add(name, value, unit, { peer: { name: rival, value: theirs }, spread, ...goal });
}

function limitOf(
  rivals: readonly { readonly rival: string; readonly value: number }[],
  { of, bound, more = false }: Target,
): number | undefined {
  const [best, strictest] = more ? [Math.max, Math.max] : [Math.min, Math.min];
  const measured = of?.rival === 'best' ? rivals : rivals.filter(({ rival }) => rival === of?.rival);
  const bounds = bound === undefined ? [] : [bound];
  if (of && measured.length > 0) bounds.push(best(...measured.map(({ value }) => value)) * of.times);
  return bounds.length === 0 ? undefined : Number(strictest(...bounds).toPrecision(4));
}
