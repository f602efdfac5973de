/** How near the control alone keeps two real mpv on a timeline: no relay, no wire, no host.. */
import { systemClock } from '@kinoport/core';
import { makeFilm } from '../../support/lab/media.ts';
import { ControlledMpv, LOOPBACK, LocalRoom, type Way, wait } from './controlled.ts';
import { driftBetween, sizesOf, timeUntilBelow } from './drift.ts';

export interface ControlFigures {
  readonly name: string;
  /** Milliseconds. */
  readonly median: number;
  readonly p95: number;
  readonly max: number;
  /** Milliseconds until the drift stays below 40 ms. */
  readonly under40?: number;
  readonly speedChanges?: number;
}

/** Seconds that are left to settle after an event, and seconds that are measured then. */
const SETTLED_AFTER = 3000;

export async function measureControl(options: {
  readonly rounds: number;
  readonly way?: Way;
  /** How much faster the second one's sound device runs. */
  readonly ppm?: number;
  readonly long?: number;
  readonly report: (figures: ControlFigures) => void;
}): Promise<void> {
  const film = await makeFilm({ seconds: 600, noise: false });
  const { way = LOOPBACK, ppm = 0, report } = options;
  const room = new LocalRoom();
  const first = await ControlledMpv.open(film, { name: 'first', way });
  const second = await ControlledMpv.open(film, {
    name: 'second',
    way,
    args: ppm === 0 ? [] : [`--ao-null-speed=${(1 + ppm / 1e6).toFixed(6)}`],
  });
  const both = [first, second];
  const drifts = (from: number) =>
    driftBetween(first.sound.samples, second.sound.samples, from, systemClock.now());
  const settled = async (ms: number): Promise<readonly { at: number; drift: number }[]> => {
    await wait(SETTLED_AFTER);
    const from = systemClock.now();
    await wait(ms);
    return drifts(from);
  };
  try {
    room.set(both, { phase: 'paused', position: 10 });
    await wait(1500);
    for (const event of ['start', 'seek', 'unpause'] as const) {
      const all: { at: number; drift: number }[] = [];
      for (let round = 0; round < options.rounds; round += 1) {
        if (event !== 'seek') {
          room.set(both, { phase: 'paused', ...(event === 'start' ? { position: 10 + 20 * round } : {}) });
          await wait(1200);
          room.set(both, { phase: 'playing' });
        } else {
          room.set(both, { phase: 'playing', position: 5 + ((round * 137) % 500) });
        }
        all.push(...(await settled(2000)));
      }
      report({ name: `settled after ${event}`, ...sizesOf(all) });
    }
    const stopped = systemClock.now();
    await second.stop(1000);
    await wait(6000);
    const after = drifts(stopped + 1000);
    report({
      name: 'stopped for 1 s',
      ...sizesOf(after.filter(({ at }) => at > stopped + 3000)),
      under40: timeUntilBelow(after, stopped + 1000, 40),
    });
    if (options.long !== undefined) {
      room.set(both, { phase: 'playing', position: 20 });
      await wait(20_000);
      const before = both.map(({ follower }) => follower.figures.speedChanges);
      const from = systemClock.now();
      await wait(options.long * 1000);
      const changes = both.map(({ follower }, index) => follower.figures.speedChanges - (before[index] ?? 0));
      report({
        name: `${options.long} s, ${ppm} ppm`,
        ...sizesOf(drifts(from)),
        speedChanges: Math.max(...changes),
      });
    }
    const late = await ControlledMpv.open(film, { name: 'late', way });
    try {
      room.welcome(late);
      const joined = systemClock.now();
      await wait(6000);
      const drift = driftBetween(first.sound.samples, late.sound.samples, joined, systemClock.now());
      report({
        name: 'late join',
        ...sizesOf(drift.filter(({ at }) => at > joined + 3000)),
        under40: timeUntilBelow(drift, joined, 40),
      });
    } finally {
      await late.close();
    }
  } finally {
    for (const member of both) await member.close();
  }
}
