/** What is lost when processes are killed and origins fail while a film plays. */
import { statSync } from 'node:fs';
import { makeFilm } from '../support/lab/media.ts';
import { FilmOrigin } from '../support/lab/origin.ts';
import { runFlags, summarize, Table } from '../support/table.ts';
import { bothKilled } from './playback/bothKilled.ts';
import { hostKilledFile, hostKilledHttp } from './playback/hostKilled.ts';
import { originFails } from './playback/originFails.ts';
import { playerKilled } from './playback/playerKilled.ts';
import { pluginKilled } from './playback/pluginKilled.ts';

/** Does its work and gives the rows, so that what ran side by side is printed in order. */
type Part = () => Promise<() => void>;

const flags = runFlags();
const { only } = flags;
const table = new Table({ title: 'Playback under fire', json: flags.json });
const rounds = flags.quick ? 3 : 20;

const SECONDS = 30;
const long = await makeFilm({ seconds: 600, noise: false });
const short = await makeFilm({ seconds: SECONDS, noise: true });
/** Bytes per second, three times what the film needs: little can be read long before it is shown. */
const rate = (statSync(short).size / SECONDS) * 3;

const yes = (name: string, value: boolean): void => {
  table.add(name, value ? 1 : 0, 'of 1', { atLeast: 1 });
};

/** One after another, for what is measured in milliseconds. */
const alone: Record<string, Part> = {
  player: async () => {
    const loss = summarize(await playerKilled(long, rounds));
    return () => {
      table.add(`mpv killed ${rounds} times: position lost, largest`, loss.max, 'ms', { atMost: 100 });
      table.add(`mpv killed ${rounds} times: position lost, median`, loss.median, 'ms', { spread: loss });
    };
  },
  both: async () => {
    const loss = summarize(await bothKilled(long, rounds));
    return () => {
      table.add(`host and mpv killed ${rounds} times: lost, largest`, loss.max, 's', { atMost: 0.6 });
      table.add(`host and mpv killed ${rounds} times: lost, median`, loss.median, 's', { spread: loss });
    };
  },
  host: async () => {
    const { gap, back, loss } = await hostKilledFile(long);
    return () => {
      table.add('host killed, file: longest time without a frame', gap, 's', { atMost: 0.5 });
      table.add('host killed, file: until tracked again', back, 's');
      table.add('host killed, file: lost when mpv is killed next', loss, 'ms', { atMost: 100 });
    };
  },
};

/** Side by side, for what is either right or wrong. */
const together: Record<string, Part> = {
  hostHttp: () =>
    withOrigin(async (origin) => {
      const result = await hostKilledHttp(short, origin.url);
      return () => {
        const name = 'host killed, http';
        table.add(`${name}: from the next command to a new frame`, result.back, 's');
        yes(`${name}: film played to its end`, result.finished);
        yes(`${name}: every byte right`, result.bytesRight);
        table.add(`${name}: broken data in mpv's log`, result.brokenData, 'lines', { atMost: 0 });
      };
    }),
  pluginMpv: () => killingPlugin('mpv'),
  pluginFiles: () => killingPlugin('files'),
  origin: async () => {
    const modes = flags.quick ? ([401] as const) : ([401, 403, 503, 'hang', 'close'] as const);
    const results = await Promise.all(modes.map((mode) => originFails(short, rate, mode)));
    return () => {
      for (const { mode, reason, watched, off, told, resumed } of results) {
        const name = `origin ${typeof mode === 'number' ? `answers ${mode}` : `${mode}s`}`;
        yes(`${name}: interrupted and not watched`, reason === 'interrupted' && !watched);
        table.add(`${name}: what is kept is off the last frame by`, off, 's', { atMost: 0.6 });
        table.add(`${name}: until the end is told`, told, 's');
        yes(`${name}: goes on from there when it is back`, resumed);
      }
    };
  },
};

function killingPlugin(plugin: 'mpv' | 'files'): Promise<() => void> {
  return withOrigin(async (origin) => {
    const result = await pluginKilled(plugin, { film: short, origin, seekTo: SECONDS * 0.6 });
    return () => {
      const name = `plugin ${plugin} killed`;
      table.add(`${name}: longest time without a frame`, result.gap, 's');
      table.add(`${name}: until tracked again`, result.back, 's');
      table.add(`${name} under a seek: until tracked again`, result.backAfterSeek, 's');
      yes(`${name}: film played to its end`, result.finished);
      yes(`${name}: every byte right`, result.bytesRight);
      table.add(`${name}: broken data in mpv's log`, result.brokenData, 'lines', { atMost: 0 });
    };
  });
}

async function withOrigin<T>(work: (origin: FilmOrigin) => Promise<T>): Promise<T> {
  const origin = await FilmOrigin.start(short, rate);
  try {
    return await work(origin);
  } finally {
    await origin.dispose();
  }
}

async function attempt(name: string, part: Part): Promise<() => void> {
  if (only && !only.includes(name)) return () => undefined;
  try {
    return await part();
  } catch (error) {
    console.error(`${name}:`, error);
    return () => table.add(`${name}: went wrong`, 1, 'times', { atMost: 0 });
  }
}

for (const [name, part] of Object.entries(alone)) (await attempt(name, part))();
const rows = await Promise.all(Object.entries(together).map(([name, part]) => attempt(name, part)));
for (const add of rows) add();
if (!table.end()) process.exitCode = 1;
