import { systemClock } from '@kinoport/core';
import { wait } from '../controlled.ts';
import { type Drift, driftBetween, sizesOf, timeUntilBelow } from '../drift.ts';
import type { SoundClock } from '../soundClock.ts';
import type { Pair } from './pair.ts';

export interface Plan {
  /** Of each kind. */
  readonly rounds: number;
  /** Milliseconds between what goes before an event and the event. */
  readonly before: number;
  /** Milliseconds to settle after an event, and that are measured then. */
  readonly settle: number;
  readonly measured: number;
  /** Seconds of undisturbed play; none: not asked for. */
  readonly long?: number;
  readonly events: boolean;
}

export interface Figure {
  readonly name: FigureName;
  readonly value: number;
}

/** Milliseconds, but for `speedChanges`: a minute. `Until`: milliseconds to under 40 ms for good, Infinity: never. */
export type FigureName =
  | `${'start' | 'seek' | 'unpause'} ${'median' | 'p95'}`
  | 'stop until'
  | 'stop settled'
  | 'late until'
  | 'late settled'
  | 'long median'
  | 'long p95'
  | 'long speedChanges';

const NEAR = 40;
/** Milliseconds that they have to find each other again. */
const FINDING = 3000;

/** The same things happen to whoever keeps the two players together. */
export async function disturb(pair: Pair, plan: Plan): Promise<readonly Figure[]> {
  const { first, second } = pair;
  const figures: Figure[] = [];
  const drifts = (from: number, other: SoundClock = second): readonly Drift[] =>
    driftBetween(first.samples, other.samples, from, systemClock.now());
  if (plan.events) {
    for (const event of ['start', 'seek', 'unpause'] as const) {
      const settled: Drift[] = [];
      for (let round = 0; round < plan.rounds; round += 1) {
        if (event === 'seek') await pair.seek(5 + ((round * 137) % 450));
        else {
          await pair.pause();
          if (event === 'start') await pair.seek(10 + 20 * round);
          await wait(plan.before);
          await pair.play();
        }
        await wait(plan.settle);
        const from = systemClock.now();
        await wait(plan.measured);
        settled.push(...drifts(from));
      }
      const { median, p95 } = sizesOf(settled);
      figures.push({ name: `${event} median`, value: median }, { name: `${event} p95`, value: p95 });
    }
    await pair.stop(1000);
    figures.push(...(await recovery('stop', first, second, plan)));
  }
  if (plan.long !== undefined) {
    if (!plan.events) await pair.play();
    await wait(Math.min(10_000, 250 * plan.long));
    const before = pair.speedChanges();
    const from = systemClock.now();
    await wait(plan.long * 1000);
    const { median, p95 } = sizesOf(drifts(from));
    figures.push({ name: 'long median', value: median }, { name: 'long p95', value: p95 });
    const after = pair.speedChanges();
    if (before !== undefined && after !== undefined)
      figures.push({ name: 'long speedChanges', value: ((after - before) * 60) / plan.long });
  }
  if (plan.events) figures.push(...(await recovery('late', first, await moving(await pair.late()), plan)));
  return figures;
}

/** How long until the two are near each other for good, from now on. */
async function recovery(
  name: 'stop' | 'late',
  first: SoundClock,
  other: SoundClock,
  plan: Plan,
): Promise<readonly Figure[]> {
  const from = systemClock.now();
  await wait(FINDING + plan.measured);
  const all = driftBetween(first.samples, other.samples, from, systemClock.now());
  const until = timeUntilBelow(all, from, NEAR);
  const { median } = sizesOf(all.filter(({ at }) => at > from + FINDING));
  return [
    { name: `${name} until`, value: Number.isNaN(until) ? Number.POSITIVE_INFINITY : until },
    { name: `${name} settled`, value: median },
  ];
}

/** Resolves when the film moves. */
async function moving(sound: SoundClock): Promise<SoundClock> {
  const first = sound.samples.at(-1)?.position;
  for (let tries = 0; tries < 2000; tries += 1) {
    const last = sound.samples.at(-1)?.position;
    if (last !== undefined && last !== first) return sound;
    await wait(10);
  }
  throw new Error('Whoever came late does not play.');
}
