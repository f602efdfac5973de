/** What is lost when processes are killed and origins fail while a film plays: nothing, or so much. */
import { statSync } from 'node:fs';
import { makeFilm } from '../support/lab/media.ts';
import { FilmOrigin } from '../support/lab/origin.ts';
import { runFlags, summarize, Table } from '../support/table.ts';
import { bothKilled } from './playback/bothKilled.ts';
import { hostKilledFile, hostKilledHttp } from './playback/hostKilled.ts';
import { originFails } from './playback/originFails.ts';
import { playerKilled } from './playback/playerKilled.ts';
import { pluginKilled } from './playback/pluginKilled.ts';

const flags = runFlags();
const only = process.argv
  .slice(2)
  .find((arg) => arg.startsWith('--only='))
  ?.slice('--only='.length);
const table = new Table({ title: 'Playback under fire', json: flags.json });
const rounds = flags.quick ? 4 : 20;

const long = await makeFilm({ seconds: 600, noise: false });
const short = await makeFilm({ seconds: 60, noise: true });
/** Bytes per second: a little more than the film needs, so that nothing can be read long before. */
const rate = (statSync(short).size / 60) * 3;

const yes = (value: boolean): number => (value ? 1 : 0);
const parts: Record<string, () => Promise<void>> = {
  player: async () => {
    const loss = summarize(await playerKilled(long, rounds));
    table.add(`mpv killed ${rounds} times: position lost, largest`, loss.max, 'ms', { atMost: 100 });
    table.add(`mpv killed ${rounds} times: position lost, median`, loss.median, 'ms', { spread: loss });
  },
  both: async () => {
    const loss = summarize(await bothKilled(long, rounds));
    table.add(`host and mpv killed ${rounds} times: lost, largest`, loss.max, 's', { atMost: 0.6 });
    table.add(`host and mpv killed ${rounds} times: lost, median`, loss.median, 's', { spread: loss });
  },
  host: async () => {
    const file = await hostKilledFile(long);
    table.add('host killed, file: longest time without a frame', file.gap, 's', { atMost: 0.5 });
    table.add('host killed, file: until tracked again', file.back, 's');
    table.add('host killed, file: lost when mpv is killed afterwards', file.loss, 'ms', { atMost: 100 });
  },
  hostHttp: async () => {
    const origin = await FilmOrigin.start(short, rate);
    try {
      const http = await hostKilledHttp(short, origin.url);
      table.add('host killed, http: from the next command to a new frame', http.back, 's');
      table.add('host killed, http: film played to its end', yes(http.finished), 'of 1', { atLeast: 1 });
      table.add('host killed, http: every byte right', yes(http.bytesRight), 'of 1', { atLeast: 1 });
      table.add("host killed, http: broken data in mpv's log", http.brokenData, 'lines', { atMost: 0 });
    } finally {
      await origin.dispose();
    }
  },
  plugins: async () => {
    for (const plugin of ['mpv', 'files'] as const) {
      const origin = await FilmOrigin.start(short, rate);
      try {
        const result = await pluginKilled(plugin, short, origin);
        const name = `plugin ${plugin} killed`;
        table.add(`${name}: longest time without a frame`, result.gap, 's', { atMost: 1 });
        table.add(`${name}: until tracked again`, result.back, 's');
        table.add(`${name} under a seek: until tracked again`, result.backAfterSeek, 's');
        table.add(`${name}: film played to its end`, yes(result.finished), 'of 1', { atLeast: 1 });
        table.add(`${name}: every byte right`, yes(result.bytesRight), 'of 1', { atLeast: 1 });
        table.add(`${name}: broken data in mpv's log`, result.brokenData, 'lines', { atMost: 0 });
      } finally {
        await origin.dispose();
      }
    }
  },
  origin: async () => {
    const modes = flags.quick ? ([401] as const) : ([401, 403, 503, 'hang', 'close'] as const);
    const results = await Promise.all(modes.map((mode) => originFails(short, rate, mode)));
    for (const { mode, reason, watched, off, told, resumed } of results) {
      const name = `origin ${typeof mode === 'number' ? `answers ${mode}` : `${mode}s`}`;
      const right = reason === 'interrupted' && !watched;
      table.add(`${name}: interrupted and not watched`, yes(right), 'of 1', { atLeast: 1 });
      table.add(`${name}: what is kept is off the last frame by`, off, 's', { atMost: 0.6 });
      table.add(`${name}: until the end is told`, told, 's');
      table.add(`${name}: goes on from there when it is back`, yes(resumed), 'of 1', { atLeast: 1 });
    }
  },
};

const wanted = only === undefined ? Object.keys(parts) : only.split(',');
for (const name of wanted) {
  try {
    await parts[name]?.();
  } catch (error) {
    table.add(`${name}: went wrong`, 1, 'times', { atMost: 0 });
    console.error(`${name}:`, error);
  }
}
if (!table.end()) process.exitCode = 1;
