import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { isAlive } from '../processes.ts';
import { instant, until } from '../waiting.ts';
import { LabSwarm, type LabSwarmOptions, type Seeder } from './labSwarm.ts';
import { LabPeer } from './peer.ts';
import { type LabTorrent, makeTorrent } from './torrent.ts';

const BLOCK = 16_384;
const PIECE = 65_536;
const bytes = randomBytes(40 * PIECE + 1000);
const folder = mkdtempSync(join(tmpdir(), 'kp-lab-'));
const open: { dispose(): Promise<void> | void }[] = [];
let torrent: LabTorrent;

beforeAll(async () => {
  writeFileSync(join(folder, 'data.bin'), bytes);
  torrent = await makeTorrent(join(folder, 'data.bin'), { pieceLength: PIECE });
});
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.dispose();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function swarmOf(seeders: readonly Seeder[], options?: LabSwarmOptions): Promise<LabSwarm> {
  const swarm = await LabSwarm.start(torrent, seeders, options);
  open.push(swarm);
  return swarm;
}

async function peerOf(swarm: LabSwarm, index = 0, encryption: 0 | 2 = 0): Promise<LabPeer> {
  const peer = await LabPeer.connect(swarm.peers[index] ?? '', torrent.infohash, encryption);
  open.push({ dispose: () => peer.close() });
  return peer;
}

const slice = (piece: number, offset: number, length = BLOCK): Buffer =>
  bytes.subarray(piece * PIECE + offset, piece * PIECE + offset + length);

test('gives the right bytes and the metadata, and counts what it gave', async () => {
  const swarm = await swarmOf([{ delay: 0 }]);
  const peer = await peerOf(swarm);
  await peer.unchoked();
  expect(slice(3, BLOCK).equals(await peer.block(3, BLOCK))).toBe(true);
  expect(slice(40, 0, 1000).equals(await peer.block(40, 0, 1000))).toBe(true);
  expect((await peer.metadata()).length).toBeGreaterThan(800);
  await peer.block(3, BLOCK);
  const stats = await swarm.stats();
  expect(stats).toMatchObject({ sent: 2 * BLOCK + 1000, repeated: BLOCK, requests: 3, cancels: 0 });
  expect(stats.seeders[0]).toMatchObject({ connections: 1, open: 1, handshakes: 1 });
});

test('is as far and as slow as it was told, whoever asks', async () => {
  const swarm = await swarmOf([{ delay: 25, rate: 320_000 }]);
  const [one, two] = [await peerOf(swarm), await peerOf(swarm)];
  await Promise.all([one.unchoked(), two.unchoked()]);
  const began = instant();
  await one.block(0, 0);
  // Two ways and one block at its rate.
  expect(instant() - began).toBeGreaterThan(50 + 50);
  expect(instant() - began).toBeLessThan(50 + 51 + 60);
  const again = instant();
  await Promise.all([0, 1, 2, 3].flatMap((n) => [one.block(1, n * BLOCK), two.block(2, n * BLOCK)]));
  const seconds = (instant() - again) / 1000;
  expect((8 * BLOCK) / seconds).toBeGreaterThan(230_000);
  expect((8 * BLOCK) / seconds).toBeLessThan(320_000);
});

test('a request that waits can be cancelled', async () => {
  const swarm = await swarmOf([{ delay: 0, rate: 160_000 }]);
  const peer = await peerOf(swarm);
  await peer.unchoked();
  const [first, second, third] = [peer.block(0, 0), peer.block(0, BLOCK), peer.block(1, 0)];
  peer.wire.cancel(0, BLOCK, BLOCK);
  await expect(second).rejects.toThrow('cancelled');
  await Promise.all([first, third]);
  expect(await swarm.stats()).toMatchObject({ sent: 2 * BLOCK, cancels: 1 });
});

test('falls silent, sends wrong pieces, closes', async () => {
  const swarm = await swarmOf([
    { delay: 0, silentAfter: 2 * BLOCK },
    { delay: 0, corrupt: 1 },
    { delay: 0, dropAfter: BLOCK },
  ]);
  const [silent, wrong, dropping] = await Promise.all([0, 1, 2].map((index) => peerOf(swarm, index)));
  if (!silent || !wrong || !dropping) throw new Error('Three have connected.');
  await Promise.all([silent, wrong, dropping].map((peer) => peer.unchoked()));
  await silent.block(0, 0);
  await silent.block(0, BLOCK);
  silent.block(1, 0).catch(() => {});
  await until('it heard of a third request', async () => (await swarm.stats()).seeders[0]?.requests === 3);
  expect((await swarm.stats()).seeders[0]).toMatchObject({ sent: 2 * BLOCK, open: 1 });
  expect(slice(5, 0).equals(await wrong.block(5, 0))).toBe(false);
  await dropping.block(0, 0);
  await until('it has closed', () => dropping.isClosed);
});

test('chokes, lets nobody ask, refuses, has a part and gets more', async () => {
  const swarm = await swarmOf([
    { delay: 0, chokes: { every: 50, length: 50 } },
    { delay: 0, refuses: true },
    { delay: 0, has: [2], gains: 50 },
  ]);
  const choking = await peerOf(swarm, 0);
  await choking.unchoked();
  await until('it chokes', () => choking.wire.peerChoking);
  await until('it does not any more', () => !choking.wire.peerChoking);
  const refusing = await peerOf(swarm, 1);
  await refusing.unchoked();
  await expect(refusing.block(0, 0)).rejects.toThrow('rejected');
  const partial = await peerOf(swarm, 2);
  await partial.unchoked();
  expect(slice(2, 0).equals(await partial.block(2, 0))).toBe(true);
  await until('it has told of another piece', () => partial.wire.peerPieces.get(3));
  expect(slice(3, 0).equals(await partial.block(3, 0))).toBe(true);
});

test('speaks MSE only, or noise', async () => {
  const swarm = await swarmOf([
    { delay: 0, encryptedOnly: true },
    { delay: 0, garbage: 'handshake' },
  ]);
  await expect(peerOf(swarm, 0)).rejects.toThrow('closed');
  const secret = await peerOf(swarm, 0, 2);
  await secret.unchoked();
  expect(slice(0, 0).equals(await secret.block(0, 0))).toBe(true);
  await expect(peerOf(swarm, 1)).rejects.toThrow('closed');
});

test('a tracker and a DHT know it, a web seed has the same bytes', async () => {
  const swarm = await swarmOf([{}, {}], { tracker: true, dht: true, webSeeds: [{ delay: 0 }] });
  const hash = torrent.infohash.replace(/../g, '%$&');
  const answer = await fetch(
    `${swarm.tracker}?info_hash=${hash}&peer_id=${'x'.repeat(20)}&port=9&uploaded=0&downloaded=0&left=9&compact=1`,
  );
  const text = Buffer.from(await answer.arrayBuffer()).toString('latin1');
  for (const address of swarm.peers) {
    const port = Number(address.split(':')[1]);
    expect(text).toContain(String.fromCharCode(127, 0, 0, 1, port >> 8, port & 0xff));
  }
  const seed = await fetch(swarm.webSeeds[0] ?? '', { headers: { range: 'bytes=100-299' } });
  expect(seed.status).toBe(206);
  expect(bytes.subarray(100, 300).equals(Buffer.from(await seed.arrayBuffer()))).toBe(true);
  expect(swarm.announced.infohash).toBe(torrent.infohash);
  expect(Buffer.from(swarm.announced.bytes).toString('latin1')).toContain(swarm.tracker);
});

test('its process ends with it', async () => {
  const swarm = await LabSwarm.start(torrent, [{}]);
  const { pid } = swarm;
  await swarm.dispose();
  expect(pid !== undefined && isAlive(pid)).toBe(false);
  await expect(swarm.stats()).rejects.toThrow('gone');
});
