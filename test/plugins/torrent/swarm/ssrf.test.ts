import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Log, systemClock } from '@kinoport/core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createScheduler } from '../../../../plugins/torrent/src/schedule/scheduler.ts';
import { createEngine } from '../../../../plugins/torrent/src/swarm/engine.ts';
import type { Engine } from '../../../../plugins/torrent/src/swarm/ports.ts';
import type { LabTorrent } from '../../../support/lab/swarm/torrent.ts';
import { until } from '../../../support/lab/waiting.ts';
import { RawPeer } from './rawPeer.ts';
import { ALONE, addressOf, Bench, magnetOf } from './swarmBench.ts';

const bytes = randomBytes(6 * 65_536);
const bench = new Bench();
const said: string[] = [];
let lab: LabTorrent;

beforeAll(async () => {
  lab = await bench.torrent(bytes);
});
afterEach(async () => {
  await bench.close();
  said.length = 0;
});
afterAll(() => bench.remove());

/** An engine as it is by default: what torrents name is asked on the internet only. */
function guarded(trackers: readonly string[] = []): Engine {
  const say = (message: string, data?: unknown): void => void said.push(`${message} ${JSON.stringify(data)}`);
  const log: Log = { debug: say, info: say, warn: say, error: say };
  return bench.own(
    createEngine({
      clock: systemClock,
      log,
      settings: { ...ALONE, ssrfMitigation: true, trackers },
      makeScheduler: createScheduler,
    }),
  );
}

interface Server {
  readonly url: string;
  readonly port: number;
  readonly asked: () => number;
}

async function server(answer: RequestListener): Promise<Server> {
  let asked = 0;
  const http = createServer((request, response) => {
    asked += 1;
    answer(request, response);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  bench.own({
    dispose: () => {
      http.close();
      http.closeAllConnections();
    },
  });
  const { port } = http.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, asked: () => asked };
}

async function udpServer(): Promise<Server> {
  let asked = 0;
  const socket = createSocket('udp4', () => {
    asked += 1;
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  bench.own({ dispose: () => socket.close() });
  const { port } = socket.address();
  return { url: `udp://127.0.0.1:${port}`, port, asked: () => asked };
}

test('a tracker on this machine that a link names is not asked, by its address or a name', async () => {
  const http = await server((_request, response) => response.end());
  const udp = await udpServer();
  const trackers = [
    `${http.url}/announce`,
    `http://localhost:${http.port}/announce`,
    udp.url,
    `udp://localhost:${udp.port}/announce`,
  ];
  guarded().join(magnetOf(lab, { trackers }));
  await until(
    'all of them to be refused',
    () => said.filter((line) => /is not asked|is of this machine/.test(line)).length === trackers.length,
  );
  expect([http.asked(), udp.asked()]).toEqual([0, 0]);
});

test('a tracker of the settings is asked wherever it is, and knows of peers where it is', async () => {
  const seeders = await bench.seeders(lab, [{ delay: 5 }], { tracker: true });
  const swarm = guarded([seeders.tracker]).join(magnetOf(lab));
  const store = await bench.fetchAll(swarm, await swarm.metadata());
  expect(store.bytes().equals(bytes)).toBe(true);
});

test('a tracker of the settings by UDP is asked, at the address that its name leads to', async () => {
  const udp = await udpServer();
  guarded([`udp://localhost:${udp.port}/announce`]).join(magnetOf(lab));
  await until('the tracker to be asked', () => udp.asked() > 0);
});

test('a tracker does not send on to another server of this machine', async () => {
  const inside = await server((_request, response) => response.end());
  const tracker = await server((_request, response) =>
    response.writeHead(302, { location: `${inside.url}/announce` }).end(),
  );
  guarded([`${tracker.url}/announce`]).join(magnetOf(lab));
  await until('the redirect to be refused', () => said.some((line) => line.includes('is of this machine')));
  expect(inside.asked()).toBe(0);
});

test('a web seed on this machine is not asked, and peers on it are not called', async () => {
  const inside = await server((_request, response) => response.end(bytes));
  let called = 0;
  const peer = bench.own(
    await RawPeer.listen(lab.infohash, () => {
      called += 1;
    }),
  );
  const seeders = await bench.seeders(lab, [{ delay: 5 }], { tracker: true });
  const { torrent } = addressOf(lab);
  const webSeeds = [`${inside.url}/film`, `http://localhost:${inside.port}/film`];
  const { port } = new URL(`http://${peer.address}`);
  const swarm = guarded([seeders.tracker]).join(
    magnetOf(lab, { webSeeds, peers: [peer.address, `localhost:${port}`, `[::ffff:127.0.0.1]:${port}`] }),
  );
  await swarm.metadata();
  const store = await bench.fetchAll(swarm, torrent);
  expect(store.bytes().equals(bytes)).toBe(true);
  expect([inside.asked(), called]).toEqual([0, 0]);
});

test('a tracker that wants to be asked every moment, or in a hundred years, is asked after a while', async () => {
  let waits: number[] = [];
  for (const interval of [1, 4_294_967_295]) {
    const tracker = await server((_request, response) => response.end(`d8:intervali${interval}e5:peers0:e`));
    const original = globalThis.setInterval;
    globalThis.setInterval = ((run: () => void, ms: number) => {
      waits.push(ms);
      return original(run, ms);
    }) as typeof setInterval;
    try {
      guarded([`${tracker.url}/announce`]).join(magnetOf(lab));
      await until(
        'the announcement',
        () => waits.filter((ms) => ms === 30_000 || ms === 86_400_000).length > 0,
      );
    } finally {
      globalThis.setInterval = original;
    }
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(1000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(86_400_000);
    waits = [];
    await bench.close();
  }
});
