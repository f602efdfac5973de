import type { Item, PlayerState } from '@kinoport/core';
import { VirtualClock } from '@kinoport/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { ProgressOwners, ProgressTracker } from '../../../host/src/playback/progressTracker.ts';
import { openDatabase } from '../../../host/src/storage/database.ts';
import type { ProgressStore } from '../../../host/src/storage/progress.ts';
import { SqliteProgressStore } from '../../../host/src/storage/sqliteProgress.ts';
import { scratchFolder } from '../storage/scratch.ts';

const film: Item = { key: 'test:film', uri: '/film.mkv', title: 'Film', kind: 'video' };
const rules = { watchedAt: 0.9, beginAfter: 30 };

let clock: VirtualClock;
let store: ProgressStore;
let owners: ProgressOwners;
/** Position and durability of each write, in order. */
let writes: [number, boolean][];
let close: () => void;
let faults: unknown[];
const onFault = (error: unknown): void => void faults.push(error);

beforeEach(() => {
  clock = new VirtualClock();
  const { database } = openDatabase(`${scratchFolder()}/test.db`, { clock });
  store = new SqliteProgressStore(database);
  const update = store.update.bind(store);
  writes = [];
  faults = [];
  store.update = (item, source, change) => {
    writes.push([change.position, change.durable]);
    return update(item, source, change);
  };
  owners = new ProgressOwners();
  close = () => database.dispose();
  return () => close();
});

const track = (sessionId = 'one', item = film): ProgressTracker =>
  new ProgressTracker({ clock, store, owners, rules: () => rules, sessionId, item, source: 's', onFault });

function state(position: number, more: Partial<PlayerState> = {}): PlayerState {
  return {
    itemToken: 'p-1',
    status: 'playing',
    position,
    at: clock.now(),
    duration: 6000,
    rate: 1,
    volume: 100,
    muted: false,
    seekable: true,
    epoch: 1,
    cause: 'user',
    tracks: [],
    ...more,
  };
}

/** Plays on, with a state every 100 ms. */
async function play(tracker: ProgressTracker, from: number, seconds: number): Promise<number> {
  let position = from;
  for (let step = 0; step < seconds * 10; step += 1) {
    await clock.advance(100);
    position = from + (step + 1) / 10;
    tracker.heard(state(position));
  }
  return position;
}

const record = (item = film) => store.find([item.key]);

describe('while a film plays', () => {
  it('its position is written at least every 500 ms, and not more often than every 450', async () => {
    const tracker = track();
    const instants: number[] = [];
    for (let i = 1; i <= 100; i += 1) {
      await clock.advance(50);
      const before = writes.length;
      tracker.heard(state(i / 20));
      if (writes.length > before) instants.push(clock.now());
    }
    const gaps = instants.slice(1).map((at, i) => at - (instants[i] ?? 0));
    expect(new Set(gaps)).toEqual(new Set([450]));
    expect(writes.every(([, durable]) => !durable)).toBe(true);
    expect(record()?.position).toBeCloseTo(5, 0);
  });

  it('nothing is written before the player has told a real position', () => {
    const tracker = track();
    tracker.heard(state(0, { status: 'opening' }));
    tracker.heard(state(0));
    tracker.heard(state(-1));
    tracker.end('failed', 0, undefined);
    expect(writes).toEqual([]);
  });

  it('a position of 0 after a real one, as players report while they close, overwrites nothing', async () => {
    const tracker = track();
    const position = await play(tracker, 100, 1);
    tracker.heard(state(0, { status: 'gone' }));
    tracker.end('stopped', 0, 6000);
    expect(record()?.position).toBe(position);
  });
});

describe('on disk at once is', () => {
  it('a pause, once, and nothing while it lasts', async () => {
    const tracker = track();
    const position = await play(tracker, 100, 1);
    writes.length = 0;
    for (let i = 0; i < 50; i += 1) {
      tracker.heard(state(position + 0.05, { status: 'paused' }));
      await clock.advance(1_000);
    }
    expect(writes).toEqual([[position + 0.05, true]]);
  });

  it('where a seek has led, not where it passes', async () => {
    const tracker = track();
    await play(tracker, 100, 1);
    writes.length = 0;
    tracker.heard(state(101, { status: 'seeking', epoch: 2 }));
    tracker.heard(state(3000, { epoch: 2 }));
    expect(writes).toEqual([[3000, true]]);
  });

  it('the end', async () => {
    const tracker = track();
    await play(tracker, 100, 1);
    writes.length = 0;
    expect(tracker.end('stopped', 101.4, 6000)).toBe(false);
    expect(writes).toEqual([[101.4, true]]);
    tracker.heard(state(102));
    tracker.end('killed', 103, 6000);
    expect(writes).toHaveLength(1);
  });

  it('what is known when a signal comes', async () => {
    const tracker = track();
    const position = await play(tracker, 100, 0.3);
    writes.length = 0;
    tracker.flush();
    expect(writes).toEqual([[position, true]]);
  });
});

describe('watched', () => {
  it('is what was really played past the share, and stays so', async () => {
    const tracker = track();
    await play(tracker, 5395, 4);
    expect([tracker.watched, record()?.watched]).toEqual([false, false]);
    await play(tracker, 5399, 13);
    expect([tracker.watched, record()?.watched]).toEqual([true, true]);
    expect(tracker.end('stopped', 5412, 6000)).toBe(true);
    const again = track();
    await play(again, 10, 1);
    again.end('stopped', 11, 6000);
    expect(record()).toMatchObject({ watched: true, position: 11 });
  });

  it('is told once: a flag that a person takes away in the credits stays away', async () => {
    const tracker = track();
    await play(tracker, 5399, 13);
    const known = record();
    expect(known?.watched).toBe(true);
    if (known) store.mark(known.id, false, clock.wall());
    await play(tracker, 5412, 5);
    tracker.end('stopped', 5417, 6000);
    expect(record()?.watched).toBe(false);
  });

  it('is not what a seek jumped to', async () => {
    const tracker = track();
    await play(tracker, 10, 1);
    tracker.heard(state(11, { status: 'seeking', epoch: 2 }));
    tracker.heard(state(5900, { epoch: 2 }));
    expect(tracker.end('interrupted', 5901, 6000)).toBe(false);
    expect(record()?.watched).toBe(false);
  });

  it('is what finished, whatever was seen of it', () => {
    const tracker = track();
    tracker.heard(state(5999));
    expect(tracker.end('finished', 6000, 6000)).toBe(true);
    expect(record()?.watched).toBe(true);
  });

  it('is never a live stream', async () => {
    const live = { ...film, key: 'test:live', live: true };
    const tracker = track('one', live);
    await play(tracker, 5995, 20);
    expect(tracker.end('stopped', 6015, 6000)).toBe(false);
    expect(record(live)).toMatchObject({ watched: false });
    expect(record(live)?.duration).toBeUndefined();
  });
});

describe('one film in two sessions', () => {
  it('belongs to the one that began later, until a person acts in the other', async () => {
    const first = track('one');
    await play(first, 100, 1);
    const second = track('two');
    writes.length = 0;
    await play(first, 101, 1);
    expect(writes).toEqual([]);
    await play(second, 500, 1);
    expect(record()?.position).toBeGreaterThanOrEqual(500);
    first.heard(state(102, { status: 'paused', cause: 'user' }));
    expect(record()?.position).toBe(102);
    writes.length = 0;
    await play(second, 501, 1);
    expect(writes).toEqual([]);
    first.end('stopped', 102, 6000);
    await play(second, 502, 1);
    expect(record()?.position).toBeGreaterThanOrEqual(502);
  });

  it('is not claimed by what a program does', async () => {
    const first = track('one');
    await play(first, 100, 1);
    track('two');
    first.heard(state(101, { status: 'paused', cause: 'room-1' }));
    expect(record()?.position).toBeLessThan(101);
    first.claim();
    first.flush();
    expect(record()?.position).toBe(101);
  });
});

it('a disk that is full is told once, and written to again as soon as it takes something', async () => {
  const tracker = track();
  const update = store.update;
  store.update = () => {
    throw new Error('full');
  };
  await play(tracker, 100, 2);
  expect(faults).toHaveLength(1);
  store.update = update;
  const position = await play(tracker, 102, 1);
  tracker.end('stopped', position, 6000);
  expect(faults).toHaveLength(1);
  expect(record()?.position).toBe(position);
});
