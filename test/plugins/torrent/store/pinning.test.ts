import { VirtualClock } from '@kinoport/core/testing';
import { describe, expect, it } from 'vitest';
import type { PieceStore } from '../../../../plugins/torrent/src/store/ports.ts';
import type { Torrent } from '../../../../plugins/torrent/src/torrent.ts';
import { bytesOf, cacheFor, DAY, PIECE, temporaryFolder, torrentOf } from './fixture.ts';

const coded = (code: string) => expect.objectContaining({ name: 'KinoportError', code });

async function putAll(store: PieceStore, torrent: Torrent, pieces: readonly number[]): Promise<void> {
  for (const piece of pieces) await store.put(piece, bytesOf(torrent, piece));
}

const here = (store: PieceStore, count: number): readonly number[] =>
  [...Array(count).keys()].filter((piece) => store.has(piece));

describe('what is pinned', () => {
  it('goes neither to make room nor with age, also after a restart, until it is let go or removed', async () => {
    const [folder, clock] = [temporaryFolder(), new VirtualClock()];
    const [kept, other] = [torrentOf('kept', [4]), torrentOf('other', [4])];
    const room = 5 * PIECE + kept.bytes.length + other.bytes.length;
    let cache = await cacheFor({ folder, clock, size: room });
    let store = await cache.open(kept);
    await putAll(store, kept, [0, 1, 2, 3]);
    await cache.pin(kept.infohash, true);
    await store.dispose();
    await cache.dispose();

    cache = await cacheFor({ folder, clock, size: room });
    store = await cache.open(other);
    await putAll(store, other, [0, 1, 2]);
    expect(here(store, 4)).toEqual([2]);
    store.hold('read', [{ from: 2, to: 2 }]);
    await expect(store.put(3, bytesOf(other, 3))).rejects.toEqual(coded('CACHE_FULL'));
    await store.dispose();
    await clock.advance(31 * DAY);
    await cache.evict();
    expect(await cache.list()).toMatchObject([{ infohash: kept.infohash, bytes: 4 * PIECE, isPinned: true }]);

    // Opened, its own pieces stay as well.
    store = await cache.open(kept);
    cache.limits = { size: PIECE, keep: DAY };
    expect(await cache.evict()).toBe(0);
    await store.dispose();
    await cache.pin(kept.infohash, false);
    await clock.advance(2 * DAY);
    await cache.evict();
    expect(await cache.list()).toEqual([]);
    await cache.pin(kept.infohash, true);
    expect(await cache.list()).toEqual([]);
  });

  it('can be removed all the same', async () => {
    const cache = await cacheFor();
    const torrent = torrentOf('a', [2]);
    await (await cache.open(torrent)).dispose();
    await cache.pin(torrent.infohash, true);
    await cache.remove(torrent.infohash);
    expect(await cache.list()).toEqual([]);
  });

  it('of another process is not forgotten', async () => {
    const folder = temporaryFolder();
    const torrent = torrentOf('a', [2]);
    const [mine, theirs] = [await cacheFor({ folder }), await cacheFor({ folder })];
    const store = await mine.open(torrent);
    await theirs.pin(torrent.infohash, true);
    await putAll(store, torrent, [0]);
    await store.dispose();
    expect(await (await cacheFor({ folder })).list()).toMatchObject([{ bytes: PIECE, isPinned: true }]);
  });
});
