import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { INSTALL_LIMITS } from '../../../../host/src/plugins/install/limits.ts';
import { checkArchive, unpackArchive } from '../../../../host/src/plugins/install/worker/archive.ts';
import { type Entry, packageEntries, tarball } from '../../../support/install/tarballs.ts';

const LIMITS = { ...INSTALL_LIMITS, files: 50, unpackedBytes: 16 * 1024 * 1024 };

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kp-archive-'));
  file = join(folder, 'package.tgz');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const check = (bytes: Buffer): Promise<unknown> => {
  writeFileSync(file, bytes);
  return checkArchive(file, LIMITS);
};
const GOOD = packageEntries('good');
const entry = (path: string, more: Partial<Entry> = {}): Entry => ({ path, ...more });

describe('an archive', () => {
  it('of plain files and folders is counted, and unpacked without its first folder', async () => {
    const entries = [
      ...GOOD,
      entry('package/lib', { type: 'Directory' }),
      entry('package/lib/a.js', { text: 'a' }),
    ];
    expect(await check(tarball(entries))).toMatchObject({ files: 4 });
    await unpackArchive(file, join(folder, 'out'), LIMITS);
    expect(readdirSync(join(folder, 'out')).sort()).toEqual(['index.js', 'lib', 'package.json']);
    expect(readFileSync(join(folder, 'out/lib/a.js'), 'utf8')).toBe('a');
    expect(statSync(join(folder, 'out/lib/a.js')).mode & 0o777).toBe(0o644);
  });

  it.each<[string, Entry, string]>([
    [
      'a symbolic link',
      entry('package/a', { type: 'SymbolicLink', linkpath: '/etc/passwd' }),
      'symbolic link',
    ],
    ['a link inside it', entry('package/a', { type: 'SymbolicLink', linkpath: 'index.js' }), 'symbolic link'],
    ['a hard link', entry('package/a', { type: 'Link', linkpath: 'package/index.js' }), 'hard link'],
    ['a device', entry('package/a', { type: 'CharacterDevice' }), 'device'],
    ['a block device', entry('package/a', { type: 'BlockDevice' }), 'device'],
    ['a pipe', entry('package/a', { type: 'FIFO' }), 'pipe'],
    ['an absolute path', entry('/tmp/kp-owned'), 'absolute'],
    ['a path of Windows', entry('C:/kp-owned'), 'absolute'],
    ['a path that leads out', entry('package/../../kp-owned'), 'leads out'],
    ['a path that leads out at once', entry('../kp-owned'), 'leads out'],
    ['a path that leads out and back', entry('package/a/../../package/b'), 'leads out'],
    ['a backslash', entry('package/..\\..\\kp-owned'), 'no name may have'],
    ['a line break in a name', entry('package/a\nb'), 'no name may have'],
    ['names that differ in case only', entry('package/INDEX.js'), 'upper and lower case'],
    ['a file twice', entry('package/index.js'), 'twice'],
    ['a file twice by two first folders', entry('other/index.js'), 'twice'],
    ['a file that is a folder, too', entry('package/index.js/b'), 'twice'],
  ])('with %s is refused', async (_name, bad, message) => {
    await expect(check(tarball([...GOOD, bad]))).rejects.toMatchObject({
      code: 'PLUGIN_ARCHIVE_UNSAFE',
      message: expect.stringContaining(message),
    });
  });

  it.each<[string, () => Buffer]>([
    [
      'more files than allowed',
      () => tarball([...GOOD, ...Array.from({ length: 60 }, (_, i) => entry(`package/${i}`))]),
    ],
    ['a size in a header beyond the limit', () => tarball([...GOOD, entry('package/a', { size: 2 ** 32 })])],
    [
      'more bytes than allowed',
      () => tarball([...GOOD, entry('package/a', { text: randomText(17 * 1024 * 1024) })]),
    ],
    [
      'zeros that unpack to a hundred times its size',
      () => tarball([...GOOD, entry('package/a', { text: Buffer.alloc(8 * 1024 * 1024) })]),
    ],
    ['zeros behind its end', () => gzipSync(Buffer.alloc(64 * 1024 * 1024))],
  ])('with %s is refused', async (_name, make) => {
    await expect(check(make())).rejects.toMatchObject({ code: 'PLUGIN_ARCHIVE_TOO_LARGE' });
  });

  it.each<[string, () => Buffer]>([
    ['text', () => Buffer.from('<html>'.repeat(200))],
    ['nothing', () => Buffer.alloc(0)],
    ['half of an archive', () => tarball(GOOD).subarray(0, 150)],
    ['zipped text', () => gzipSync('x'.repeat(2000))],
    ['an archive with a flipped byte', () => flipped(tarball(GOOD))],
  ])('that is %s is refused', async (_name, make) => {
    await expect(check(make())).rejects.toMatchObject({ code: 'PLUGIN_ARCHIVE_BROKEN' });
  });

  it('without package.json is refused', async () => {
    await expect(check(tarball([entry('package/index.js')]))).rejects.toMatchObject({
      code: 'PLUGIN_MANIFEST_INVALID',
    });
  });

  it('writes nothing while it is looked at', async () => {
    await expect(check(tarball([...GOOD, entry('../kp-owned')]))).rejects.toThrow();
    expect(readdirSync(folder)).toEqual(['package.tgz']);
    expect(existsSync(join(tmpdir(), 'kp-owned'))).toBe(false);
  });
});

function randomText(length: number): Buffer {
  const buffer = Buffer.alloc(length);
  let seed = 1;
  for (let i = 0; i < length; i += 1) {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    buffer[i] = seed >> 16;
  }
  return buffer;
}

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const at = Math.floor(copy.length / 2);
  copy[at] = (copy[at] ?? 0) ^ 0xff;
  return copy;
}
