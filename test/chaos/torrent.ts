/** What is lost when processes, peers and disks fail while a torrent plays. */
import { makeFilm } from '../support/lab/media.ts';
import { runFlags, Table } from '../support/table.ts';
import { canMount, diskFull } from './torrent/diskFull.ts';
import { hostKilled, pluginKilled } from './torrent/killed.ts';
import { type Film, filmOf } from './torrent/stage.ts';
import { seederStopped, seedersKilled } from './torrent/swarmFails.ts';

/** Does its work and gives the rows, so that what ran side by side is printed in order. */
type Part = (film: Film) => Promise<() => void>;

const flags = runFlags();
const { only } = flags;
const table = new Table({ title: 'Torrents under fire', json: flags.json });
const seconds = flags.quick ? 15 : 30;
/** The fifth crash within five minutes has a plugin wait for its user. */
const rounds = flags.quick ? 2 : 4;
const away = flags.quick ? 2 : 10;

const yes = (name: string, value: boolean): void => {
  table.add(name, value ? 1 : 0, 'of 1', { atLeast: 1 });
};

function whole(name: string, result: { readonly finished: boolean; readonly bytesRight: boolean }): void {
  yes(`${name}: film played to its end`, result.finished);
  yes(`${name}: every byte right`, result.bytesRight);
}

/** By themselves, for what may not be seen. */
const measured: Record<string, Part> = {
  stopped: async (film) => {
    const result = await seederStopped(film);
    return () => {
      const name = 'the faster of two seeders stands still';
      table.add(`${name}: longest time without a frame`, result.gap, 's', { atMost: 0.5 });
      whole(name, result);
    };
  },
  disk: async (film) => {
    if (!canMount()) {
      console.error('disk: left out, since nothing can be mounted here.');
      return () => undefined;
    }
    const result = await diskFull(film);
    return () => {
      const name = `disk of ${result.disk.toFixed(1)} MB, film of ${result.film.toFixed(1)} MB`;
      table.add(`${name}: longest time without a frame`, result.gap, 's', { atMost: 0.5 });
      table.add(`${name}: of the disk in use at the end`, result.used * 100, '%', { atLeast: 70 });
      yes(`${name}: the plugin ran through`, result.ranThrough);
      whole(name, result);
    };
  },
};

/** Side by side, for what is either right or wrong. */
const together: Record<string, Part> = {
  plugin: async (film) => {
    const result = await pluginKilled(film, rounds);
    return () => {
      const name = `plugin killed ${rounds} times`;
      table.add(`${name}: longest time without a frame`, result.gap, 's');
      whole(name, result);
    };
  },
  host: async (film) => {
    const result = await hostKilled(film);
    return () => {
      table.add('host killed: from the next command to a new frame', result.back, 's');
      whole('host killed', result);
    };
  },
  seeders: async (film) => {
    const result = await seedersKilled(film, away);
    return () => {
      const name = `seeders gone for ${away} s`;
      table.add(`${name}: longest time without a frame`, result.gap, 's');
      table.add(`${name}: until they are asked again`, result.back, 's');
      whole(name, result);
    };
  },
};

async function attempt(name: string, part: Part, film: Film): Promise<() => void> {
  if (only && !only.includes(name)) return () => undefined;
  try {
    return await part(film);
  } catch (error) {
    console.error(`${name}:`, error);
    return () => table.add(`${name}: went wrong`, 1, 'times', { atMost: 0 });
  }
}

const film = await filmOf(await makeFilm({ seconds, noise: true }), seconds);
for (const parts of [measured, together]) {
  const rows = await Promise.all(Object.entries(parts).map(([name, part]) => attempt(name, part, film)));
  for (const add of rows) add();
}
if (!table.end()) process.exitCode = 1;
