import { existsSync, mkdirSync, truncateSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isKinoportError } from '@kinoport/core';
import { VirtualClock } from '@kinoport/core/testing';
import { describe, expect, it } from 'vitest';
import type { PieceStore } from '../../../../plugins/torrent/src/store/ports.ts';
import type { Torrent } from '../../../../plugins/torrent/src/torrent.ts';
import { Random } from '../../../support/random.ts';
import { bytesIn, bytesOf, cacheFor, DAY, filesIn, PIECE, temporaryFolder, torrentOf } from './fixture.ts';

const coded = (code: string) => expect.objectContaining({ name: 'KinoportError', code });

async function putAll(store: PieceStore, torrent: Torrent, pieces: readonly number[]): Promise<void> {
  for (const piece of pieces) await store.put(piece, bytesOf(torrent, piece));
}

const here = (store: PieceStore, count: number): readonly number[] =>
  [...Array(count).keys()].filter((piece) => store.has(piece));

describe('pieces', () => {
  it('are read back, whole and in part, from memory and from disk', async () => {
    const folder = temporaryFolder();
    const torrent = torrentOf('a', [4], PIECE, 1000);
    for (const round of ['memory', 'disk']) {
      const cache = await cacheFor({ folder });
      const store = await cache.open(torrent);
      if (round === 'memory') await putAll(store, torrent, [0, 2, 3]);
      expect(here(store, 4)).toEqual([0, 2, 3]);
      expect(Buffer.from(store.bitfield()).toString('hex')).toBe('b0');
      expect(store.size).toBe(3 * PIECE - 1000);
      for (const [piece, offset, length] of [
        [0, 0, PIECE],
        [2, 5, 100],
        [3, PIECE - 1001, 1],
        [3, 0, 0],
      ] as const)
        expect(Buffer.from(await store.read(piece, offset, length))).toEqual(
          Buffer.from(bytesOf(torrent, piece).subarray(offset, offset + length)),
        );
      await cache.dispose();
    }
    expect([...filesIn(folder).keys()].sort()).toEqual(
      ['0/0', '0/2', '0/3', 'resume.json', 'torrent'].map((name) => join(torrent.infohash, name)),
    );
  });

  it('that make no sense are refused', async () => {
    const torrent = torrentOf('a', [4], PIECE, 1000);
    const store = await (await cacheFor()).open(torrent);
    for (const piece of [-1, 4, 0.5, Number.NaN])
      await expect(store.put(piece, Buffer.alloc(PIECE))).rejects.toEqual(coded('INVALID_ARGUMENT'));
    await expect(store.put(3, Buffer.alloc(PIECE))).rejects.toEqual(coded('INVALID_ARGUMENT'));
    await putAll(store, torrent, [3]);
    for (const [offset, length] of [
      [-1, 5],
      [0, PIECE],
      [0.5, 1],
      [PIECE, 1],
    ] as const)
      await expect(store.read(3, offset, length)).rejects.toEqual(coded('INVALID_ARGUMENT'));
    await expect(store.read(0, 0, 1)).rejects.toEqual(coded('CACHE_READ_FAILED'));
    await store.dispose();
    await expect(store.read(3, 0, 1)).rejects.toEqual(coded('DISPOSED'));
    await expect(store.put(2, Buffer.alloc(PIECE))).rejects.toEqual(coded('DISPOSED'));
  });

  it('that the disk does not give back are forgotten, and can be put again', async () => {
    const folder = temporaryFolder();
    const torrent = torrentOf('a', [4]);
    const first = await cacheFor({ folder });
    await putAll(await first.open(torrent), torrent, [0, 1, 2]);
    await first.dispose();
    unlinkSync(join(folder, torrent.infohash, '0', '0'));
    truncateSync(join(folder, torrent.infohash, '0', '1'), 100);
    const store = await (await cacheFor({ folder })).open(torrent);
    const lost: number[] = [];
    store.onDidLose((piece) => lost.push(piece));
    await expect(store.read(0, 0, 10)).rejects.toEqual(coded('CACHE_READ_FAILED'));
    await expect(store.read(1, 90, 20)).rejects.toEqual(coded('CACHE_READ_FAILED'));
    expect([here(store, 4), lost, store.size]).toEqual([[2], [0, 1], PIECE]);
    await putAll(store, torrent, [1]);
    expect(await store.read(1, 0, PIECE)).toEqual(bytesOf(torrent, 1));
  });

  it('put twice at once are written once', async () => {
    const torrent = torrentOf('a', [4]);
    const store = await (await cacheFor()).open(torrent);
    await Promise.all([putAll(store, torrent, [0]), putAll(store, torrent, [0])]);
    expect(store.size).toBe(PIECE);
  });
});

describe('a torrent opened twice', () => {
  it('is one, until both have closed it', async () => {
    const torrent = torrentOf('a', [4]);
    const cache = await cacheFor();
    const [one, two] = await Promise.all([cache.open(torrent), cache.open(torrent)]);
    await putAll(one, torrent, [1]);
    expect(two.has(1)).toBe(true);
    await one.dispose();
    await one.dispose();
    await expect(cache.remove(torrent.infohash)).rejects.toEqual(coded('TORRENT_IN_USE'));
    expect(await two.read(1, 0, 5)).toHaveLength(5);
    await two.dispose();
    await cache.remove(torrent.infohash);
    expect(await cache.list()).toEqual([]);
    expect(await cache.known(torrent.infohash)).toBeUndefined();
  });
});

describe('what is kept of a torrent', () => {
  it('is noted a second after it changed', async () => {
    const folder = temporaryFolder();
    const clock = new VirtualClock();
    const torrent = torrentOf('a', [4]);
    const store = await (await cacheFor({ folder, clock })).open(torrent);
    await putAll(store, torrent, [2]);
    store.peers = ['127.0.0.1:1', '127.0.0.1:2'];
    const other = await (await cacheFor({ folder })).open(torrent);
    expect(other.has(2)).toBe(false);
    await other.dispose();
    await clock.advance(1000);
    await expect.poll(async () => (await (await cacheFor({ folder })).open(torrent)).has(2)).toBe(true);
    const again = await (await cacheFor({ folder })).open(torrent);
    expect(again.peers).toEqual(['127.0.0.1:1', '127.0.0.1:2']);
  });

  it('is listed, and known by its infohash', async () => {
    const folder = temporaryFolder();
    const clock = new VirtualClock();
    const [a, b] = [torrentOf('a', [4]), torrentOf('b', [4])];
    const cache = await cacheFor({ folder, clock });
    await putAll(await cache.open(a), a, [0, 1]);
    clock.stepWall(5000);
    await (await cache.open(b)).dispose();
    expect(await cache.list()).toEqual([
      {
        infohash: b.infohash,
        name: 'b',
        bytes: 0,
        length: 4 * PIECE,
        usedAt: clock.wall(),
        isOpen: false,
        isPinned: false,
      },
      {
        infohash: a.infohash,
        name: 'a',
        bytes: 2 * PIECE,
        length: 4 * PIECE,
        usedAt: clock.wall() - 5000,
        isOpen: true,
        isPinned: false,
      },
    ]);
    await cache.dispose();
    const next = await cacheFor({ folder });
    expect(await next.known(a.infohash)).toEqual(a);
    expect(await next.list()).toHaveLength(2);
    writeFileSync(join(folder, a.infohash, 'torrent'), a.bytes.subarray(0, 50));
    writeFileSync(join(folder, b.infohash, 'torrent'), a.bytes);
    for (const infohash of [a.infohash, b.infohash, 'f'.repeat(40), '../..', ''])
      expect(await next.known(infohash)).toBeUndefined();
  });

  it('goes when nobody can say what it is, and stays when it only cannot be read', async () => {
    const folder = temporaryFolder();
    const [broken, unreadable, young] = ['a', 'b', 'c'].map((digit) => join(folder, digit.repeat(40)));
    const [trash, own] = [join(folder, '12-3.trash'), join(folder, 'not ours')];
    for (const path of [broken, unreadable, young, trash, own])
      if (path) mkdirSync(join(path, '0'), { recursive: true });
    writeFileSync(join(broken ?? '', 'resume.json'), '{}');
    mkdirSync(join(unreadable ?? '', 'resume.json'));
    const then = new Date(Date.now() - 3_600_000);
    for (const path of [broken, unreadable]) utimesSync(path ?? '', then, then);
    const cache = await cacheFor({ folder, clock: new VirtualClock({ wall: Date.now() }) });
    await cache.evict();
    expect([broken, unreadable, young, trash, own].map((path) => existsSync(path ?? ''))).toEqual([
      false,
      true,
      true,
      false,
      true,
    ]);
  });

  it('is not trusted when it does not fit, and the torrent is fetched again', async () => {
    const torrent = torrentOf('a', [4]);
    const whole = {
      version: 1,
      name: 'a',
      length: 4 * PIECE,
      pieceLength: PIECE,
      bitfield: '8A==',
      edges: 'kA==',
      peers: [],
      usedAt: 5,
      torrentBytes: 9,
    };
    const texts = [
      '',
      '{',
      'null',
      '[]',
      ...[
        { version: 2 },
        { length: 5 * PIECE },
        { bitfield: '/w==' },
        { bitfield: '8AA=' },
        { bitfield: 5 },
        { edges: '' },
        { pieceLength: 0 },
        { length: 1e300 },
        { usedAt: -1 },
        { name: null },
      ].map((more) => JSON.stringify({ ...whole, ...more })),
    ];
    for (const text of texts) {
      const folder = temporaryFolder();
      const first = await cacheFor({ folder });
      await (await first.open(torrent)).dispose();
      await first.dispose();
      writeFileSync(join(folder, torrent.infohash, 'resume.json'), text);
      const store = await (await cacheFor({ folder })).open(torrent);
      expect([text, here(store, 4)]).toEqual([text, []]);
    }
    const folder = temporaryFolder();
    const first = await cacheFor({ folder });
    await (await first.open(torrent)).dispose();
    await first.dispose();
    writeFileSync(
      join(folder, torrent.infohash, 'resume.json'),
      JSON.stringify({ ...whole, peers: [5, 'a:1'] }),
    );
    const store = await (await cacheFor({ folder })).open(torrent);
    expect([here(store, 4), store.peers]).toEqual([[0, 1, 2, 3], ['a:1']]);
  });
});

describe('the limit', () => {
  it('lets go what was used longest ago, never what is held, ends of files last', async () => {
    const torrent = torrentOf('a', [8, 4]);
    const cache = await cacheFor({ size: 8 * PIECE + torrent.bytes.length });
    const store = await cache.open(torrent);
    const lost: number[] = [];
    store.onDidLose((piece) => lost.push(piece));
    await putAll(store, torrent, [0, 1, 2, 3, 4, 5, 6, 7]);
    await store.read(1, 0, 1);
    store.hold('player', [{ from: 2, to: 3 }]);
    await putAll(store, torrent, [8, 9, 10]);
    expect(lost).toEqual([4, 5, 6]);
    store.hold('player', [{ from: 1, to: 1 }]);
    await putAll(store, torrent, [4, 5, 6]);
    expect(lost).toEqual([4, 5, 6, 2, 3, 9]);
    store.hold('player', [{ from: 0, to: 11 }]);
    await expect(store.put(11, bytesOf(torrent, 11))).rejects.toEqual(coded('CACHE_FULL'));
    expect(here(store, 12)).toEqual([0, 1, 4, 5, 6, 7, 8, 10]);
    store.hold('player', []);
    await putAll(store, torrent, [11]);
    expect(here(store, 12)).toContain(11);
    const large = await cache.open(torrentOf('large', [3], 1_048_576));
    const before = here(store, 12);
    await expect(large.put(0, Buffer.alloc(1_048_576))).rejects.toEqual(coded('CACHE_FULL'));
    expect(here(store, 12)).toEqual(before);
  });

  it('takes from torrents that are closed before it takes from open ones, the oldest first, and at last all of them', async () => {
    const clock = new VirtualClock();
    const folder = temporaryFolder();
    const [a, b, c] = [torrentOf('a', [4]), torrentOf('b', [4]), torrentOf('c', [20])];
    const overhead = a.bytes.length + b.bytes.length + c.bytes.length;
    const cache = await cacheFor({ folder, clock, size: 10 * PIECE + overhead });
    for (const torrent of [b, a]) {
      const store = await cache.open(torrent);
      await putAll(store, torrent, [0, 1, 2, 3]);
      await store.dispose();
      clock.stepWall(1000);
    }
    const store = await cache.open(c);
    const bytes = async () => (await cache.list()).map((torrent) => torrent.bytes / PIECE);
    await putAll(store, c, [1, 2, 3]);
    expect(await bytes()).toEqual([3, 4, 3]);
    await putAll(store, c, [4, 5, 6]);
    expect(await bytes()).toEqual([6, 2, 2]);
    store.hold('all', [{ from: 0, to: 19 }]);
    await putAll(store, c, [7, 8, 9, 10]);
    expect(await bytes()).toEqual([10, 0, 0]);
    await expect(store.put(11, bytesOf(c, 11))).rejects.toEqual(coded('CACHE_FULL'));
    expect((await cache.list()).map(({ name }) => name)).toEqual(['c']);
    await cache.dispose();
    expect([...filesIn(folder).keys()].every((path) => path.startsWith(c.infohash))).toBe(true);
  });

  it('holds for what is on disk at any moment, whatever is done', async () => {
    const random = new Random(77);
    const folder = temporaryFolder();
    const torrents = ['a', 'b', 'c'].map((name) => torrentOf(name, [12, 9]));
    const size = 25 * PIECE + 3000;
    let cache = await cacheFor({ folder, size });
    const stores = new Map<Torrent, PieceStore>();
    let most = 0;
    for (let round = 0; round < 400; round++) {
      const torrent = random.pick(torrents);
      const store = stores.get(torrent) ?? (await cache.open(torrent));
      stores.set(torrent, store);
      const kind = random.below(12);
      if (kind === 0) {
        await store.dispose();
        stores.delete(torrent);
      } else if (kind === 1) {
        const from = random.below(21);
        store.hold(String(random.below(2)), [{ from, to: from + random.below(6) }]);
      } else if (kind === 2) {
        for (const piece of here(store, 21).slice(0, 3)) {
          const read = await store.read(piece, 4, 40).catch((error: unknown) => error);
          if (!isKinoportError(read, 'CACHE_READ_FAILED')) expect(String(read)).toBe(torrent.infohash);
        }
      } else if (kind === 3 && random.below(4) === 0) {
        await cache.dispose();
        stores.clear();
        cache = await cacheFor({ folder, size });
      } else {
        const pieces = Array.from({ length: 1 + random.below(5) }, () => random.below(21));
        const puts = pieces.map((piece) => store.put(piece, bytesOf(torrent, piece)));
        const measured = puts.map((put) =>
          put.then(() => {
            most = Math.max(most, bytesIn(folder));
          }),
        );
        for (const put of await Promise.allSettled(measured))
          if (put.status === 'rejected') expect(put.reason).toEqual(coded('CACHE_FULL'));
        most = Math.max(most, bytesIn(folder));
      }
    }
    expect(most).toBeLessThanOrEqual(size);
    expect(most).toBeGreaterThan(size - 3 * PIECE);
    const listed = (await cache.list()).reduce((sum, { bytes }) => sum + bytes, 0);
    const pieces = [...filesIn(folder)].filter(([path]) => /\d+$/.test(path) && !path.endsWith('torrent'));
    expect(listed).toBe(pieces.reduce((sum, [, bytes]) => sum + bytes, 0));
  });

  it('lets many be put at once into a cache that holds few', async () => {
    const torrent = torrentOf('a', [40]);
    const folder = temporaryFolder();
    const cache = await cacheFor({ folder, size: 3 * PIECE + torrent.bytes.length });
    const store = await cache.open(torrent);
    await Promise.all([...Array(40).keys()].map((piece) => store.put(piece, bytesOf(torrent, piece))));
    expect(store.size).toBe(3 * PIECE);
    expect(bytesIn(folder)).toBe(cache.limits.size);
  });

  it('is kept to when it is lowered', async () => {
    const torrent = torrentOf('a', [8]);
    const folder = temporaryFolder();
    const cache = await cacheFor({ folder });
    const store = await cache.open(torrent);
    await putAll(store, torrent, [0, 1, 2, 3, 4, 5, 6, 7]);
    store.hold('player', [{ from: 5, to: 6 }]);
    cache.limits = { size: 3 * PIECE + torrent.bytes.length, keep: DAY };
    await cache.evict();
    expect(store.size).toBe(3 * PIECE);
    expect([store.has(5), store.has(6)]).toEqual([true, true]);
    expect(bytesIn(folder)).toBeLessThanOrEqual(cache.limits.size);
  });
});

describe('time', () => {
  it('removes torrents that nobody has opened for so long, by itself and on demand', async () => {
    const clock = new VirtualClock();
    const folder = temporaryFolder();
    const [a, b, c] = [torrentOf('a', [4]), torrentOf('b', [4]), torrentOf('c', [4])];
    const cache = await cacheFor({ folder, clock, keep: DAY });
    for (const torrent of [a, b]) {
      const store = await cache.open(torrent);
      await putAll(store, torrent, [0, 1]);
      if (torrent === a) await store.dispose();
    }
    clock.stepWall(DAY + 1);
    await (await cache.open(c)).dispose();
    expect(await cache.evict()).toBe(2 * PIECE + a.bytes.length);
    expect((await cache.list()).map(({ name }) => name).sort()).toEqual(['b', 'c']);
    await cache.dispose();
    clock.stepWall(2 * DAY);
    const next = await cacheFor({ folder, clock, keep: DAY });
    expect(await next.list()).toHaveLength(2);
    await clock.advance(10_000);
    await expect.poll(() => filesIn(folder).size).toBe(0);
  });
});
