import type { Item, PlayedItem } from '@kinoport/core';
import { TestPlayback } from '@kinoport/core/testing';
import { describe, expect, it } from 'vitest';
import { claimOf } from '../../../../plugins/watch-together/src/media/claim.ts';
import { findPlayed, Shelf, shareable } from '../../../../plugins/watch-together/src/media/shelf.ts';
import { SALT } from '../relay/table.ts';

const film = (name: string, more: Partial<Item> = {}): Item => ({
  key: `test:${name}`,
  uri: `/secret/folder/${name}.mkv`,
  title: name,
  kind: 'video',
  duration: 60,
  ids: { cloud: `cloud-${name}` },
  ...more,
});

describe('what is told of a copy', () => {
  const secrets = ['secret', 'folder', 'cloud-Film', 'test:Film'];

  it('is hashed, with nothing in plain', () => {
    const told = JSON.stringify(claimOf(film('Film'), 'hashed', SALT));
    for (const secret of [...secrets, 'Film', 'film']) expect(told).not.toContain(secret);
    expect(told).not.toEqual(JSON.stringify(claimOf(film('Film'), 'hashed', `${SALT}2`)));
  });

  it('is in plain but for folders, accounts and content keys', () => {
    const told = JSON.stringify(claimOf(film('Film'), 'plain', SALT));
    for (const secret of secrets) expect(told.toLowerCase()).not.toContain(secret.toLowerCase());
    expect(told).toContain('file=film.mkv');
  });

  it('is its duration alone', () => {
    expect(claimOf(film('Film'), 'none', SALT)).toEqual({ duration: 60 });
  });

  it('holds nothing of an address', () => {
    const told = JSON.stringify(
      claimOf(film('Film', { uri: 'https://somebody:password@example.org/path' }), 'plain', SALT),
    );
    expect(told).not.toMatch(/https|somebody|password|example|path/);
  });
});

it('finds the copy of each item by what it is, and by its place what is another', () => {
  const by = { privacy: 'hashed', salt: SALT } as const;
  const queue = ['One', 'Two', 'Three'].map((name, at) => ({
    id: `i${at}`,
    media: claimOf(film(name), 'hashed', SALT),
  }));
  const shelf = new Shelf();
  shelf.put([film('Two'), film('One'), film('Else', { duration: 90 })]);
  expect(queue.map(({ id }) => shelf.copyOf(id, queue, by)?.title)).toEqual(['One', 'Two', 'Else']);
});

it('finds among what was played here by a catalogue, whatever it is called', async () => {
  const playback = new TestPlayback();
  const played = { source: 'files', position: 0, watched: false, updatedAt: 1, kind: 'video' } as const;
  const one = (name: string, more: Partial<PlayedItem>): PlayedItem => ({
    ...{ key: `test:${name}`, keys: [`test:${name}`], uri: `/${name}.mkv`, title: name },
    ...played,
    ...more,
  });
  playback.played.push(one('other cut', { ids: { imdb: 'tt2' } }), one('renamed', { ids: { imdb: 'tt1' } }));
  const media = claimOf(film('Film', { ids: { imdb: 'tt1' } }), 'hashed', SALT);
  const by = { privacy: 'hashed', salt: SALT } as const;
  expect((await findPlayed(playback, { id: 'i1', media }, by))?.title).toBe('renamed');
});

it.each([
  ['magnet:?xt=urn:btih:abc', true],
  ['http://example.org/film.mkv', true],
  ['https://user:pw@example.org/film.mkv', false],
  ['/home/me/film.mkv', false],
  ['file:///home/me/film.mkv', false],
])('%s may be given away: %s', (uri, may) => {
  expect(shareable(uri)).toBe(may ? uri : undefined);
});
