/**
 * A process that puts all pieces of a torrent into a cache, for tests that end it in the middle of it.
 * `writer.ts <folder> <pieces> <from>`; a line for each piece that was put.
 */
import { KinoportError, systemClock } from '@kinoport/core';
import { openPieceCache } from '../../../../plugins/torrent/src/store/pieceCache.ts';
import { bytesOf, torrentOf } from './torrentOf.ts';

const [folder = '', count = '', from = ''] = process.argv.slice(2);
const torrent = torrentOf('written', [Number(count)], 65_536);
const cache = await openPieceCache({
  folder,
  limits: { size: 1e9, keep: 1e12 },
  // What is noted after a second is noted after 3 ms.
  clock: { ...systemClock, after: (ms, run) => systemClock.after(ms / 300, run) },
  log: { debug() {}, info() {}, warn: console.error, error: console.error },
});
const store = await cache.open(torrent);
for (let n = 0; n < Number(count); n++) {
  const piece = (Number(from) + n) % Number(count);
  try {
    await store.put(piece, bytesOf(torrent, piece));
  } catch (error) {
    if (!(error instanceof KinoportError)) throw error;
    console.log(error.code);
  }
  console.log(piece);
}
await cache.dispose();
