/** How soon a film from a torrent starts and seeks, when it stalls and what it costs, against those who do the same. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, runFlags, Table } from '../support/table.ts';
import { addRows, type Figures, inTurns, type Target } from './torrent/compare.ts';
import { CONTENDERS, type ContenderName } from './torrent/contender.ts';
import { isContender, readyContenders, serveAs } from './torrent/contenders.ts';
import { filmOf, strangers } from './torrent/lab.ts';
import { fill, firstByte, firstPicture, secondStart, seeks, throughput } from './torrent/starts.ts';
import type { SwarmName } from './torrent/swarms.ts';
import { type Evening, watchTogether } from './torrent/watching.ts';

const option = (name: string): string | undefined =>
  process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
const { quick, json } = runFlags();

/** Of each kind of figure one, in under a minute. With `--only` all of that kind. */
const isBrief = quick && option('only') === undefined;
const rounds = Number(option('rounds') ?? (quick ? 1 : 5));

const EVENINGS = {
  slow8: '1.2 times the bitrate and a straggler',
  tight1: 'one seeder of 1.2 times the bitrate',
  stall8: 'two of eight that go silent',
  corrupt: '1 % of wrong pieces',
  dropping: 'peers that drop',
  leechers: 'leechers that choke and have parts',
};

const role = option('contender');
if (role !== undefined) await serveAs(role, option('home') ?? '');
else await bench();

async function bench(): Promise<void> {
  const table = new Table({ title: 'Torrents', json });
  const chosen = option('contenders')?.split(',').filter(isContender);
  const names = await readyContenders(chosen ?? (quick ? ['kinoport', 'webtorrent'] : CONTENDERS));
  const only = option('only')?.split(',') ?? (isBrief ? ['start', 'frame', 'seek', 'stalls'] : undefined);
  for (const [name, part] of Object.entries(parts(table, names))) {
    if (only && !only.includes(name)) continue;
    try {
      await part();
    } catch (error) {
      table.add(`${name}: went wrong`, 1, 'times', { atMost: 0 });
      console.error(`${name}:`, error);
    }
  }
  for (const each of new Set(strangers)) console.error(`not loopback: ${each}`);
  table.add('sockets with a peer that is not on loopback', strangers.length, 'sockets', { atMost: 0 });
  if (!table.end()) process.exitCode = 1;
}

function parts(table: Table, names: readonly ContenderName[]): Record<string, () => Promise<void>> {
  const LATE = 60_000;
  const film = (container: 'mp4' | 'mkv' = 'mkv') => filmOf(container, 300);
  const starts = async (title: string, run: (name: ContenderName) => Promise<number>, target: object) =>
    addRows(table, title, 'ms', await inTurns(names, rounds, LATE, run), target);
  const ofWebtorrent = (times: number): Target => ({ of: { rival: 'webtorrent', times } });
  const ofBest = (times: number): Target => ({ of: { rival: 'best', times } });

  return {
    start: async () => {
      const mkv = await film();
      await starts(
        'first byte, 4 seeders of 4 MB/s',
        (name) => firstByte(name, 'mix4', mkv),
        ofWebtorrent(0.9),
      );
      if (isBrief) return;
      await starts(
        'first byte, 7 seeders and a straggler',
        (name) => firstByte(name, 'strag8', mkv),
        ofBest(0.9),
      );
      await starts('first byte, magnet', (name) => firstByte(name, 'mix4', mkv, 'magnet'), ofWebtorrent(0.9));
    },
    frame: async () => {
      const [mp4, mkv] = [await film('mp4'), await film()];
      const figures = await inTurns(names, rounds, LATE, (name) => firstPicture(name, 'mix4', mp4));
      addRows(table, 'first frame, MP4 with its moov at the end', 'ms', figures, ofWebtorrent(0.55));
      addRows(table, '  the same, against the best', 'ms', figures, ofBest(0.75));
      if (isBrief) return;
      await starts('first frame, MKV', (name) => firstPicture(name, 'mix4', mkv), ofBest(1));
    },
    seek: async () => {
      const mkv = await film();
      for (const swarm of isBrief ? (['mix4'] as const) : (['mix4', 'strag8'] as const)) {
        const end: Partial<Record<ContenderName, number[]>> = {};
        const half = await inTurns(names, rounds, LATE, async (name) => {
          const [to50 = LATE, to90 = LATE] = await seeks(name, swarm, mkv, [0.5, 0.9]);
          end[name] = [...(end[name] ?? []), to90];
          return to50;
        });
        const target = { ...ofBest(1), bound: 450 };
        addRows(table, `seek to 50 % while it plays, ${swarm}`, 'ms', half, target);
        addRows(table, `seek to 90 % while it plays, ${swarm}`, 'ms', end, target);
      }
    },
    stalls: async () => {
      for (const [swarm, title] of Object.entries(EVENINGS) as [SwarmName, string][])
        if (!isBrief || swarm === 'stall8') await evenings(swarm, title);
    },
    throughput: async () => {
      const mkv = await film();
      const figures = await inTurns(names, rounds, 0, (name) => throughput(name, mkv));
      addRows(table, 'throughput, 4 seeders without limit', 'MB/s', figures, {
        ...ofWebtorrent(0.9),
        more: true,
      });
    },
    disk: async () => {
      const big = await filmOf('mkv', quick ? 300 : 2000);
      const two = names.filter((name) => name === 'kinoport' || name === 'webtorrent');
      const folders = Object.fromEntries(two.map((name) => [name, mkdtempSync(join(tmpdir(), 'kp-bench-'))]));
      try {
        for (const name of two) await fill(name, big, folders[name] ?? '');
        const figures = await inTurns(two, rounds, LATE, (name) =>
          secondStart(name, big, folders[name] ?? ''),
        );
        addRows(table, `second start, ${quick ? 0.3 : 2} GB on disk`, 'ms', figures, { bound: 150 });
      } finally {
        for (const folder of Object.values(folders)) rmSync(folder, { recursive: true, force: true });
      }
    },
  };

  async function evenings(swarm: SwarmName, title: string): Promise<void> {
    const mkv = await film();
    const seconds = isBrief ? 12 : quick ? 20 : 60;
    const runs: Partial<Record<ContenderName, Evening[]>> = {};
    for (let round = 0; round < rounds; round += 1) {
      const evening = await watchTogether(names, swarm, mkv, seconds * 1000);
      for (const name of names) {
        const one = evening[name];
        if (one) runs[name] = [...(runs[name] ?? []), one];
        else if (name === 'kinoport') table.add(`${title}: went wrong`, 1, 'times', { atMost: 0 });
      }
    }
    const figures = (of: (evening: Evening) => number): Figures =>
      Object.fromEntries(Object.entries(runs).map(([name, list]) => [name, list.map(of)]));
    const rate = mkv.bitrate / 8;
    addRows(
      table,
      `${seconds} s with ${title}: stalls`,
      'stalls',
      figures(({ stalls }) => stalls),
      { bound: 0 },
    );
    addRows(
      table,
      '  still in all',
      'ms',
      figures(({ stalled }) => stalled),
    );
    addRows(
      table,
      '  started after',
      'ms',
      figures(({ start }) => start),
    );
    addRows(
      table,
      '  fetched beyond what was watched',
      's of media',
      figures((e) => (e.fetched - e.shown) / rate),
      { bound: 15 },
    );
    addRows(
      table,
      '  fetched more than once',
      '%',
      figures((e) => (100 * e.repeated) / Math.max(1, e.fetched)),
      { bound: swarm === 'corrupt' ? 5 : 1 },
    );
    if (swarm !== 'slow8') return;
    addRows(
      table,
      '  processor',
      's',
      figures(({ cost }) => cost.cpu),
      ofWebtorrent(1),
    );
    addRows(
      table,
      '  memory, the most',
      'MB',
      figures(({ cost }) => cost.memory),
      { bound: 150 },
    );
    const host = runs.kinoport?.flatMap(({ hostCost }) => hostCost ?? []) ?? [];
    if (host.length === 0) return;
    table.add('  processor of the host around the plugin', median(host.map(({ cpu }) => cpu)), 's');
    table.add('  memory of the host, with the bench in it', median(host.map(({ memory }) => memory)), 'MB');
  }
}
