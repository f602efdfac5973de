import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseProcStat, parsePs, pidStartTime } from '../../../host/src/processes/startTime.ts';
import { which } from '../../../host/src/processes/which.ts';

describe('the start time of a process', () => {
  const tail = '1 2 2 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 1000 10';

  it.each([
    [`42 (mpv) S ${tail}`, '987654'],
    [`42 (a (b) c) R 9) S ${tail}`, '987654'],
    [`42 (mpv) Z ${tail}`, undefined],
    [`42 (mpv) X ${tail}`, undefined],
    ['42 (mpv) S 1 2', undefined],
    ['', undefined],
  ])('on Linux out of %j', (text, expected) => {
    expect(parseProcStat(text)).toBe(expected);
  });

  it.each([
    ['Ss   Mon Jun  2 10:11:12 2025\n', 'Mon Jun 2 10:11:12 2025'],
    ['R+   Tue Dec 16 01:02:03 2025    \n', 'Tue Dec 16 01:02:03 2025'],
    ['Z    Mon Jun  2 10:11:12 2025\n', undefined],
    ['', undefined],
    ['garbage\n', undefined],
  ])('on macOS out of %j', (text, expected) => {
    expect(parsePs(text)).toBe(expected);
  });

  it('by ps is stable and tells processes apart from none', async () => {
    const first = await pidStartTime(process.pid, 'darwin');
    expect(first).toMatch(/^\w{3} \w{3} \d+ [\d:]{8} \d{4}$/);
    expect(await pidStartTime(process.pid, 'darwin')).toBe(first);
    expect(await pidStartTime(2 ** 22 + 1, 'darwin')).toBeUndefined();
  });

  it('is not told on Windows', async () => {
    expect(await pidStartTime(process.pid, 'win32')).toBeUndefined();
  });
});

describe('which', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'kp-which-'));
    for (const name of ['one', 'two']) {
      await mkdir(path.join(folder, name));
      await writeFile(path.join(folder, name, 'tool'), '');
    }
    await chmod(path.join(folder, 'two', 'tool'), 0o755);
    await mkdir(path.join(folder, 'one', 'folder'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('gives the first file on PATH that may be executed', async () => {
    const env = { PATH: `:${folder}/one:${folder}/none:${folder}/two` };
    expect(await which('tool', env, 'linux')).toBe(`${folder}/two/tool`);
    expect(await which('folder', env, 'linux')).toBeUndefined();
    expect(await which('absent', env, 'linux')).toBeUndefined();
    expect(await which('tool', {}, 'linux')).toBeUndefined();
  });

  it('only checks a path', async () => {
    expect(await which(`${folder}/two/tool`, {}, 'linux')).toBe(`${folder}/two/tool`);
    expect(await which(`${folder}/one/tool`, {}, 'linux')).toBeUndefined();
  });
});
