/** What plugins cost, what a reload costs, and what is felt of a plugin that goes wrong. */
import { interleave, median, runFlags, summarize, Table } from '../support/table.ts';
import { disturb, MISBEHAVIOURS, type Misbehaviour } from './plugin-host/disturbance.ts';
import { flood } from './plugin-host/hung.ts';
import { quantile } from './plugin-host/lab.ts';
import { hostKilled, hostReady } from './plugin-host/lifetime.ts';
import { bareNodes, builtins, idlePlugins } from './plugin-host/memory.ts';
import { cordisReloader, hostReloader, importReloader, reloads } from './plugin-host/reload.ts';
import { forkChannel, pluginChannel, rate, roundTrips } from './plugin-host/wire.ts';

const { quick, json, only } = runFlags();
const table = new Table({ title: 'Plugin host', json });

const parts: Record<string, () => Promise<void>> = {
  calls: async () => {
    const fresh = await pluginChannel();
    const [first = Number.NaN] = await roundTrips(fresh, 1);
    const fork = await forkChannel();
    try {
      table.add('call round trip, the first of a process', first, 'µs');
      for (const channel of [fresh, fork]) await rate(channel, quick ? 10_000 : 40_000);
      const trip = (channel: typeof fresh) => async () => median(await roundTrips(channel, 2_000));
      const many = (channel: typeof fresh) => () => rate(channel, quick ? 20_000 : 40_000);
      const result = await interleave(quick ? 5 : 11, {
        trip: trip(fresh),
        forkTrip: trip(fork),
        rate: many(fresh),
        forkRate: many(fork),
      });
      const peer = (values: readonly number[]) => ({ name: "Node's fork", value: median(values) });
      table.add('call round trip', median(result.trip), 'µs', {
        peer: peer(result.forkTrip),
        atMost: 150,
        spread: summarize(result.trip),
      });
      table.add('calls, 64 under way', median(result.rate), 'a second', {
        peer: peer(result.forkRate),
        atLeast: 40_000,
        spread: summarize(result.rate),
      });
    } finally {
      await Promise.all([fresh.end(), fork.end()]);
    }
  },
  memory: async () => {
    const { idle, bare } = await interleave(quick ? 1 : 5, {
      idle: async () => median(await idlePlugins()),
      bare: async () => median(await bareNodes()),
    });
    table.add('memory of a plugin that does nothing, of 8', median(idle), 'MB', {
      peer: { name: 'Node alone', value: median(bare) },
      atMost: 12,
      spread: summarize(idle),
    });
    for (const [id, pss] of Object.entries(await builtins()))
      table.add(`  while a film plays: ${id}`, pss, 'MB');
  },
  ready: async () => {
    const times: number[] = [];
    for (let n = 0; n < (quick ? 5 : 11); n += 1) times.push(await hostReady());
    table.add('host ready, ten plugins that nobody needs yet', median(times), 'ms', {
      atMost: 400,
      spread: summarize(times),
    });
  },
  reload: async () => {
    const count = quick ? 30 : 500;
    const [host, cordis, again] = [await hostReloader(), await cordisReloader(), await importReloader()];
    try {
      const result = await reloads(count, { host, cordis, again });
      const spread = summarize(result.host.times);
      const peers = { cordis: result.cordis, 'import anew': result.again };
      for (const [name, peer] of Object.entries(peers)) {
        table.add(`reload of a plugin of 1 MB, command to switch`, spread.median, 'ms', {
          peer: { name, value: median(peer.times) },
          atMost: 120,
          spread,
        });
      }
      for (const [name, peer] of Object.entries(peers)) {
        table.add(`${count} reloads: growth of the host`, result.host.growth, 'MB', {
          peer: { name, value: peer.growth },
          atMost: 10,
        });
      }
      for (const [name, peer] of Object.entries(peers)) {
        table.add('  with the garbage that is not collected yet', result.host.grossGrowth, 'MB', {
          peer: { name, value: peer.grossGrowth },
        });
      }
    } finally {
      await Promise.all([host.dispose(), cordis.dispose(), again.dispose()]);
    }
  },
  faults: async () => {
    for (const how of Object.keys(MISBEHAVIOURS) as Misbehaviour[]) {
      const runs = [];
      // A busy loop is given 10 s each time.
      for (let n = 0; n < (quick ? 1 : how === 'busy loop' ? 3 : 5); n += 1) runs.push(await disturb(how));
      const disturbed = runs.map((run) => run.disturbed);
      table.add(`${how}: p99 of another's calls`, median(disturbed), 'ms', {
        peer: { name: 'undisturbed', value: median(runs.map((run) => run.undisturbed)) },
        spread: summarize(disturbed),
        atMost: Number((2 * median(runs.map((run) => run.undisturbed))).toPrecision(4)),
      });
      const replaced = runs.map((run) => run.replaced);
      table.add('  replaced after', median(replaced), 'ms', {
        spread: summarize(replaced),
        atMost: MISBEHAVIOURS[how].killLimit + 200,
      });
      const unnamed = runs.filter((run) => !run.isNamed);
      for (const { record } of unnamed) console.error(`${how}: the record is "${record}"`);
      table.add('  records that do not name plugin and reason', unnamed.length, 'records', { atMost: 0 });
      table.add("  another's calls that failed", sum(runs.map((run) => run.failedCalls)), 'calls', {
        atMost: 0,
      });
    }
  },
  hung: async () => {
    for (const kind of ['states', 'facts'] as const) {
      const runs = [];
      for (let n = 0; n < (quick ? 1 : 5); n += 1) runs.push(await flood(kind));
      const growth = runs.map((run) => run.growth);
      table.add(`100 000 ${kind} to a plugin that hangs: growth of the host`, median(growth), 'MB', {
        spread: summarize(growth),
        atMost: 20,
      });
      const others = runs.flatMap((run) => run.others);
      table.add("  p99 of another's calls meanwhile", quantile(others, 0.99), 'ms');
      table.add("  another's calls that failed", sum(runs.map((run) => run.failedCalls)), 'calls', {
        atMost: 0,
      });
    }
  },
  killed: async () => {
    const times: number[] = [];
    for (let n = 0; n < (quick ? 1 : 5); n += 1) times.push(await hostKilled());
    table.add('host killed: the last of its plugins, one that hangs, has gone', median(times), 'ms', {
      spread: summarize(times),
      atMost: 1_000,
    });
  },
};

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

for (const [name, part] of Object.entries(parts)) {
  if (only && !only.includes(name)) continue;
  try {
    await part();
  } catch (error) {
    table.add(`${name}: went wrong`, 1, 'times', { atMost: 0 });
    console.error(`${name}:`, error);
  }
}
if (!table.end()) process.exitCode = 1;
