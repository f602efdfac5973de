import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseTorrent } from '../../../../plugins/torrent/src/address/parseTorrent.ts';
import { strangersOf } from '../../../support/lab/sockets.ts';
import type { LabSwarm } from '../../../support/lab/swarm/labSwarm.ts';
import { REAL_CLIENTS, RealClient } from '../../../support/lab/swarm/realClients.ts';
import type { LabTorrent } from '../../../support/lab/swarm/torrent.ts';
import { until } from '../../../support/lab/waiting.ts';
import { needs } from '../../../support/system.ts';
import { Bench, MemoryStore, magnetOf } from './swarmBench.ts';

const bytes = randomBytes(30 * 65_536 + 1000);
const bench = new Bench();
let lab: LabTorrent;

beforeAll(async () => {
  lab = await bench.torrent(bytes);
});
afterAll(async () => {
  await bench.close();
  bench.remove();
});

/** A tracker that knows of nobody yet. */
async function tracker(): Promise<LabSwarm> {
  return bench.seeders(lab, [], { tracker: true });
}

// All at once: transmission lets peers ask every 10 s only.
describe.concurrent('among real clients', { timeout: 60_000 }, () => {
  for (const name of REAL_CLIENTS) {
    test.skipIf(needs(name))(`${name} gives its pieces, by .torrent and by magnet link`, async () => {
      const meeting = await tracker();
      const client = bench.own(await RealClient.start(name, meeting.announced));
      await until('it has announced itself', async () => (await meeting.stats()).announces > 0);
      const torrent = parseTorrent(meeting.announced.bytes);
      const magnet = magnetOf(lab, { trackers: [meeting.tracker] });
      const swarms = [bench.engine().join({ type: 'torrent', torrent }), bench.engine().join(magnet)];
      const stores = swarms.map(async (swarm) => bench.fetchAll(swarm, await swarm.metadata()));
      for (const store of await Promise.all(stores)) expect(store.bytes().equals(bytes)).toBe(true);
      expect(strangersOf(client.pid)).toEqual([]);
    });

    test.skipIf(needs(name))(`${name} gets its pieces from us`, async () => {
      const meeting = await tracker();
      const torrent = parseTorrent(meeting.announced.bytes);
      const start = () => RealClient.start(name, meeting.announced, false);
      // transmission connects to nobody on loopback (3.00), but may be connected to.
      const isShy = name === 'transmission-daemon';
      const first = isShy ? bench.own(await start()) : undefined;
      const swarm = bench
        .engine()
        .join({ type: 'torrent', torrent }, { peers: first ? [first.address] : [] });
      swarm.fetch(torrent, new MemoryStore(torrent).fill(bytes));
      await until('we have announced ourselves', async () => (await meeting.stats()).announces > 0);
      const client = first ?? bench.own(await start());
      await until(
        'it has all of it',
        () => {
          try {
            return readFileSync(join(client.data, lab.name)).equals(bytes);
          } catch {
            return false;
          }
        },
        { timeout: 40_000 },
      );
      expect(swarm.stats.uploaded).toBeGreaterThanOrEqual(bytes.length);
    });
  }
});
