import { setTimeout as pause } from 'node:timers/promises';
import type { DisposableStore } from '@kinoport/core';
import { median, summarize, type Table } from '../../../support/table.ts';
import type { ServerName } from './generator.ts';
import { type LoadFigures, percentile, withCrowd } from './loadOf.ts';
import { has } from './servers.ts';

interface Run extends LoadFigures {
  /** Seconds until all were in. */
  readonly joined: number;
}

/** Milliseconds after which no second turn is begun: the peer takes long to let many in. */
const NO_MORE = 150_000;

/** The relay against Debian's Syncplay server, in turns, with the same generator. */
export async function compareLoad(table: Table, quick: boolean, owned: DisposableStore): Promise<void> {
  const clients = quick ? 1000 : 8000;
  const [rounds, settle, ms, commands] = quick ? [1, 1000, 3000, 40] : [2, 2000, 20_000, 10];
  const names: readonly ServerName[] = has('syncplay-server') ? ['kinoport', 'syncplay'] : ['kinoport'];
  if (names.length === 1) console.error('syncplay-server is not installed: no peer for the relay.');
  const runs: Record<ServerName, Run[]> = { kinoport: [], syncplay: [] };
  const began = performance.now();
  for (let round = 0; round < rounds && performance.now() - began < NO_MORE; round += 1)
    for (const server of round % 2 === 0 ? names : [...names].reverse())
      runs[server].push(
        await withCrowd(owned, { server }, async (crowd) => {
          const joined = await crowd.grow(clients);
          await pause(settle);
          return { ...(await crowd.watch(ms, commands)), joined };
        }),
      );
  const row = (title: string, unit: string, of: (run: Run) => number, beat: boolean): void => {
    const ours = runs.kinoport.map(of);
    const peer = runs.syncplay.length > 0 ? median(runs.syncplay.map(of)) : undefined;
    table.add(title, median(ours), unit, {
      spread: summarize(ours),
      ...(peer === undefined ? {} : { peer: { name: 'syncplay-server', value: peer } }),
      ...(beat && peer !== undefined ? { atMost: Number(peer.toPrecision(4)) } : {}),
    });
  };
  const delays = (share: number) => (run: Run) => percentile(run.seen.delays, share);
  row(`relay, ${clients} members in rooms of 4: processor`, '% of a core', (run) => run.processor, true);
  row('  memory', 'MB', (run) => run.memory, false);
  row('  command to each of the others, p50', 'ms', delays(0.5), true);
  row('  command to each of the others, p99', 'ms', delays(0.99), true);
  row('  all have joined after', 's', (run) => run.joined, true);
  row('  messages from members', 'a second', (run) => run.seen.messages.written / run.seen.seconds, false);
  row('  messages to members', 'a second', (run) => run.seen.messages.read / run.seen.seconds, false);
  row('  processor of the load generator', '% of a core', (run) => 100 * run.seen.processor, false);
  const unheard = runs.kinoport.reduce((n, { seen }) => n + seen.unheard + seen.lost, 0);
  table.add('  commands unheard, connections lost', unheard, 'times', { atMost: 0 });
  // In the same relay, so that its start is not counted.
  const few = clients / 4;
  const [first, last] = await withCrowd(owned, { server: 'kinoport' }, async (crowd) => {
    const warm = await crowd.grow(few);
    await crowd.grow(clients - few);
    return [warm, await crowd.grow(clients)];
  });
  table.add(`  time to join, the last ${few} of ${clients} against the first`, last / first, 'times', {
    atMost: 1.5,
  });
}
