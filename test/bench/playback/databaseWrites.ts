import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { LabHome } from '../../support/lab/home.ts';
import { MpvObserver } from '../../support/lab/mpvObserver.ts';
import { until } from '../../support/lab/waiting.ts';

/** Commits and bytes that were written to a database. */
export interface Written {
  readonly commits: number;
  readonly bytes: number;
}

const HEADER = 32;
const FRAME_HEADER = 24;

/**
 * What stands in a write-ahead log since it was begun anew. A frame whose "size after commit" is not 0 ends a
 * transaction; frames with other salts are left over from before. Source: SQLite's file format, section 4.1.
 */
export function readWal(file: string): Written & { readonly salt: string } {
  const wal = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
  if (wal.length < HEADER) return { commits: 0, bytes: 0, salt: '' };
  const size = FRAME_HEADER + wal.readUInt32BE(8);
  const salt = wal.toString('hex', 16, 24);
  let [commits, bytes] = [0, 0];
  for (let at = HEADER; at + size <= wal.length; at += size) {
    if (wal.toString('hex', at + 8, at + 16) !== salt) break;
    bytes += size;
    if (wal.readUInt32BE(at + 4) !== 0) commits += 1;
  }
  return { commits, bytes, salt };
}

/** Counts over a time, through the log's new beginnings. */
async function writtenIn(file: string, seconds: number): Promise<Written> {
  let last = readWal(file);
  let [commits, bytes] = [-last.commits, -last.bytes];
  const until = performance.now() + seconds * 1000;
  while (performance.now() < until) {
    await pause(Math.min(250, Math.max(1, until - performance.now())));
    const now = readWal(file);
    if (now.salt !== last.salt) {
      commits += last.commits;
      bytes += last.bytes;
    }
    last = now;
  }
  return { commits: commits + last.commits, bytes: bytes + last.bytes };
}

export interface DatabaseWrites {
  readonly playing: Written;
  readonly paused: Written;
}

/** What the host writes while a film plays and while it stands paused, by the database's own log. */
export async function databaseWrites(film: string, seconds: number): Promise<DatabaseWrites> {
  const home = new LabHome();
  try {
    const run = await home.play(film, '--start', '10');
    const wal = `${home.databaseFile}-wal`;
    const observer = await MpvObserver.connect((await home.session()).socket);
    await observer.frame();
    const playing = await writtenIn(wal, seconds);
    await home.call('playback.command', { command: { name: 'pause' } });
    await until('the pause in the database', () => {
      const off = Math.abs(observer.last.position - (home.stored()?.position ?? 0));
      return run.last?.status === 'paused' && off < 0.1;
    });
    const paused = await writtenIn(wal, seconds);
    observer.dispose();
    return { playing, paused };
  } finally {
    await home.dispose();
  }
}
