import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { promisify } from 'node:util';
import { inRepository } from '../repository.ts';

const run = promisify(execFile);

/** A film of test picture and tone. */
export interface Film {
  readonly seconds: number;
  /** Noise does not compress: about 4 Mbit a second. Without, a few hundred kbit. */
  readonly noise: boolean;
}

const PIECE = 20;

/** Makes the film once and keeps it for later runs. Small picture, a key frame every second. */
export async function makeFilm({ seconds, noise }: Film): Promise<string> {
  const folder = inRepository('node_modules/.cache/kinoport/media');
  const file = `${folder}/${noise ? 'noise' : 'plain'}-${seconds}s.mkv`;
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const piece = `${file}.${process.pid}.piece.mkv`;
  const whole = `${file}.${process.pid}.mkv`;
  const filter = noise ? ',noise=alls=60:allf=t' : '';
  const picture = noise ? ['-c:v', 'mpeg2video', '-b:v', '4000k'] : ['-c:v', 'mpeg4', '-q:v', '8'];
  try {
    await run('ffmpeg', [
      ...['-v', 'error', '-y'],
      ...['-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=25:duration=${PIECE}${filter}`],
      ...['-f', 'lavfi', '-i', `sine=frequency=330:duration=${PIECE}`],
      ...picture,
      ...['-g', '25', '-c:a', 'aac', '-b:a', '64k', piece],
    ]);
    const loops = Math.ceil(seconds / PIECE) - 1;
    await run('ffmpeg', [
      ...['-v', 'error', '-y', '-stream_loop', String(loops), '-i', piece],
      ...['-c', 'copy', '-t', String(seconds), '-metadata', `title=${seconds} seconds`, whole],
    ]);
    renameSync(whole, file);
  } finally {
    rmSync(piece, { force: true });
    rmSync(whole, { force: true });
  }
  return file;
}
