import { execFileSync } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { instant } from '../../support/lab/waiting.ts';
import { type Film, longestPause, play } from './stage.ts';

export interface DiskResult {
  /** MB of the disk, of the film. */
  readonly disk: number;
  readonly film: number;
  /** The part of the disk that was in use at the end. */
  readonly used: number;
  /** Longest time without a frame, seconds. */
  readonly gap: number;
  /** The plugin ran through, and was not started again. */
  readonly ranThrough: boolean;
  readonly bytesRight: boolean;
  readonly finished: boolean;
}

const MB = 1_000_000;

/** Mounts a small disk where the cache is, for itself and what it starts; Linux, where users may do so. */
function smallDisk(size: number): (folder: string) => readonly [string, ...string[]] {
  const script = 'mkdir -p "$1" && mount -t tmpfs -o size="$2" tmpfs "$1" && shift 2 && exec "$@"';
  const unshare = ['--user', '--map-root-user', '--mount', '--propagation=private'];
  return (folder) => ['unshare', ...unshare, 'sh', '-c', script, 'sh', `${folder}/cache`, String(size)];
}

export function canMount(): boolean {
  try {
    const [program, ...rest] = smallDisk(MB)('/tmp');
    execFileSync(program, [...rest.slice(0, -2), '/mnt', String(MB), 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A disk that holds a part of the film only, and less than the limit of the cache: what was watched makes room. */
export function diskFull(film: Film): Promise<DiskResult> {
  const size = Math.round(film.torrent.length * 0.6);
  return play(
    film,
    [[{ rate: film.rate * 2 }]],
    async (scene) => {
      const since = instant();
      const pid = await scene.home.pluginPid('torrent');
      const finished = await scene.finished();
      const bytesRight = await scene.bytesRight();
      // The disk as the host sees it; nobody else does.
      const { blocks, bfree, bsize } = statfsSync(
        `/proc/${await scene.home.hostPid()}/root${scene.home.folder}/cache`,
      );
      if (blocks * bsize > size * 1.1) throw new Error('The disk is larger than it should be.');
      return {
        used: 1 - bfree / blocks,
        disk: size / MB,
        film: film.torrent.length / MB,
        gap: longestPause(scene.observer, since),
        ranThrough: (await scene.home.pluginPid('torrent')) === pid,
        finished,
        bytesRight,
      };
    },
    { through: smallDisk(size) },
  );
}
