import { randomBytes } from 'node:crypto';
import { createSocket, Socket as DatagramSocket } from 'node:dgram';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, Server, Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { isLoopback } from '../../../../plugins/torrent/src/swarm/connections.ts';
import type { Engine } from '../../../../plugins/torrent/src/swarm/ports.ts';
import { LabPeer } from '../../../support/lab/swarm/peer.ts';
import type { LabTorrent } from '../../../support/lab/swarm/torrent.ts';
import { until, within } from '../../../support/lab/waiting.ts';
import { ALONE, addressOf, Bench, MemoryStore, magnetOf, wantAll } from './swarmBench.ts';

const bytes = randomBytes(30 * 65_536 + 1000);
const other = randomBytes(20 * 65_536);
const bench = new Bench();
let lab: LabTorrent;
let otherLab: LabTorrent;
let hidden: LabTorrent;
const called = new Set<string>();

beforeAll(async () => {
  lab = await bench.torrent(bytes);
  otherLab = await bench.torrent(other, { name: 'other.bin' });
  hidden = await bench.torrent(randomBytes(65_536), { name: 'hidden.bin', isPrivate: true });
});
beforeEach(() => {
  const { connect } = Socket.prototype;
  const { send } = DatagramSocket.prototype;
  vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...args: unknown[]) {
    const [first] = args as [unknown];
    const [options] = (Array.isArray(first) ? first : [first]) as [{ host?: string; path?: string }];
    if (options.path === undefined) called.add(options.host ?? 'localhost');
    return Reflect.apply(connect, this, args) as Socket;
  });
  vi.spyOn(DatagramSocket.prototype, 'send').mockImplementation(function (
    this: DatagramSocket,
    ...args: unknown[]
  ) {
    called.add(String(args.find((arg) => typeof arg === 'string')));
    Reflect.apply(send, this, args);
  });
});
afterEach(async () => {
  await bench.close();
  vi.restoreAllMocks();
  for (const host of called) expect(isLoopback(host), `${host} was called`).toBe(true);
});
afterAll(() => bench.remove());

const listens = (engine: Engine): Promise<string> =>
  until('the port', () => engine.port !== undefined && `127.0.0.1:${engine.port}`);

test('two swarms fetch at once over one port', async () => {
  const one = await bench.seeders(lab, [{ delay: 5 }]);
  const two = await bench.seeders(otherLab, [{ delay: 5 }]);
  const engine = bench.engine();
  const [first, second] = [addressOf(lab), addressOf(otherLab)];
  const stores = await Promise.all([
    bench.fetchAll(engine.join(first, { peers: one.peers }), first.torrent),
    bench.fetchAll(engine.join(second, { peers: two.peers }), second.torrent),
  ]);
  expect(stores.map((store) => store.bytes())).toEqual([bytes, other]);
});

test('a swarm is left and joined again; what is in the store is not fetched again', async () => {
  const seeders = await bench.seeders(lab, [{ delay: 5 }]);
  const engine = bench.engine();
  const address = addressOf(lab);
  const first = engine.join(address, { peers: seeders.peers });
  expect(() => engine.join(address)).toThrow(expect.objectContaining({ code: 'TORRENT_IN_USE' }));
  const store = new MemoryStore(address.torrent);
  first.fetch(address.torrent, store);
  first.want([{ ...wantAll(address.torrent), end: 10 * 65_536 }]);
  await until('the first third', () => store.pieces.size >= 10);
  await first.dispose();
  const had = store.pieces.size;
  await seeders.reset();
  const again = engine.join(address, { peers: first.peers });
  await bench.fetchAll(again, address.torrent, store);
  expect(store.bytes().equals(bytes)).toBe(true);
  expect((await seeders.stats()).sent).toBe(bytes.length - had * 65_536);
});

test('gives others what is here, of metadata and pieces', async () => {
  const address = addressOf(lab);
  const giver = bench.engine();
  const given = giver.join(address);
  given.fetch(address.torrent, new MemoryStore(address.torrent).fill(bytes));
  const taker = bench.engine().join(magnetOf(lab, { peers: [await listens(giver)] }));
  const store = await bench.fetchAll(taker, await taker.metadata());
  expect(store.bytes().equals(bytes)).toBe(true);
  expect(given.stats.uploaded).toBeGreaterThanOrEqual(bytes.length);
});

test('gives pieces as they come, to those who wait for them', async () => {
  const seeders = await bench.seeders(lab, [{ delay: 5, rate: 2_000_000 }]);
  const address = addressOf(lab);
  const middle = bench.engine();
  const first = middle.join(address, { peers: seeders.peers });
  const through = bench.fetchAll(first, address.torrent);
  const taker = bench.engine().join(address, { peers: [await listens(middle)] });
  const store = await bench.fetchAll(taker, address.torrent);
  await through;
  expect(store.bytes().equals(bytes)).toBe(true);
});

test('gives nothing while that is switched off, and does when it is switched on', async () => {
  const seeders = await bench.seeders(lab, [{ delay: 5 }]);
  const address = addressOf(lab);
  const giver = bench.engine({ upload: false });
  const given = giver.join(address);
  given.fetch(address.torrent, new MemoryStore(address.torrent).fill(bytes));
  const at = await listens(giver);
  const taker = bench.engine().join(address, { peers: [at, ...seeders.peers] });
  await bench.fetchAll(taker, address.torrent);
  await until('both peers', () => taker.stats.peers === 2);
  expect(taker.stats.open).toBe(1);
  expect(given.stats.uploaded).toBe(0);
  await taker.dispose();

  giver.limit({ ...ALONE, upload: true });
  const again = bench.engine().join(address, { peers: [at] });
  const store = await bench.fetchAll(again, address.torrent);
  expect(store.bytes().equals(bytes)).toBe(true);
});

test('gives no more a second than allowed', async () => {
  const address = addressOf(otherLab);
  const giver = bench.engine({ uploadLimit: 1_000_000 });
  giver.join(address).fetch(address.torrent, new MemoryStore(address.torrent).fill(other));
  const taker = bench.engine().join(address, { peers: [await listens(giver)] });
  const began = performance.now();
  await bench.fetchAll(taker, address.torrent);
  const rate = other.length / ((performance.now() - began) / 1000);
  expect(rate).toBeLessThan(1_350_000);
  expect(rate).toBeGreaterThan(500_000);
});

test('takes no more a second than allowed, of peers and web seeds', async () => {
  const seeders = await bench.seeders(otherLab, [{ delay: 5 }], { webSeeds: [{ delay: 5 }] });
  const address = addressOf(seeders.announced);
  const swarm = bench.engine({ downloadLimit: 1_000_000 }).join(address, { peers: seeders.peers });
  const began = performance.now();
  await bench.fetchAll(swarm, address.torrent);
  expect(other.length / ((performance.now() - began) / 1000)).toBeLessThan(3_000_000);
});

test('asks neither the DHT nor trackers of ours for a private torrent', async () => {
  const packets: Buffer[] = [];
  const dht = createSocket('udp4', (packet) => packets.push(packet));
  await new Promise<void>((resolve) => dht.bind(0, '127.0.0.1', resolve));
  bench.own({ dispose: () => dht.close() });
  const announced: string[] = [];
  const tracker = createHttpServer((request, response) => {
    announced.push(request.url ?? '');
    response.end('d8:intervali900e5:peers0:e');
  });
  await new Promise<void>((resolve) => tracker.listen(0, '127.0.0.1', resolve));
  bench.own({ dispose: () => tracker.close() });
  const engine = bench.engine({
    dht: true,
    dhtBootstrap: [`127.0.0.1:${dht.address().port}`],
    trackers: [`http://127.0.0.1:${(tracker.address() as AddressInfo).port}/announce`],
  });
  engine.join(addressOf(hidden));
  engine.join(addressOf(lab));
  const named = (torrent: LabTorrent): boolean =>
    packets.some((packet) => packet.includes(Buffer.from(torrent.infohash, 'hex')));
  await until('the DHT to be asked for the other', () => named(lab));
  await until('the tracker to be asked for the other', () => announced.length > 0);
  expect(named(hidden)).toBe(false);
  expect(announced).toHaveLength(1);
});

test('leaves those found elsewhere when a magnet link turns out to be private', async () => {
  const seeders = await bench.seeders(hidden, [{ delay: 5 }], { tracker: true, dht: true });
  const engine = bench.engine({ dht: true, dhtBootstrap: [seeders.dht] });
  const swarm = engine.join(magnetOf(hidden, { trackers: [seeders.tracker] }));
  const torrent = await swarm.metadata();
  expect(torrent.isPrivate).toBe(true);
  const store = await bench.fetchAll(swarm, torrent);
  expect(store.pieces.size).toBe(1);
});

test('takes another port when the one it should have is taken', async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, resolve));
  bench.own({ dispose: () => holder.close() });
  const taken = (holder.address() as AddressInfo).port;
  const seeders = await bench.seeders(lab, [{ delay: 5 }]);
  const engine = bench.engine({ port: taken });
  const swarm = engine.join(magnetOf(lab, { peers: seeders.peers }));
  await within('the metadata', 10_000, swarm.metadata());
  expect(engine.port).not.toBe(taken);
});

test('says when pieces cannot be kept, and goes on with the next wish', async () => {
  const seeders = await bench.seeders(lab, [{ delay: 5 }]);
  const address = addressOf(lab);
  const swarm = bench.engine().join(address, { peers: seeders.peers });
  const store = new MemoryStore(address.torrent);
  store.failure = new Error('The disk is full.');
  const failed = new Promise<Error>((resolve) => swarm.onDidFail(resolve));
  swarm.fetch(address.torrent, store);
  swarm.want([wantAll(address.torrent)]);
  expect((await within('the failure', 10_000, failed)).message).toBe('The disk is full.');
  store.failure = undefined;
  swarm.want([wantAll(address.torrent)]);
  await until('all pieces', () => store.pieces.size === 31);
  expect(store.bytes().equals(bytes)).toBe(true);
});

test.each([
  ['plain', 0],
  ['encrypted', 2],
] as const)('lets in those who call, %s', async (_how, encryption) => {
  const address = addressOf(lab);
  const giver = bench.engine();
  giver.join(address).fetch(address.torrent, new MemoryStore(address.torrent).fill(bytes));
  const peer = await LabPeer.connect(await listens(giver), lab.infohash, encryption);
  bench.own({ dispose: () => peer.close() });
  await peer.unchoked();
  expect(bytes.subarray(65_536 * 3, 65_536 * 3 + 16_384).equals(await peer.block(3, 0))).toBe(true);
});

test('reaches by uTP, where there is, who cannot be reached by TCP', async ({ skip }) => {
  const servers: Server[] = [];
  const { listen } = Server.prototype;
  vi.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server, ...args: unknown[]) {
    servers.push(this);
    return Reflect.apply(listen, this, args) as Server;
  });
  const address = addressOf(lab);
  const giver = bench.engine({ utp: true });
  giver.join(address).fetch(address.torrent, new MemoryStore(address.torrent).fill(bytes));
  const at = await listens(giver);
  if (!giver.hasUtp) skip();
  for (const server of servers) server.close();
  const taker = bench.engine({ utp: true }).join(address, { peers: [at] });
  const store = await bench.fetchAll(taker, address.torrent);
  expect(store.bytes().equals(bytes)).toBe(true);
});
