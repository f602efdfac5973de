import { setTimeout as pause } from 'node:timers/promises';
import { median, summarize, type Table } from '../../../support/table.ts';
import type { LoadSeen, ServerName } from './generator.ts';
import { Generators } from './process.ts';
import type { Rhythm } from './room.ts';
import { has, Server } from './servers.ts';

const ROOM = 4;
/** Clients of one generator: more would be the generator's limit before they are the server's. */
const PER_GENERATOR = 10_000;
/** A message a second each way, as Syncplay's protocol has it. */
const EVEN: Rhythm = { time: 1000, status: 0 };
/** What our own client sends: the clock every 5 to 10 s, how it does every 4 s. */
const OWN: Rhythm = { time: 7500, status: 4000 };
/** Bytes around each message below WebSocket: TCP and IP with their usual options, and the acknowledgement. */
const HEADERS = 52 + 52;
const MONTH = 30 * 86_400;
const SETTLE = 2000;

export interface LoadFigures {
  readonly processor: number;
  readonly memory: number;
  /** Seconds until all were in. */
  readonly joined: number;
  readonly seen: LoadSeen;
}

/** So many clients at one server for a while. */
export async function loadOf(
  server: ServerName,
  options: {
    readonly clients: number;
    readonly ms: number;
    readonly rhythm?: Rhythm;
    readonly commands?: number;
  },
): Promise<LoadFigures> {
  const { clients, ms, rhythm = EVEN, commands = 10 } = options;
  const generators = new Generators();
  const target = await Server.start(server);
  try {
    const order = { server, port: target.port, first: 0, clients, roomSize: ROOM, rhythm, commands };
    const joined = await generators.join(order, Math.ceil(clients / PER_GENERATOR));
    if (ms > 0) await pause(SETTLE);
    return { ...(await watch(target, generators, ms)), joined: joined / 1000 };
  } finally {
    await generators.dispose();
    await target.dispose();
  }
}

async function watch(target: Server, generators: Generators, ms: number) {
  const before = target.cpu;
  const began = performance.now();
  const measuring = generators.measure(ms);
  await pause(ms);
  const processor = (100 * (target.cpu - before)) / ((performance.now() - began) / 1000);
  const { memory } = target;
  return { processor, memory, seen: await measuring };
}

const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
};

/** The relay against Debian's Syncplay server, in turns, with the same generator. */
export async function compareLoad(table: Table, quick: boolean): Promise<void> {
  const clients = quick ? 1000 : 8000;
  const names: readonly ServerName[] = has('syncplay-server') ? ['kinoport', 'syncplay'] : ['kinoport'];
  if (names.length === 1) console.error('syncplay-server is not installed: no peer for the relay.');
  const runs: Record<ServerName, LoadFigures[]> = { kinoport: [], syncplay: [] };
  for (let round = 0; round < (quick ? 1 : 2); round += 1)
    for (const name of round % 2 === 0 ? names : [...names].reverse())
      runs[name].push(await loadOf(name, { clients, ms: quick ? 4000 : 20_000, commands: quick ? 40 : 10 }));
  const row = (title: string, unit: string, of: (figures: LoadFigures) => number, beat: boolean): void => {
    const ours = runs.kinoport.map(of);
    const value = median(ours);
    const peer = runs.syncplay.length > 0 ? median(runs.syncplay.map(of)) : undefined;
    table.add(title, value, unit, {
      spread: summarize(ours),
      ...(peer === undefined ? {} : { peer: { name: 'syncplay-server', value: peer } }),
      ...(beat && peer !== undefined ? { atMost: Number(peer.toPrecision(4)) } : {}),
    });
  };
  const delays = (share: number) => (figures: LoadFigures) => percentile(figures.seen.delays, share);
  row(`relay, ${clients} members in rooms of 4: processor`, '% of a core', (f) => f.processor, true);
  row('  memory', 'MB', (f) => f.memory, false);
  row('  command to each of the others, p50', 'ms', delays(0.5), true);
  row('  command to each of the others, p99', 'ms', delays(0.99), true);
  row('  all have joined after', 's', (f) => f.joined, false);
  row('  messages from members', 'a second', (f) => f.seen.messages.written / f.seen.seconds, false);
  row('  messages to members', 'a second', (f) => f.seen.messages.read / f.seen.seconds, false);
  row('  processor of the load generator', '% of a core', (f) => 100 * f.seen.processor, false);
  const ours = runs.kinoport;
  table.add(
    '  commands unheard, connections lost',
    ours.reduce((n, { seen }) => n + seen.unheard + seen.lost, 0),
    'times',
    {
      atMost: 0,
    },
  );
  const few = clients / 4;
  const { joined } = await loadOf('kinoport', { clients: few, ms: 0 });
  table.add(
    `  time to join for each, ${clients} against ${few}`,
    median(ours.map((f) => f.joined)) / clients / (joined / few),
    'times',
    { atMost: 1.5 },
  );
}

/** What an operator has to reckon with, with what our own clients send. */
export async function ownTraffic(table: Table, quick: boolean): Promise<void> {
  for (const clients of quick ? [1000] : [100, 1000, 5000, 10_000]) {
    const figures = await loadOf('kinoport', {
      clients,
      ms: quick ? 4000 : 20_000,
      rhythm: OWN,
      // Each room does something every two minutes.
      commands: clients / ROOM / 120,
    });
    const { bytes, messages, seconds } = figures.seen;
    const month = (payload: number, count: number): number =>
      (((payload + count * HEADERS) / seconds) * MONTH) / 1e9;
    table.add(`relay, ${clients} members of Kinoport: processor`, figures.processor, '% of a core');
    table.add('  memory', figures.memory, 'MB');
    table.add('  traffic to members, a month without a pause', month(bytes.read, messages.read), 'GB');
    table.add('  traffic from members', month(bytes.written, messages.written), 'GB');
  }
}

/** How many clients bring the relay to 80 % of a core. */
export async function capacity(table: Table): Promise<void> {
  const STEP = 4000;
  const FULL = 80;
  const generators = new Generators();
  const target = await Server.relay();
  const steps: { clients: number; processor: number; p99: number; generators: number }[] = [];
  try {
    for (let clients = STEP; clients <= 80_000; clients += STEP) {
      const order = {
        server: 'kinoport',
        port: target.port,
        roomSize: ROOM,
        rhythm: EVEN,
        commands: 5,
      } as const;
      await generators.join({ ...order, first: clients - STEP, clients: STEP }, 1);
      await pause(SETTLE);
      const { processor, seen } = await watch(target, generators, 5000);
      steps.push({
        clients,
        processor,
        p99: percentile(seen.delays, 0.99),
        generators: 100 * seen.processor,
      });
      if (processor >= FULL || seen.lost > 0) break;
    }
  } finally {
    await generators.dispose();
    await target.dispose();
  }
  const [below, above] = [steps.findLast(({ processor }) => processor < FULL), steps.at(-1)];
  if (!below || !above) return;
  const share =
    above.processor > below.processor ? (FULL - below.processor) / (above.processor - below.processor) : 0;
  const most = below.clients + Math.min(1, Math.max(0, share)) * (above.clients - below.clients);
  table.add(`relay at ${FULL} % of a core: members, a message a second each way`, most, 'members');
  table.add('  command to each of the others, p99', below.p99, 'ms');
  table.add('  processor of the load generators', below.generators, '% of a core');
}
