/** How fast a film begins, what its bytes cost on their way, and how often the database is written. */
import { LabHome } from '../support/lab/home.ts';
import { makeFilm } from '../support/lab/media.ts';
import { inRepository } from '../support/repository.ts';
import { interleave, median, runFlags, summarize, Table } from '../support/table.ts';
import { cleanClone } from './playback/cleanClone.ts';
import { databaseWrites } from './playback/databaseWrites.ts';
import { FirstFrame } from './playback/firstFrame.ts';
import { throughput } from './playback/throughput.ts';

const flags = runFlags();
const { only } = flags;
const table = new Table({ title: 'Playback', json: flags.json });

const parts: Record<string, () => Promise<void>> = {
  start: async () => {
    const frame = new FirstFrame(inRepository('host/media/demo.mkv'));
    const running = new LabHome();
    const stopped = new LabHome();
    try {
      await frame.bare();
      await frame.play(running);
      await frame.play(stopped);
      const took = await interleave(flags.quick ? 5 : 11, {
        bare: () => frame.bare(),
        running: () => frame.play(running),
        nothing: () => frame.playFromNothing(stopped),
      });
      const peer = { name: 'mpv', value: median(took.bare) };
      const over = (values: readonly number[]) =>
        summarize(values.map((value, round) => value - (took.bare[round] ?? 0)));
      const add = (name: string, values: readonly number[], atMost: number): void => {
        table.add(`first frame, ${name}`, median(values), 'ms', { peer, spread: summarize(values) });
        table.add(`  over mpv alone`, over(values).median, 'ms', { atMost, spread: over(values) });
      };
      add('host running', took.running, 250);
      add('from nothing', took.nothing, 700);
      const first = [await frame.playForTheFirstTime(), await frame.playForTheFirstTime()];
      const spread = summarize(first);
      table.add('first frame, in a new home', spread.median, 'ms', { peer, spread });
    } finally {
      frame.dispose();
      await running.dispose();
      await stopped.dispose();
    }
  },
  front: async () => {
    const film = await makeFilm({ seconds: 600, noise: true });
    const result = await throughput(film, flags.quick ? 3 : 7);
    const speed = { name: 'file server', value: median(result.server) };
    const spread = summarize(result.front);
    table.add('stream front: throughput', spread.median, 'MB/s', { peer: speed, spread });
    const cost = { name: 'file server', value: median(result.serverCpu) };
    table.add('stream front: processor time of the host', median(result.hostCpu), 'ms/MB', {
      peer: cost,
      spread: summarize(result.hostCpu),
    });
    table.add('stream front: processor time of the source', median(result.pluginCpu), 'ms/MB', {
      peer: cost,
      spread: summarize(result.pluginCpu),
    });
  },
  database: async () => {
    const seconds = flags.quick ? 8 : 60;
    const film = await makeFilm({ seconds: 600, noise: false });
    const { playing, paused } = await databaseWrites(film, seconds);
    const perMinute = 60 / seconds;
    table.add('database writes while playing', playing.commits * perMinute, 'a minute', { atMost: 150 });
    table.add('  bytes of them', (playing.bytes * perMinute) / 1e6, 'MB/min');
    table.add('database writes while paused', paused.commits * perMinute, 'a minute', { atMost: 0 });
  },
  clone: async () => {
    if (flags.quick && !only) return;
    const { install, firstFrame } = await cleanClone();
    table.add('clean clone: npm ci', install, 's');
    table.add('clean clone: npm ci to first frame', firstFrame, 's');
  },
};

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
