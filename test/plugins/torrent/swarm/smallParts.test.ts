import { VirtualClock } from '@kinoport/core/testing';
import { describe, expect, test } from 'vitest';
import { KnownPeers } from '../../../../plugins/torrent/src/swarm/knownPeers.ts';
import { readHead } from '../../../../plugins/torrent/src/swarm/metadata.ts';
import { Rate } from '../../../../plugins/torrent/src/swarm/rate.ts';
import { UploadGate } from '../../../../plugins/torrent/src/swarm/uploads.ts';
import { partsOf } from '../../../../plugins/torrent/src/swarm/webSeed.ts';
import type { Torrent, TorrentFile } from '../../../../plugins/torrent/src/torrent.ts';

describe('rate', () => {
  test('is of the last five seconds', async () => {
    const clock = new VirtualClock();
    const rate = new Rate(clock);
    for (let second = 0; second < 10; second += 1) {
      rate.add(1000);
      await clock.advance(1000);
    }
    expect(rate.perSecond).toBe(1000);
    await clock.advance(3000);
    expect(rate.perSecond).toBe(400);
    await clock.advance(60_000);
    expect(rate.perSecond).toBe(0);
    expect(rate.total).toBe(10_000);
  });
});

describe('the gate of uploads', () => {
  test('lets pass so many bytes a second, in the order they came', async () => {
    const clock = new VirtualClock();
    const gate = new UploadGate(clock, 100_000);
    const gone: number[] = [];
    for (let block = 0; block < 60; block += 1) gate.pass(10_000, () => gone.push(block));
    await clock.advance(2000);
    expect(gone.length).toBeGreaterThanOrEqual(20);
    expect(gone.length).toBeLessThanOrEqual(24);
    expect(gone).toEqual(gone.toSorted((a, b) => a - b));
    gate.limit = 0;
    expect(gone).toHaveLength(60);
  });

  test('has nothing left to do when it is disposed', async () => {
    const clock = new VirtualClock();
    const gate = new UploadGate(clock, 1000);
    const gone: number[] = [];
    for (let block = 0; block < 5; block += 1) gate.pass(10_000, () => gone.push(block));
    gate.dispose();
    await clock.advance(100_000);
    expect(gone).toEqual([0]);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('the ranges of a web seed', () => {
  const file = (index: number, path: string, offset: number, length: number): TorrentFile => ({
    index,
    path,
    offset,
    length,
  });
  const torrentOf = (name: string, files: readonly TorrentFile[]): Torrent =>
    ({ name, files, pieceLength: 100 }) as unknown as Torrent;

  test('of one file are in the file, or in the folder', () => {
    const torrent = torrentOf('a b.mkv', [file(0, 'a b.mkv', 0, 1000)]);
    expect(partsOf('http://x/y', torrent, 100, 50)).toEqual([{ url: 'http://x/y', start: 100, end: 150 }]);
    expect(partsOf('http://x/', torrent, 100, 50)).toEqual([
      { url: 'http://x/a%20b.mkv', start: 100, end: 150 },
    ]);
  });

  test('of several are in each, and what fills up between them is asked of nobody', () => {
    const torrent = torrentOf('Show', [
      file(0, 'Show/1.mkv', 0, 130),
      { ...file(1, 'Show/.pad/70', 130, 70), isPadding: true },
      file(2, 'Show/ä/2.mkv', 200, 300),
    ]);
    expect(partsOf('http://x/y', torrent, 100, 200)).toEqual([
      { url: 'http://x/y/Show/1.mkv', start: 100, end: 130 },
      { url: undefined, start: 0, end: 70 },
      { url: 'http://x/y/Show/%C3%A4/2.mkv', start: 0, end: 100 },
    ]);
  });
});

test('remembers who gave most', () => {
  const peers = new KnownPeers();
  for (let peer = 0; peer < 1000; peer += 1) peers.saw(`10.0.0.1:${peer}`, peer % 7 === 0 ? peer : 0);
  peers.saw('10.0.0.1:994', 0);
  peers.forget('10.0.0.1:987');
  expect(peers.best).toHaveLength(100);
  expect(peers.best.slice(0, 2)).toEqual(['10.0.0.1:994', '10.0.0.1:980']);
});

test.each([
  ['d8:msg_typei1e5:piecei2ee', { msg_type: 1, piece: 2 }],
  ['d8:msg_typei-1ee', { msg_type: -1 }],
  ['de', {}],
  ['d', undefined],
  ['', undefined],
  ['d8:msg_type1:xe', undefined],
  ['d999:x', undefined],
])('reads the head of a message of metadata: %s', (text, expected) => {
  const head = readHead(Buffer.from(text));
  expect(head && Object.fromEntries(head.values)).toEqual(expected);
});
