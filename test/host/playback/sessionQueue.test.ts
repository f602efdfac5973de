import type { Item } from '@kinoport/core';
import { expect, it } from 'vitest';
import type { QueueEntry } from '../../../host/src/playback/queue.ts';
import { SessionQueue } from '../../../host/src/playback/sessionQueue.ts';
import type { PluginManager } from '../../../host/src/plugins/manager.ts';

const episode = (n: number): Item => ({
  key: `test:${n}`,
  uri: `test:${n}`,
  title: `${n}`,
  kind: 'video',
  series: { title: 'Show', episode: n },
});
const entry = (item: Item, origin: QueueEntry['origin'] = 'folder'): QueueEntry => ({
  item,
  source: 's',
  origin,
});
const titles = (entries: readonly QueueEntry[]): readonly string[] => entries.map(({ item }) => item.title);

/** A source that knows four episodes, and counts how often it is asked. */
function source(): { plugins: PluginManager; asked: () => number } {
  let asked = 0;
  const siblings = async (): Promise<Item[]> => {
    asked += 1;
    return [1, 2, 3, 4].map(episode);
  };
  return { plugins: { source: () => ({ siblings }) } as unknown as PluginManager, asked: () => asked };
}

it('two episodes follow by themselves, by the setting of the viewer', async () => {
  const entries = [1, 2, 3, 4].map((n) => entry(episode(n)));
  const queue = new SessionQueue(entries, source().plugins);
  expect(titles(await queue.following(queue.at(0), 'episodes'))).toEqual(['2', '3']);
  expect(titles(await queue.following(queue.at(2), 'episodes'))).toEqual(['4']);
  expect(await queue.following(queue.at(3), 'episodes')).toEqual([]);
  expect(await queue.following(queue.at(0), 'never')).toEqual([]);
});

it('nothing follows a film of a folder, unless the viewer wants it so', async () => {
  const { series: _, ...film } = episode(2);
  const queue = new SessionQueue([entry(episode(1)), entry(film), entry(episode(3))], source().plugins);
  expect(await queue.following(queue.at(0), 'episodes')).toEqual([]);
  expect(titles(await queue.following(queue.at(0), 'always'))).toEqual(['2', '3']);
});

it('one that was started alone learns its siblings once, however many ask, and what it gave out stays', async () => {
  const { plugins, asked } = source();
  const alone = entry(episode(2), 'argument');
  const queue = new SessionQueue([alone], plugins);
  expect(await queue.following(alone, 'never')).toEqual([]);
  expect(asked()).toBe(0);
  const [following, next] = await Promise.all([
    queue.following(alone, 'episodes'),
    queue.neighbour(alone, 1),
  ]);
  expect(titles(following)).toEqual(['3', '4']);
  expect(next).toBe(following[0]);
  expect(asked()).toBe(1);
  expect(queue.entries).toHaveLength(4);
});

it('asks for no siblings any more once somebody has said what follows', async () => {
  const { plugins, asked } = source();
  const alone = entry(episode(2), 'argument');
  const queue = new SessionQueue([alone], plugins);
  const learning = queue.neighbour(alone, 1);
  queue.setUpcoming(alone, [entry(episode(9), 'argument')]);
  expect((await learning)?.item.title).toBe('9');
  queue.setUpcoming(alone, []);
  expect(await queue.neighbour(alone, 1)).toBeUndefined();
  expect(asked()).toBe(1);
});

it('puts an item behind another, and takes it away again', () => {
  const [one, two, between] = [1, 2, 3].map((n) => entry(episode(n)));
  if (!one || !two || !between) throw new Error('They are three.');
  const queue = new SessionQueue([one, two], source().plugins);
  queue.insertAfter(one, between);
  expect(titles(queue.entries)).toEqual(['1', '3', '2']);
  queue.remove(between);
  expect(titles(queue.entries)).toEqual(['1', '2']);
});
