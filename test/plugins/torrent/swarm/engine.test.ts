import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { LabTorrent } from '../../../support/lab/swarm/torrent.ts';
import { until } from '../../../support/lab/waiting.ts';
import { addressOf, Bench, MemoryStore, magnetOf, wantAll } from './swarmBench.ts';

const bytes = randomBytes(40 * 65_536 + 1000);
const bench = new Bench();
let lab: LabTorrent;

beforeAll(async () => {
  lab = await bench.torrent(bytes);
});
afterEach(() => bench.close());
afterAll(() => bench.remove());

test('fetches a torrent from peers that are named', async () => {
  const seeders = await bench.seeders(lab, [{ delay: 5 }, { delay: 5 }]);
  const address = addressOf(lab);
  const swarm = bench.engine().join(address, { peers: seeders.peers });
  const store = await bench.fetchAll(swarm, address.torrent);
  expect(store.bytes().equals(bytes)).toBe(true);
  expect(swarm.stats).toMatchObject({ peers: 2, open: 2 });
  expect([...swarm.peers].sort()).toEqual([...seeders.peers].sort());
});

test('gets the metadata of a magnet link from the peers that it names', async () => {
  const seeders = await bench.seeders(lab, [{ delay: 5 }]);
  const swarm = bench.engine().join(magnetOf(lab, { peers: seeders.peers }));
  const torrent = await swarm.metadata();
  expect(torrent).toMatchObject({ infohash: lab.infohash, name: 'data.bin', length: bytes.length });
  const store = await bench.fetchAll(swarm, torrent);
  expect(store.bytes().equals(bytes)).toBe(true);
});

test('leaves peers alone until something is wanted that is not here', async () => {
  const seeders = await bench.seeders(lab, [{ delay: 5 }]);
  const address = addressOf(lab);
  const { torrent } = address;
  const swarm = bench.engine().join(address, { peers: seeders.peers, after: 3_600_000 });
  const store = new MemoryStore(torrent);
  store.pieces.set(0, bytes.subarray(0, 65_536));
  swarm.fetch(torrent, store);
  swarm.want([{ ...wantAll(torrent), end: 65_536 }]);
  // Longer than a swarm takes to begin.
  await bench.fetchAll(bench.engine().join(address, { peers: seeders.peers }), torrent);
  expect(swarm.stats.peers).toBe(0);
  swarm.want([{ ...wantAll(torrent), end: 65_537 }]);
  await until('the second piece', () => store.has(1));
});

test('finds peers by a tracker', async () => {
  const seeders = await bench.seeders(lab, [{ delay: 5 }], { tracker: true });
  const swarm = bench.engine().join(magnetOf(lab, { trackers: [seeders.tracker] }));
  const torrent = await swarm.metadata();
  const store = await bench.fetchAll(swarm, torrent);
  expect(store.bytes().equals(bytes)).toBe(true);
});

test('finds peers by the DHT', async () => {
  const seeders = await bench.seeders(lab, [{ delay: 5 }], { dht: true });
  const swarm = bench.engine({ dht: true, dhtBootstrap: [seeders.dht] }).join(magnetOf(lab));
  const torrent = await swarm.metadata();
  expect(torrent.infohash).toBe(lab.infohash);
});

test('reaches a peer that takes encrypted connections only', async () => {
  const seeders = await bench.seeders(lab, [{ delay: 5, encryptedOnly: true }]);
  const address = addressOf(lab);
  const swarm = bench.engine().join(address, { peers: seeders.peers });
  const store = await bench.fetchAll(swarm, address.torrent);
  expect(store.bytes().equals(bytes)).toBe(true);
});

test('bans who gives wrong pieces, and has every byte right', async () => {
  const seeders = await bench.seeders(lab, [{ delay: 5, corrupt: 0.5 }, { delay: 5 }, { delay: 5 }]);
  const address = addressOf(lab);
  const swarm = bench.engine().join(address, { peers: seeders.peers });
  const store = await bench.fetchAll(swarm, address.torrent);
  expect(store.bytes().equals(bytes)).toBe(true);
  expect(bench.warnings.join()).toContain(seeders.peers[0]);
  expect(swarm.peers).not.toContain(seeders.peers[0]);
  expect([...swarm.peers].sort()).toEqual(seeders.peers.slice(1).sort());
});

test('is not led astray by garbage, silence, dropped connections and wrong metadata', async () => {
  const seeders = await bench.seeders(lab, [
    { delay: 5, garbage: 'handshake' },
    { delay: 5, garbage: 'messages' },
    { delay: 5, metadata: 'wrong', neverUnchokes: true },
    { delay: 5, metadata: 'silent', refuses: true },
    { delay: 5, dropAfter: 400_000 },
  ]);
  const swarm = bench.engine().join(magnetOf(lab, { peers: seeders.peers }));
  const torrent = await swarm.metadata();
  const store = await bench.fetchAll(swarm, torrent);
  expect(store.bytes().equals(bytes)).toBe(true);
});

test('fetches from a web seed alone', async () => {
  const seeders = await bench.seeders(lab, [], { webSeeds: [{ delay: 5 }] });
  const address = addressOf(seeders.announced);
  const swarm = bench.engine().join(address);
  const store = await bench.fetchAll(swarm, address.torrent);
  expect(store.bytes().equals(bytes)).toBe(true);
});

test('closes in time, with everything that it has open', async () => {
  const seeders = await bench.seeders(lab, [{ delay: 5, rate: 100_000 }], { tracker: true, dht: true });
  const engine = bench.engine({ dht: true, dhtBootstrap: [seeders.dht] });
  const swarm = engine.join(magnetOf(lab, { peers: seeders.peers, trackers: [seeders.tracker] }));
  const torrent = await swarm.metadata();
  void bench.fetchAll(swarm, torrent).catch(() => undefined);
  await until('a peer', () => swarm.stats.peers > 0);
  const began = performance.now();
  await engine.dispose();
  expect(performance.now() - began).toBeLessThan(2000);
  await expect(engine.join.bind(engine, magnetOf(lab))).toThrow(/closed/);
});
