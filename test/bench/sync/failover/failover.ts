import { setTimeout as pause } from 'node:timers/promises';
import { type DisposableStore, systemClock } from '@kinoport/core';
import { RedisServer } from '../../../plugins/watch-together/relay/redis/servers.ts';
import { makeFilm } from '../../../support/lab/media.ts';
import { kill } from '../../../support/lab/processes.ts';
import { until } from '../../../support/lab/waiting.ts';
import { median, type Table } from '../../../support/table.ts';
import { driftBetween, sizesOf, timeUntilBelow } from '../drift.ts';
import { OWN, ROOM } from '../load/loadOf.ts';
import { Generators } from '../load/process.ts';
import { has, Server } from '../load/servers.ts';
import { openCommandPairAt } from '../together/commandPair.ts';
import { Balancer } from './balancer.ts';

/** Rooms of simulated clients, beside the one of two real players. */
const ROOMS = 49;
/** Milliseconds. */
const NEAR = 40;
const MOST = 3000;

/** One of two relays is killed, in the middle of the film of fifty rooms: how long until everybody has the seat again. */
export async function failover(table: Table, quick: boolean, owned: DisposableStore): Promise<void> {
  if (!has('redis-server')) {
    console.error('redis-server is not installed: no relay can take over from another.');
    return;
  }
  const [before, after, checked] = quick ? [2000, 4000, 2000] : [10_000, 10_000, 10_000];
  const film = await makeFilm({ seconds: 600, noise: false });
  const redis = await RedisServer.start();
  owned.defer(() => redis[Symbol.asyncDispose]());
  process.once('exit', () => kill(redis.pid));
  const relays = await Promise.all([0, 1].map(() => Server.relay({ redis: redis.url })));
  const [first] = relays.map((relay) => owned.add(relay));
  if (!first) return;
  const ports = relays.map(({ port }) => port);
  const crowd = owned.add(new Generators());
  const turns = owned.add(await Balancer.start(ports, 'turns'));
  const order = { server: 'kinoport', first: 0, clients: ROOMS * ROOM, roomSize: ROOM, rhythm: OWN } as const;
  await crowd.join({ ...order, port: turns.port, returning: true }, 1);
  // Both of the real ones are at the relay that is killed.
  const way = owned.add(await Balancer.start(ports, 'first'));
  const pair = owned.add(await openCommandPairAt({ film, ppm: 0, port: way.port }));
  await pause(before);

  const killed = systemClock.now();
  await first.dispose();
  await until('both players back in their room', () => pair.returns().count >= 2);
  await until('all simulated clients back', async () => (await crowd.seats()).away === 0);
  const { returned, refused } = await crowd.seats();
  await pause(Math.max(0, killed + after - systemClock.now()));
  const seen = await crowd.measure(checked, ROOMS / 2);

  const times = [...returned.map(({ back }) => back), pair.returns().last].map((at) => (at - killed) / 1000);
  const rows = `relay killed, ${ROOMS} simulated rooms and one of two mpv`;
  table.add(`${rows}: seats that were at it`, times.length + 1, 'seats');
  table.add('  seats resumed after, median', median(times), 's');
  table.add('  the last one', Math.max(...times), 's', { atMost: MOST / 1000 });
  const lost = refused.length + (await crowd.seats()).away + seen.lost;
  table.add('  seats lost', lost, 'seats', { atMost: 0 });
  table.add('  commands unheard by others, afterwards', Math.max(0, seen.unheard), 'times', { atMost: 0 });
  const drifts = driftBetween(pair.first.samples, pair.second.samples, killed, systemClock.now());
  table.add('  two mpv: largest drift since', sizesOf(drifts).max, 'ms');
  table.add('  two mpv: under 40 ms after', timeUntilBelow(drifts, killed, NEAR) / 1000, 's', {
    atMost: MOST / 1000,
  });
  const from = systemClock.now();
  await pair.seek(300);
  await pause(quick ? 2000 : 4000);
  const again = driftBetween(pair.first.samples, pair.second.samples, from, systemClock.now());
  const settled = again.filter(({ at }) => at > systemClock.now() - 1000);
  table.add('  two mpv: drift settled after a seek at the other relay', sizesOf(settled).median, 'ms', {
    atMost: NEAR,
  });
}
