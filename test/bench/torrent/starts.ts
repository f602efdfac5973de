import { instant } from '../../support/lab/waiting.ts';
import type { ContenderName } from './contender.ts';
import { type Film, stage } from './lab.ts';
import { firstFrame, read, readAll } from './reading.ts';
import type { SwarmName } from './swarms.ts';
import { Viewer } from './viewer.ts';

/** Milliseconds from opening the torrent to the first byte of the film. */
export function firstByte(
  name: ContenderName,
  swarm: SwarmName,
  film: Film,
  by: 'torrent' | 'magnet' = 'torrent',
): Promise<number> {
  return stage(name, swarm, film, async ({ open }) => {
    const { url, began } = await open(by);
    const reading = await read(url, 0);
    const took = instant() - began;
    reading.close();
    return took;
  });
}

/** Milliseconds from opening the torrent until ffmpeg has decoded a picture and ended. */
export function firstPicture(name: ContenderName, swarm: SwarmName, film: Film): Promise<number> {
  return stage(name, swarm, film, async ({ open }) => {
    const { url, began } = await open();
    await firstFrame(url);
    return instant() - began;
  });
}

/** Milliseconds to the first byte after a seek to each of these parts of the film, which has been playing for a while. */
export function seeks(
  name: ContenderName,
  swarm: SwarmName,
  film: Film,
  places: readonly number[],
): Promise<readonly number[]> {
  return stage(name, swarm, film, async ({ open }) => {
    const { url } = await open();
    const viewer = new Viewer(url, film.bitrate / 8);
    const took: number[] = [];
    await viewer.watch(0, 4_000);
    for (const place of places) {
      const { start } = await viewer.watch(Math.floor(place * film.torrent.length), 3_000);
      took.push(start);
    }
    return took;
  });
}

/** MB a second of the whole film, from peers as fast as the machine. */
export function throughput(name: ContenderName, film: Film): Promise<number> {
  return stage(name, 'un4', film, async ({ open }) => (await readAll((await open()).url)) / 1e6);
}

/** Milliseconds to the first byte of a torrent that is on disk, by a process that begins anew. */
export async function secondStart(name: ContenderName, film: Film, folder: string): Promise<number> {
  return stage(
    name,
    'un4',
    film,
    async ({ open }) => {
      const { url, began } = await open();
      const reading = await read(url, 0);
      const took = instant() - began;
      reading.close();
      return took;
    },
    folder,
  );
}

/** Has all of the film on disk there. */
export function fill(name: ContenderName, film: Film, folder: string): Promise<number> {
  return stage(name, 'un4', film, async ({ open }) => readAll((await open()).url), folder);
}
