import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LabSwarm } from '../../support/lab/swarm/labSwarm.ts';
import { type LabTorrent, makeTorrent } from '../../support/lab/swarm/torrent.ts';
import { makeBigFilm } from '../../support/lab/torrentMedia.ts';
import { instant } from '../../support/lab/waiting.ts';
import { Contender, type ContenderName } from './contender.ts';
import { SWARMS, type SwarmName } from './swarms.ts';

const run = promisify(execFile);
const PIECE = 1024 * 1024;

export interface Film {
  readonly torrent: LabTorrent;
  /** Bits a second, as its size and its duration say. */
  readonly bitrate: number;
}

/** A run of a contender: its process, the swarm that it is alone with, and the film. */
export interface Stage {
  readonly contender: Contender;
  readonly swarm: LabSwarm;
  readonly film: Film;
  /** Opens the film. `url` is where it can be read, `began` when it was asked for. */
  open(by?: 'torrent' | 'magnet'): Promise<{ readonly url: string; readonly began: number }>;
}

/** Sockets with a peer elsewhere, of all runs. */
export const strangers: string[] = [];

const films = new Map<string, Promise<Film>>();

/** The film of that container, made once; 1 MiB a piece. */
export function filmOf(container: 'mp4' | 'mkv', size: number): Promise<Film> {
  const name = `${container} ${size}`;
  const film = films.get(name) ?? makeFilm(container, size);
  films.set(name, film);
  return film;
}

async function makeFilm(container: 'mp4' | 'mkv', size: number): Promise<Film> {
  const file = await makeBigFilm({ container, size });
  const torrent = await makeTorrent(file, { pieceLength: PIECE });
  const shown = ['-show_entries', 'format=duration', '-of', 'csv=p=0'];
  const { stdout } = await run('ffprobe', ['-v', 'error', ...shown, file]);
  return { torrent, bitrate: (torrent.length * 8) / Number(stdout) };
}

/** Sets up a swarm of its own and the contender, ready; and takes both down again. */
export async function stage<T>(
  name: ContenderName,
  swarmName: SwarmName,
  film: Film,
  play: (stage: Stage) => Promise<T>,
  folder?: string,
): Promise<T> {
  const scratch = mkdtempSync(join(tmpdir(), 'kp-bench-'));
  const swarm = await LabSwarm.start(film.torrent, SWARMS[swarmName](film.bitrate), { tracker: true });
  try {
    const contender = await Contender.start(name, folder);
    try {
      const torrent = swarm.announced.save(join(scratch, 'film.torrent'));
      const magnet = film.torrent.magnet({ trackers: [swarm.tracker] });
      const result = await play({
        contender,
        swarm,
        film,
        open: async (by = 'torrent') => {
          const began = instant();
          const url = await contender.open(by === 'torrent' ? { torrent } : { magnet });
          return { url, began };
        },
      });
      strangers.push(...contender.strangers().map((each) => `${name}: ${each}`));
      return result;
    } finally {
      await contender.dispose();
    }
  } finally {
    await swarm.dispose();
    rmSync(scratch, { recursive: true, force: true });
  }
}
