import type { Item } from '@kinoport/core';
import { describe, expect, it } from 'vitest';
import { findItem } from '../../../host/src/playback/findItem.ts';
import {
  followsByItself,
  type QueueEntry,
  type QueueOrigin,
  shuffled,
} from '../../../host/src/playback/queue.ts';

const item = (title: string, more: Partial<Item> = {}): Item => ({
  key: `test:${title}`,
  uri: `/films/${encodeURIComponent(title)}.mkv`,
  title,
  kind: 'video',
  ...more,
});
const entry = (origin: QueueOrigin, more: Partial<Item> = {}, title = 'a'): QueueEntry => ({
  item: item(title, more),
  source: 's',
  origin,
});
const episode = { series: { title: 'Show', season: 1, episode: 1 } };

describe('what follows by itself', () => {
  it.each([
    ['episode of a folder', entry('folder', episode), entry('folder', episode), [true, true, false]],
    ['episode found beside it', entry('argument', episode), entry('sibling', episode), [true, true, false]],
    ['film of a folder', entry('folder'), entry('folder'), [false, true, false]],
    ['film after an episode', entry('folder', episode), entry('folder'), [false, true, false]],
    [
      'track of an album',
      entry('folder', { kind: 'audio' }),
      entry('folder', { kind: 'audio' }),
      [true, true, false],
    ],
    ['next argument', entry('argument'), entry('argument'), [true, true, false]],
    ['next of a playlist', entry('playlist'), entry('playlist'), [true, true, false]],
  ] as const)('%s', (_what, finished, next, expected) => {
    const settings = ['episodes', 'always', 'never'] as const;
    expect(settings.map((setting) => followsByItself(finished, next, setting))).toEqual(expected);
  });
});

describe('--file', () => {
  const items = ['Show S01E01 One', 'Show S01E02 Two', '2001', 'Amélie'].map((title) => item(title));
  it.each([
    ['0', 0],
    ['3', 3],
    ['e02', 1],
    ['two show', 1],
    ['AMÉLIE', 3],
    ['2001', 2],
  ])('%s', (wanted, index) => expect(findItem(items, wanted)).toBe(index));

  it('of something that is not there says how many there are', () => {
    expect(() => findItem(items, 'nine')).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('among the 4') }),
    );
    expect(() => findItem(items, '4')).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

it('--file takes no digits of an address for a number', () => {
  const items = ['One', 'Two'].map((title, i) => ({ title, uri: `magnet:?xt=urn:btih:c9e15763&so=${i}` }));
  expect(findItem(items, '1')).toBe(1);
  expect(() => findItem(items, '15')).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
});

it('a shuffled queue holds the same, in the order of the dice', () => {
  const items = ['a', 'b', 'c', 'd'];
  expect([...shuffled(items)].sort()).toEqual(items);
  expect(shuffled(items, () => 0)).toEqual(['b', 'c', 'd', 'a']);
  expect(shuffled(items, () => 0.999)).toEqual(items);
  expect(items).toEqual(['a', 'b', 'c', 'd']);
});
