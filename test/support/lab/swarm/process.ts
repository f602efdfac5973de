/** The process in which the seeders of one torrent live. It ends when its standard input does. */
import { createInterface } from 'node:readline';
import { Content } from './content.ts';
import { type Service, startDht, startTracker, startWebSeed } from './discovery.ts';
import type { Reply, Request, Started, StartParams, SwarmReport } from './protocol.ts';
import { Seeder } from './seeder.ts';

let content: Content | undefined;
const seeders: Seeder[] = [];
let tracker: Service | undefined;
let dht: Service | undefined;
let webSeeds: readonly Service[] = [];

async function start(params: StartParams): Promise<Started> {
  const opened = await Content.open(params.torrentFile, params.files);
  content = opened;
  for (const [index, seeder] of params.seeders.entries())
    seeders.push(await Seeder.start(opened, seeder, index));
  const ports = seeders.map(({ address }) => Number(address.split(':')[1]));
  webSeeds = await Promise.all(params.webSeeds.map((each) => startWebSeed(opened, each)));
  if (params.tracker) tracker = await startTracker(opened.infohash, ports);
  if (params.dht) dht = await startDht(opened.infohash, ports);
  return {
    peers: seeders.map(({ address }) => address),
    tracker: tracker?.address ?? null,
    dht: dht?.address ?? null,
    webSeeds: webSeeds.map(({ address }) => address),
  };
}

async function answer(request: Request): Promise<unknown> {
  if (request.method === 'start') return start(request.params);
  if (content === undefined) throw new Error('There is no torrent yet.');
  switch (request.method) {
    case 'add': {
      const seeder = await Seeder.start(content, request.params, seeders.length);
      seeders.push(seeder);
      return seeder.address;
    }
    case 'change':
      return seeders[request.params.index]?.change(request.params.to);
    case 'remove':
      return seeders[request.params.index]?.close();
    case 'stats':
      return report(content);
    case 'reset':
      content.reset();
      for (const seeder of seeders) seeder.reset();
      return undefined;
  }
}

function report(of: Content): SwarmReport {
  const stats = seeders.map((seeder) => seeder.stats);
  const sum = (name: 'sent' | 'requests' | 'cancels'): number =>
    stats.reduce((total, each) => total + each[name], 0);
  return {
    seeders: stats,
    sent: sum('sent'),
    repeated: of.repeated,
    requests: sum('requests'),
    cancels: sum('cancels'),
    webSeed: webSeeds.reduce((total, { count }) => total + count, 0),
    announces: tracker?.count ?? 0,
  };
}

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const request = JSON.parse(line) as Request;
  answer(request).then(
    (result) => reply({ id: request.id, result: result ?? null }),
    (error: unknown) =>
      reply({ id: request.id, error: error instanceof Error ? error.message : String(error) }),
  );
});
lines.once('close', () => process.exit());

function reply(message: Reply): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
