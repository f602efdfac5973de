import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LabHome, type LabHomeOptions, type OpenSession } from '../../support/lab/home.ts';
import { MpvObserver } from '../../support/lab/mpvObserver.ts';
import type { Seeder } from '../../support/lab/swarm/labSwarm.ts';
import { LabSwarm } from '../../support/lab/swarm/labSwarm.ts';
import { type LabTorrent, makeTorrent } from '../../support/lab/swarm/torrent.ts';
import { until } from '../../support/lab/waiting.ts';
import { hashOf, readAll } from '../playback/byteReader.ts';

/** Nobody but the peers of the lab. */
const ALONE = {
  ...{ accepted: true, dht: false, localPeers: false, portMapping: false, utp: false },
  ...{ ssrfMitigation: false, trackers: [] },
};

export interface Film {
  readonly file: string;
  readonly seconds: number;
  readonly torrent: LabTorrent;
  /** Bytes a second that it is watched at. */
  readonly rate: number;
}

export async function filmOf(file: string, seconds: number): Promise<Film> {
  const torrent = await makeTorrent(file, { pieceLength: 128 * 1024 });
  return { file, seconds, torrent, rate: torrent.length / seconds };
}

/** A film that plays from a swarm, and is read as a whole beside it. */
export interface Scene {
  readonly home: LabHome;
  readonly swarms: readonly LabSwarm[];
  readonly observer: MpvObserver;
  readonly session: OpenSession & { readonly pid: number };
  /** `play --json`. */
  readonly run: Awaited<ReturnType<LabHome['play']>>;
  /** Whether every byte that was read is the film's; waits for the last one. */
  bytesRight(): Promise<boolean>;
  /** Waits for the end of the film. @returns whether it was played to its end, and noted as watched */
  finished(): Promise<boolean>;
  /** One more swarm of the same film, in another process. */
  add(seeders: readonly Seeder[]): Promise<LabSwarm>;
}

/**
 * Plays a film through the command line. Each list of seeders is a process of its own.
 * @param scene runs while it plays
 */
export async function play<T>(
  film: Film,
  seeders: readonly (readonly Seeder[])[],
  scene: (scene: Scene) => Promise<T>,
  options: LabHomeOptions = {},
): Promise<T> {
  const scratch = mkdtempSync(join(tmpdir(), 'kp-chaos-bt-'));
  const swarms: LabSwarm[] = [];
  const reading = new AbortController();
  const add = async (those: readonly Seeder[]): Promise<LabSwarm> => {
    const swarm = await LabSwarm.start(film.torrent, those);
    swarms.push(swarm);
    return swarm;
  };
  const home = new LabHome({
    ...options,
    mpvArgs: ['--cache=no', ...(options.mpvArgs ?? [])],
    plugins: { torrent: ALONE },
  });
  try {
    for (const those of seeders) await add(those);
    const run = await home.play(film.torrent.magnet({ peers: swarms.flatMap(({ peers }) => peers) }));
    const session = await home.session();
    const bytes = readAll(await home.streamUrl(), reading.signal);
    bytes.catch(() => undefined);
    const observer = await MpvObserver.connect(session.socket);
    await observer.frame();
    return await scene({
      home,
      swarms,
      observer,
      session,
      run,
      add,
      bytesRight: async () => (await bytes).hash === (await hashOf(film.file)),
      finished: async () => {
        const isOver = (): boolean => home.openSessions().every(({ id }) => id !== session.id);
        await until('the end of the film', isOver, { timeout: film.seconds * 3000 });
        return home.stored()?.watched === 1;
      },
    });
  } finally {
    reading.abort();
    await home.dispose();
    await Promise.all(swarms.map((swarm) => swarm.dispose()));
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The longest time between two frames since an instant, seconds; what comes after the last one is the end of the film. */
export function longestPause({ frames }: MpvObserver, since: number): number {
  const instants = [since, ...frames.filter(({ at }) => at >= since).map(({ at }) => at)];
  return Math.max(0, ...instants.slice(1).map((at, n) => at - (instants[n] ?? at))) / 1000;
}
