import type { DisposableStore } from '@kinoport/core';
import { makeFilm } from '../../../support/lab/media.ts';
import type { Table } from '../../../support/table.ts';
import { openCommandPair } from './commandPair.ts';
import { disturb, type Figure, type FigureName, type Plan } from './disturb.ts';
import type { Pair, PairOptions, Way } from './pair.ts';
import { openRelayPair } from './relayPair.ts';
import { canSyncplay, openSyncplayPair } from './syncplayPair.ts';

interface Condition {
  readonly title: string;
  readonly options: Omit<PairOptions, 'film'>;
  readonly plan: Plan;
  /** Milliseconds that the median and the 95th percentile of the settled drift may be. */
  readonly median: number;
  readonly p95: number;
}

const FAR: Way = { up: 50, down: 50, jitter: 10 };

function conditions(
  quick: boolean,
  rounds: number | undefined,
): Record<'loopback' | 'far' | 'skewed', Condition> {
  const events = quick
    ? { rounds: rounds ?? 4, before: 700, settle: 1500, measured: 400, events: true }
    : { rounds: rounds ?? 15, before: 1200, settle: 3000, measured: 2000, events: true };
  const long = quick ? 20 : 120;
  return {
    loopback: { title: 'loopback', options: {}, plan: events, median: 5, p95: 15 },
    far: {
      title: '50 + 50 ms, jitter 10 ms, clock 1.2 s off',
      options: { way: FAR, serverAhead: 1234 },
      plan: events,
      median: 6,
      p95: 20,
    },
    skewed: {
      title: `sound clock 100 ppm fast, ${long} s`,
      options: { ppm: 100 },
      plan: { ...events, events: false, long },
      median: Number.POSITIVE_INFINITY,
      p95: 15,
    },
  };
}

type Contender = 'kinoport' | 'syncplay';

/**
 * How Kinoport is driven: its clock and control in this process (`members`), or the command line's processes, steered by
 * commands of another terminal or by the keys of a player.
 */
const OPENERS = {
  members: openRelayPair,
  commands: (options: PairOptions) => openCommandPair(options),
  hand: (options: PairOptions) => openCommandPair(options, 'hand'),
} as const;
export type Driven = keyof typeof OPENERS;
export const isDriven = (text: string): text is Driven => Object.hasOwn(OPENERS, text);

/** Two real mpv kept together by Kinoport and by Syncplay, at the same time, through the same disturbances. */
export async function compareDrift(
  table: Table,
  quick: boolean,
  driven: Driven,
  only: (name: string) => boolean,
  owned: DisposableStore,
  rounds?: number,
): Promise<void> {
  const film = await makeFilm({ seconds: 600, noise: false });
  const asked = Object.entries(conditions(quick, rounds)).filter(([name]) => only(name));
  const run = async ([, condition]: (typeof asked)[number]): Promise<() => void> => {
    const measured = await measure(film, condition, driven, owned);
    return () => addRows(table, condition, measured);
  };
  // A quick run has no time for one after the other.
  if (quick) for (const add of await Promise.all(asked.map(run))) add();
  else for (const each of asked) (await run(each))();
}

async function measure(
  film: string,
  { options, plan, title }: Condition,
  driven: Driven,
  owned: DisposableStore,
): Promise<Partial<Record<Contender, readonly Figure[]>>> {
  const openers: Partial<Record<Contender, (options: PairOptions) => Promise<Pair>>> = {
    kinoport: OPENERS[driven],
    ...(canSyncplay() ? { syncplay: openSyncplayPair } : {}),
  };
  const figures: Partial<Record<Contender, readonly Figure[]>> = {};
  const names = Object.keys(openers) as Contender[];
  const tell = (name: Contender) => (error: unknown) => {
    console.error(`${title}, ${name}:`, error);
    return undefined;
  };
  // All are there before the first is measured: a program that starts takes the processor from the others.
  const pairs = await Promise.all(
    names.map(async (name) => {
      const pair = await openers[name]?.({ film, ...options }).catch(tell(name));
      return pair && owned.add(pair);
    }),
  );
  await Promise.all(
    names.map(async (name, index) => {
      const pair = pairs[index];
      if (pair === undefined) return;
      try {
        figures[name] = await disturb(pair, plan);
      } catch (error) {
        tell(name)(error);
      } finally {
        await owned.disposeOf(pair);
      }
    }),
  );
  return figures;
}

function addRows(
  table: Table,
  condition: Condition,
  measured: Partial<Record<Contender, readonly Figure[]>>,
): void {
  const { title, median, p95, plan } = condition;
  const of = (name: Contender, figure: FigureName): number | undefined =>
    measured[name]?.find((each) => each.name === figure)?.value;
  const row = (label: string, figure: FigureName, unit: string, atMost?: number, scale = 1): void => {
    const value = of('kinoport', figure);
    if (value === undefined) return;
    const peer = of('syncplay', figure);
    table.add(label, value * scale, unit, {
      ...(peer === undefined ? {} : { peer: { name: 'Syncplay', value: peer * scale } }),
      ...(atMost === undefined || atMost === Number.POSITIVE_INFINITY ? {} : { atMost }),
    });
  };
  if (!measured.kinoport) table.add(`${title}: went wrong`, 1, 'times', { atMost: 0 });
  if (plan.events) {
    for (const event of ['start', 'seek', 'unpause'] as const) {
      row(`${title}: drift settled after ${event}, median`, `${event} median`, 'ms', median);
      row('  p95', `${event} p95`, 'ms', p95);
    }
    row('  player stopped for 1 s: under 40 ms after', 'stop until', 's', 2, 1e-3);
    row('  then', 'stop settled', 'ms', 40);
    row('  late join: under 40 ms after', 'late until', 's', 3, 1e-3);
    row('  then', 'late settled', 'ms', 40);
  }
  row(`${title}: drift, median`, 'long median', 'ms');
  row('  p95', 'long p95', 'ms', p95);
  // A quick run is over before the speed that the sound needs is learned.
  row('  speed changes', 'long speedChanges', 'a minute', (plan.long ?? 0) < 60 ? undefined : 1);
}
