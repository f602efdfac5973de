import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { promisify } from 'node:util';
import { inRepository } from '../repository.ts';

const run = promisify(execFile);

/** Films as torrents hold them. */
export interface BigFilm {
  /** `mp4` has its `moov` at the end, `mkv` its `Cues`. */
  readonly container: 'mp4' | 'mkv';
  /** Megabytes, nearly. */
  readonly size: number;
}

/** Bits a second of picture and tone together, nearly. */
export const FILM_BITRATE = 6_100_000;
const PIECE = 20;
const PIECE_SIZE = (FILM_BITRATE / 8) * PIECE;

/** Makes the film once and keeps it for later runs: about 6.1 Mbit/s, a key frame each second. */
export async function makeBigFilm({ container, size }: BigFilm): Promise<string> {
  const folder = inRepository('node_modules/.cache/kinoport/media');
  const file = `${folder}/film-${size}mb.${container}`;
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const piece = await makePiece(folder);
  const whole = `${file}.${process.pid}.${container}`;
  try {
    const times = Math.max(1, Math.round((size * 1e6) / PIECE_SIZE));
    await run('ffmpeg', [
      ...['-v', 'error', '-y', '-stream_loop', String(times - 1), '-i', piece],
      ...['-c', 'copy', '-metadata', `title=Film of ${size} MB`, whole],
    ]);
    renameSync(whole, file);
  } finally {
    rmSync(whole, { force: true });
  }
  return file;
}

async function makePiece(folder: string): Promise<string> {
  const file = `${folder}/film-piece.mkv`;
  if (existsSync(file)) return file;
  const making = `${file}.${process.pid}.mkv`;
  try {
    await run('ffmpeg', [
      ...['-v', 'error', '-y'],
      ...['-f', 'lavfi', '-i', `testsrc2=size=640x360:rate=25:duration=${PIECE},noise=alls=40:allf=t`],
      ...['-f', 'lavfi', '-i', `sine=frequency=330:duration=${PIECE}`],
      ...['-c:v', 'mpeg4', '-b:v', '6000k', '-maxrate', '6200k', '-bufsize', '6000k', '-g', '25'],
      ...['-c:a', 'aac', '-b:a', '96k', making],
    ]);
    renameSync(making, file);
  } finally {
    rmSync(making, { force: true });
  }
  return file;
}
