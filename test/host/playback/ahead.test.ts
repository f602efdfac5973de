import type { Item, PlayerState } from '@kinoport/core';
import { beforeEach, expect, it } from 'vitest';
import { Ahead, type AheadServices } from '../../../host/src/playback/ahead.ts';
import type { QueueEntry } from '../../../host/src/playback/queue.ts';

const queue = ['one', 'two', 'three', 'four'].map((title): QueueEntry => {
  const item: Item = { key: `test:${title}`, uri: `test:${title}`, title, kind: 'video' };
  return { item, source: 's', origin: 'folder' };
});
const [one, two, three, four] = queue as [QueueEntry, QueueEntry, QueueEntry, QueueEntry];

let done: string[];
let prefetch: (item: Item) => Promise<void>;
let ahead: Ahead;

beforeEach(() => {
  done = [];
  prefetch = async () => undefined;
  const source = {
    prefetch: async (item: Item, level: string) => {
      done.push(`${level} ${item.title}`);
      await prefetch(item);
    },
    forget: async (item: Item) => void done.push(`forget ${item.title}`),
  };
  ahead = new Ahead({
    source: () => source,
    log: { warn: (message: string) => done.push(message) },
    following: async (entry: QueueEntry) => queue.slice(queue.indexOf(entry) + 1).slice(0, 2),
  } as unknown as AheadServices);
});

const state = (position: number, more: Partial<PlayerState> = {}): PlayerState =>
  ({ status: 'playing', position, duration: 1400, rate: 1, ...more }) as PlayerState;

/** Every promise that is under way has been heard. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('near the end the next one is prefetched, and then the one after warmed, once', async () => {
  ahead.entered(one);
  ahead.heard(state(1339));
  ahead.heard(state(1341, { status: 'paused' }));
  await settled();
  expect(done).toEqual([]);
  const ready = Promise.withResolvers<void>();
  prefetch = () => ready.promise;
  ahead.heard(state(1341));
  ahead.heard(state(1342));
  await settled();
  expect(done).toEqual(['next two']);
  ready.resolve();
  await settled();
  expect(done).toEqual(['next two', 'warm three']);
});

it('near the end is a minute of the viewer, whatever the speed', async () => {
  ahead.entered(one);
  ahead.heard(state(1285, { rate: 2 }));
  await settled();
  expect(done).toEqual(['next two', 'warm three']);
  done = [];
  ahead.entered(two);
  ahead.heard(state(1345, { rate: 0.5 }));
  await settled();
  expect(done).toEqual([]);
});

it('going on keeps what follows; going elsewhere lets it be forgotten, and so does the end', async () => {
  ahead.entered(one);
  ahead.heard(state(1390));
  await settled();
  ahead.entered(two);
  await settled();
  expect(done).toEqual(['next two', 'warm three']);
  ahead.heard(state(1390));
  await settled();
  expect(done.slice(2)).toEqual(['next three', 'warm four']);
  ahead.entered(four);
  await settled();
  expect(done.slice(4)).toEqual(['forget three']);
  ahead.entered(one);
  ahead.heard(state(1390));
  await settled();
  ahead.stop();
  await settled();
  expect(done.slice(7).toSorted()).toEqual(['forget three', 'forget two']);
});

it('what takes until another item plays is not followed by more', async () => {
  const ready = Promise.withResolvers<void>();
  prefetch = () => ready.promise;
  ahead.entered(one);
  ahead.heard(state(1390));
  await settled();
  ahead.entered(three);
  ready.resolve();
  await settled();
  expect(done).toEqual(['next two', 'forget two']);
});

it('a source that fails is told of, and nothing else', async () => {
  prefetch = () => Promise.reject(new Error('no peers'));
  ahead.entered(one);
  ahead.heard(state(1390));
  await settled();
  expect(done).toEqual(['next two', 'a source could not get ready for what follows']);
});
