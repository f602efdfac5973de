import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Small clips for a test file; every one is of its own content, so that no two share progress. */
export class Media {
  readonly folder = mkdtempSync(join(tmpdir(), 'kp-media-'));
  readonly #long = join(this.folder, 'long.mkv');
  #count = 0;

  constructor() {
    makeClip(this.#long, 120);
  }

  /** A clip of two minutes, or of the seconds given; with picture and sound, a key frame each second. */
  make(path: string, seconds?: number): string {
    this.#count += 1;
    const cut = seconds === undefined ? [] : ['-t', String(seconds)];
    const comment = ['-metadata', `comment=${this.#count}`];
    ffmpeg('-i', this.#long, '-c', 'copy', ...cut, ...comment, `file:${path}`);
    return path;
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function makeClip(path: string, seconds: number): void {
  ffmpeg(
    ...['-f', 'lavfi', '-i', `testsrc2=size=96x54:rate=24:duration=${seconds}`],
    ...['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=16000:duration=${seconds}`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '24', '-c:a', 'aac', '-b:a', '24k', `file:${path}`],
  );
}

function ffmpeg(...args: readonly string[]): void {
  execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args]);
}
