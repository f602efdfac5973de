import { join } from 'node:path';
import type { Item } from '@kinoport/core';
import { VirtualClock } from '@kinoport/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../../host/src/storage/database.ts';
import type { ProgressUpdate } from '../../../host/src/storage/progress.ts';
import { parseProgressExport, progressExport } from '../../../host/src/storage/progressExchange.ts';
import { SqliteProgressStore } from '../../../host/src/storage/sqliteProgress.ts';
import { scratchFolder } from './scratch.ts';

const film: Item = { key: 'hash:1', uri: '/film.mkv', title: 'Film', kind: 'video' };
const at = (when: number, position: number, more: Partial<ProgressUpdate> = {}): ProgressUpdate => ({
  position,
  duration: 100,
  at: when,
  durable: false,
  ...more,
});

let database: Database;
let store: SqliteProgressStore;

beforeEach(() => {
  ({ database } = openDatabase(join(scratchFolder(), 'kinoport.db'), { clock: new VirtualClock() }));
  store = new SqliteProgressStore(database);
});
afterEach(() => database.dispose());

describe('update', () => {
  it('makes a record and finds it by any key and by its address', () => {
    const series = { title: 'Show', season: 1, episode: 2 };
    const record = store.update({ ...film, keys: ['imdb:tt1'], series }, 'files', at(1, 12.5));
    expect(record).toEqual({
      id: record.id,
      itemKey: 'hash:1',
      keys: ['hash:1', 'imdb:tt1'],
      uri: '/film.mkv',
      title: 'Film',
      kind: 'video',
      series,
      source: 'files',
      position: 12.5,
      duration: 100,
      watched: false,
      updatedAt: 1,
    });
    expect(store.find(['other', 'imdb:tt1'])).toEqual(record);
    expect(store.findByUri('/film.mkv')).toEqual(record);
    expect(store.find(['other'])).toBeUndefined();
    expect(store.findByUri('/other')).toBeUndefined();
  });

  it('keeps what tells a film from another: its ids, and the size of the copy that was played last', () => {
    const known = { ...film, size: 700, ids: { imdb: 'tt1', tmdb: '' } };
    expect(store.update(known, 'files', at(1, 10))).toMatchObject({ size: 700, ids: { imdb: 'tt1' } });
    store.update({ ...film, ids: { cloud: 'c' } }, 'files', at(2, 20));
    const record = store.find([film.key]);
    expect(record).toMatchObject({ size: 700, ids: { imdb: 'tt1', cloud: 'c' } });
    const [exported] = store.exportAll();
    store.forget(record?.id ?? 0);
    store.importAll(parseProgressExport(progressExport(exported ? [exported] : [])));
    expect(store.find([film.key])).toMatchObject({ size: 700, ids: { imdb: 'tt1', cloud: 'c' } });
    expect(store.update({ ...film, uri: '/elsewhere.mkv' }, 'files', at(3, 30)).size).toBeUndefined();
    const odd = { ...film, size: 1e300, ids: { imdb: 7, tvdb: 'x'.repeat(2000) } } as unknown as Item;
    expect(store.update(odd, 'files', at(4, 40)).ids).toEqual({ imdb: 'tt1', cloud: 'c' });
  });

  it.each([0, Number.NaN, -3, Number.NEGATIVE_INFINITY])(
    'never lets %d overwrite a real position',
    (position) => {
      store.update(film, 'files', at(1, 40));
      expect(store.update(film, 'files', at(2, position))).toMatchObject({ position: 40, updatedAt: 1 });
    },
  );

  it('goes to 0 when that is meant', () => {
    store.update(film, 'files', at(1, 40));
    expect(store.update(film, 'files', at(2, 0, { reset: true }))).toMatchObject({
      position: 0,
      updatedAt: 2,
    });
  });

  it('clamps to the duration, also to one that was known before', () => {
    expect(store.update(film, 'files', at(1, 130)).position).toBe(100);
    expect(store.update(film, 'files', at(2, 130, { duration: undefined })).position).toBe(100);
    expect(store.update(film, 'files', at(3, 50, { duration: Number.NaN })).duration).toBe(100);
  });

  it('leaves the flag alone unless told', () => {
    store.update(film, 'files', at(1, 95, { watched: true }));
    expect(store.update(film, 'files', at(2, 96)).watched).toBe(true);
    expect(store.update(film, 'files', at(3, 96, { watched: false }))).toMatchObject({
      watched: false,
      updatedAt: 3,
    });
  });

  it('follows an item that was moved', () => {
    const { id } = store.update(film, 'files', at(1, 40));
    store.update({ ...film, uri: '/moved.mkv' }, 'files', at(2, 0));
    expect(store.findByUri('/moved.mkv')).toMatchObject({ id, position: 40 });
    expect(store.findByUri('/film.mkv')).toBeUndefined();
  });

  it('writes nothing when nothing changed', () => {
    store.update(film, 'files', at(1, 40, { durable: true }));
    store.update(film, 'files', at(2, 40));
    store.update(film, 'files', at(3, Number.NaN, { durable: true }));
    expect(store.writes).toBe(1);
  });

  it('refuses containers', () => {
    expect(() => store.update({ ...film, kind: 'container' }, 'files', at(1, 1))).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});

describe('content keys', () => {
  it('join: an item takes on the keys it comes with', () => {
    store.update(film, 'files', at(1, 40));
    store.update({ ...film, keys: ['infohash:a:0'] }, 'files', at(2, 41));
    const torrent: Item = { ...film, key: 'infohash:a:0', uri: 'magnet:?a' };
    expect(store.update(torrent, 'torrent', at(3, 0))).toMatchObject({
      position: 41,
      itemKey: 'infohash:a:0',
      keys: ['hash:1', 'infohash:a:0'],
      uri: 'magnet:?a',
      source: 'torrent',
    });
    expect(store.list()).toHaveLength(1);
  });

  const other: Item = { ...film, key: 'cloud:9', uri: 'cloud:9' };
  const both: Item = { ...film, keys: ['cloud:9'] };

  it('merge two records: the newer position', () => {
    store.update(film, 'files', at(1, 80));
    store.update(other, 'cloud', at(2, 40));
    expect(store.find(['hash:1', 'cloud:9'])).toMatchObject({ position: 40, keys: ['cloud:9', 'hash:1'] });
    expect(store.list()).toHaveLength(2);
    expect(store.update(both, 'files', at(3, 0))).toMatchObject({ position: 40, updatedAt: 2 });
    expect(store.list()).toHaveLength(1);
  });

  it('merge two records: a newer one that was only opened does not take the position away', () => {
    store.update(film, 'files', at(1, 80));
    store.update(other, 'cloud', at(2, 0));
    expect(store.update(both, 'files', at(3, 0)).position).toBe(80);
  });

  it('merge two records: watched stays when the newer never said anything', () => {
    store.update(film, 'files', at(1, 95, { watched: true }));
    store.update(other, 'cloud', at(2, 10));
    expect(store.update(both, 'files', at(3, 0))).toMatchObject({ watched: true, position: 10 });
  });

  it('merge two records: a flag that was taken on purpose later stays away', () => {
    store.update(film, 'files', at(1, 95, { watched: true }));
    const { id } = store.update(other, 'cloud', at(2, 10));
    store.mark(id, false, 3);
    expect(store.update(both, 'files', at(4, 0))).toMatchObject({ watched: false, position: 0 });
  });
});

describe('mark, forget and list', () => {
  it('marks and unmarks, and starts over with it', () => {
    const { id } = store.update(film, 'files', at(1, 40));
    expect(store.mark(id, true, 2)).toMatchObject({ watched: true, position: 0, updatedAt: 2 });
    expect(store.mark(id, false, 3)).toMatchObject({ watched: false, position: 0, updatedAt: 3 });
    expect(() => store.mark(id + 1, true, 4)).toThrow(expect.objectContaining({ code: 'PROGRESS_NONE' }));
  });

  it('forgets a record with its keys', () => {
    const { id } = store.update(film, 'files', at(1, 40));
    store.forget(id);
    store.forget(id);
    expect(store.find(['hash:1'])).toBeUndefined();
    expect(store.update(film, 'files', at(2, 0)).position).toBe(0);
  });

  it('lists the newest first', () => {
    for (const n of [2, 3, 1]) store.update({ ...film, key: `hash:${n}` }, 'files', at(n, 5));
    expect(store.list().map((record) => record.itemKey)).toEqual(['hash:3', 'hash:2', 'hash:1']);
    expect(store.list({ limit: 1 }).map((record) => record.itemKey)).toEqual(['hash:3']);
  });
});

describe('export and import', () => {
  it('gives another database the same progress', () => {
    store.update({ ...film, keys: ['a:1'], series: { title: 'Show' } }, 'files', at(1, 40));
    store.update({ ...film, key: 'hash:2', uri: '/2' }, 'files', at(2, 100, { watched: true }));
    const text = JSON.stringify(progressExport(store.exportAll()));
    const { database: other } = openDatabase(join(scratchFolder(), 'kinoport.db'), {
      clock: new VirtualClock(),
    });
    const target = new SqliteProgressStore(other);
    expect(target.importAll(parseProgressExport(text))).toEqual({ added: 2, updated: 0, kept: 0 });
    expect(target.exportAll()).toEqual(store.exportAll());
    expect(target.importAll(parseProgressExport(text))).toEqual({ added: 0, updated: 0, kept: 2 });
    other.dispose();
  });

  it('takes over what is newer, keeps what is older, and the address of a known item', () => {
    store.update(film, 'files', at(10, 40));
    store.update({ ...film, key: 'hash:2' }, 'files', at(10, 40));
    const item = {
      uri: '/elsewhere',
      title: 'Film',
      kind: 'video',
      source: 'files',
      watched: false,
    } as const;
    const counts = store.importAll([
      { ...item, keys: ['hash:1'], position: 60, updatedAt: 11 },
      { ...item, keys: ['hash:2'], position: 20, updatedAt: 9 },
    ]);
    expect(counts).toEqual({ added: 0, updated: 1, kept: 1 });
    expect(store.find(['hash:1'])).toMatchObject({ position: 60, uri: '/film.mkv' });
    expect(store.find(['hash:2'])).toMatchObject({ position: 40 });
  });

  const item = {
    keys: ['a:1'],
    uri: '/a',
    title: '',
    kind: 'video',
    source: 'files',
    position: 1,
    watched: true,
  };
  const document = (change: object): unknown => ({
    kinoport: 'progress',
    version: 1,
    items: [{ ...item, updatedAt: 1, ...change }],
  });

  it.each([
    ['no JSON', 'nonsense'],
    ['another document', {}],
    ['a newer version', { kinoport: 'progress', version: 2, items: [] }],
    ['an item without keys', document({ keys: [] })],
    ['a negative position', document({ position: -1 })],
    ['a position that is text', document({ position: '1' })],
    ['an unknown kind', document({ kind: 'container' })],
  ])('refuses %s', (_, value) => {
    expect(() => parseProgressExport(value)).toThrow(expect.objectContaining({ code: 'IMPORT_INVALID' }));
  });

  it('names the place of the mistake, leaves out what it does not know, and clamps', () => {
    expect(() => parseProgressExport(document({ position: 'x' }))).toThrow(/\/items\/0\/position/);
    const [parsed] = parseProgressExport(document({ extra: 1, position: 20, duration: 10 }));
    expect(parsed).toEqual({ ...item, position: 10, duration: 10, updatedAt: 1 });
  });
});
