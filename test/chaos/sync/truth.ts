import { driftBetween } from '../../bench/sync/drift.ts';
import type { SoundSample } from '../../bench/sync/soundClock.ts';
import type { Person } from '../../bench/sync/together/person.ts';
import { instant, until } from '../../support/lab/waiting.ts';

/** Milliseconds that two players in step are apart at most. */
export const NEAR = 40;
/** Milliseconds for which they have to stay so near to count, and for which readings may be missing. */
const STEADY = 1000;
const MISSING = 400;

/** Waits until two films run in step; seconds from an instant to the beginning of that. */
export function inStep(a: Person, b: Person, since: number, timeout = 30_000): Promise<number> {
  const found = async (): Promise<number | false> => {
    for (const one of [a, b]) await one.lookForPlayer();
    const now = instant();
    const drifts = driftBetween(a.sound.samples, b.sound.samples, Math.max(since, now - 15_000), now);
    const last = drifts.at(-1);
    if (!last || now - last.at > MISSING) return false;
    // A new player begins with no readings; where one that goes on lacks some, the machine was busy.
    const off = drifts.findLast(({ drift }) => Math.abs(drift) * 1000 > NEAR);
    const from = off?.at ?? drifts[0]?.at ?? last.at;
    const runs = [a, b].every(({ sound }) => ranFor(sound.samples, last.at - STEADY, last.at) > 0.8);
    return last.at - from >= STEADY && runs && (from - since) / 1000;
  };
  return until(`${a.name} and ${b.name} in step`, found, { timeout, every: 50 });
}

/** Milliseconds that two players were apart at most. */
export function apart(a: Person, b: Person, from: number, to: number): number {
  const drifts = driftBetween(a.sound.samples, b.sound.samples, from, to);
  return Math.max(...drifts.map(({ drift }) => Math.abs(drift) * 1000));
}

/** Milliseconds by which a film that ran on between two instants was off an even run; infinite when it stood. */
export function jolt(person: Person, from: number, to: number): number {
  const { samples } = person.sound;
  const lags = samples
    .filter(({ at }) => at >= from && at <= to)
    .map(({ at, position }) => at - position * 1000);
  const wholly = ranFor(samples, from, to) > ((to - from) / 1000) * 0.9 - 0.5;
  return wholly ? Math.max(...lags) - Math.min(...lags) : Number.POSITIVE_INFINITY;
}

/** Seconds of film between two instants. */
export function ranFor(samples: readonly SoundSample[], from: number, to: number): number {
  const between = samples.filter(({ at }) => at >= from && at <= to);
  const [first, last] = [between[0], between.at(-1)];
  return first && last ? last.position - first.position : 0;
}

/** Where a player is, asked of itself: seconds. */
export async function placeOf({ sound }: Person): Promise<number> {
  const place = await sound.property('time-pos');
  return typeof place === 'number' ? place : Number.NaN;
}

export async function stands({ sound }: Person): Promise<boolean> {
  return (await sound.property('pause')) === true;
}
