import { isKinoportError, KinoportError, type StreamStats, sleep } from '@kinoport/core';
import { VirtualClock } from '@kinoport/core/testing';
import { expect, it } from 'vitest';
import { type Patience, patiently } from '../../../host/src/plugins/patience.ts';

const late = (): KinoportError => new KinoportError('PLUGIN_CALL_TIMEOUT', 'Too late.');

/** Work that takes `ms`, with what the source tells of itself meanwhile. */
async function wait(
  clock: VirtualClock,
  ms: number,
  stats: () => Promise<StreamStats>,
  more: Partial<Patience> = {},
): Promise<string> {
  const options = { clock, limit: 10_000, stats, late, ...more };
  const work = patiently(options, (signal) => sleep(clock, ms, signal).then(() => 'done')).catch((error) =>
    isKinoportError(error) ? error.code : 'other',
  );
  await clock.advance(ms);
  return work;
}

it('a source that says what it waits for is waited for, and told of once a second', async () => {
  const clock = new VirtualClock();
  const told: StreamStats[] = [];
  const activity = 'looking for peers';
  const onStats = (stats: StreamStats): void => void told.push(stats);
  expect(await wait(clock, 3_600_000, async () => ({ activity }), { onStats })).toBe('done');
  expect(told.length).toBeGreaterThan(3_590);
  expect(told[0]).toEqual({ activity });
  await clock.advance(10_000);
  expect(told.length).toBeLessThanOrEqual(3_600);
});

it('one that says nothing is given up, and so is one that has said nothing for too long', async () => {
  expect(await wait(new VirtualClock(), 20_000, async () => ({}))).toBe('PLUGIN_CALL_TIMEOUT');
  expect(await wait(new VirtualClock(), 20_000, () => Promise.reject(new Error('away')))).toBe(
    'PLUGIN_CALL_TIMEOUT',
  );
  const clock = new VirtualClock();
  const until = clock.now() + 60_000;
  const stats = async (): Promise<StreamStats> =>
    clock.now() < until ? { activity: 'asking' } : { peers: 1 };
  expect(await wait(clock, 65_000, stats)).toBe('done');
  expect(await wait(clock, 20_000, stats)).toBe('PLUGIN_CALL_TIMEOUT');
});

it('asks one question at a time, and whoever has called it off hears that', async () => {
  const clock = new VirtualClock();
  let asked = 0;
  const stats = (): Promise<StreamStats> => {
    asked += 1;
    return new Promise(() => undefined);
  };
  expect(await wait(clock, 5_000, stats)).toBe('done');
  expect(asked).toBe(1);
  const abort = new AbortController();
  const work = wait(clock, 50_000, async () => ({ activity: 'x' }), { signal: abort.signal });
  abort.abort();
  expect(await work).toBe('ABORTED');
});
