import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { VirtualClock } from '@kinoport/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { PieceStore } from '../../../../plugins/torrent/src/store/ports.ts';
import { bytesIn, bytesOf, cacheFor, filesIn, PIECE, temporaryFolder, torrentOf } from './fixture.ts';

const WRITER = fileURLToPath(new URL('./writer.ts', import.meta.url));
const COUNT = 400;
const torrent = torrentOf('written', [COUNT], 65_536);

function writer(folder: string, from: number): ChildProcess {
  const child = spawn(
    process.execPath,
    ['--conditions=kinoport-source', '--no-warnings', WRITER, folder, String(COUNT), String(from)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function check(store: PieceStore): Promise<number> {
  let count = 0;
  for (let piece = 0; piece < COUNT; piece++) {
    if (!store.has(piece)) continue;
    count++;
    expect(Buffer.compare(await store.read(piece, 0, 65_536), bytesOf(torrent, piece))).toBe(0);
  }
  return count;
}

describe('a process that is killed while it writes', () => {
  it('leaves pieces that are whole, and claims no others', async () => {
    const folder = temporaryFolder();
    for (const lines of [1, 200]) {
      const child = writer(folder, lines);
      if (!child.stdout) throw new Error('no output');
      let seen = 0;
      for await (const _ of createInterface({ input: child.stdout }))
        if (++seen === lines) child.kill('SIGKILL');
      expect(seen).toBeLessThan(COUNT);
      const clock = new VirtualClock({ wall: Date.now() + 120_000 });
      const cache = await cacheFor({ folder, clock });
      const store = await cache.open(torrent);
      const claimed = await check(store);
      if (lines > 100) expect(claimed).toBeGreaterThan(10);
      await cache.evict();
      await store.dispose();
      // What was whole and not noted yet is taken over once it has been found.
      const again = await cache.open(torrent);
      expect(await check(again)).toBeGreaterThanOrEqual(Math.max(claimed, lines - 1));
      expect(store.size).toBe(bytesIn(folder) - torrent.bytes.length);
      expect([...filesIn(folder).keys()].filter((path) => path.endsWith('.tmp'))).toEqual([]);
      await cache.dispose();
    }
  });
});

describe('two processes on one folder', () => {
  it('do no harm to each other', async () => {
    const folder = temporaryFolder();
    const children = [writer(folder, 0), writer(folder, COUNT / 2)];
    for (const child of children) child.stdout?.resume();
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0] as unknown));
    expect(codes).toEqual([0, 0]);
    const cache = await cacheFor({ folder });
    await cache.evict();
    expect(await check(await cache.open(torrent))).toBe(COUNT);
    expect(bytesIn(folder)).toBe(torrent.length + torrent.bytes.length);
  });

  it('keep what the other has noted, and do not bring back what has gone', async () => {
    const folder = temporaryFolder();
    const small = torrentOf('small', [8]);
    const clock = new VirtualClock();
    const old = await cacheFor({ folder, clock, size: 6 * PIECE + small.bytes.length });
    const before = await old.open(small);
    for (const piece of [0, 1, 2, 3]) await before.put(piece, bytesOf(small, piece));
    const next = await cacheFor({ folder, clock });
    const after = await next.open(small);
    await after.put(7, bytesOf(small, 7));
    for (const piece of [4, 5, 6]) await before.put(piece, bytesOf(small, piece));
    expect(before.has(1)).toBe(false);
    await before.dispose();
    await after.dispose();
    const store = await (await cacheFor({ folder })).open(small);
    expect([...Array(8).keys()].filter((piece) => store.has(piece))).toEqual([0, 2, 3, 4, 5, 6, 7]);
  });

  it('see a torrent go that the other has removed', async () => {
    const folder = temporaryFolder();
    const small = torrentOf('small', [8]);
    const one = await cacheFor({ folder });
    const store = await one.open(small);
    await store.put(0, bytesOf(small, 0));
    const other = await cacheFor({ folder });
    await other.remove(small.infohash);
    await other.dispose();
    await store.put(1, bytesOf(small, 1));
    await one.evict();
    expect([store.has(0), store.has(1)]).toEqual([false, true]);
    await one.dispose();
    const last = await cacheFor({ folder });
    expect(await last.known(small.infohash)).toEqual(small);
    expect((await last.open(small)).has(1)).toBe(true);
  });
});

const canMount = ((): boolean => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const folder = `/tmp/kp-mount-${process.pid}`;
  mkdirSync(folder);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    execFileSync('rmdir', [folder]);
  }
})();

describe('a disk that is full', () => {
  it.skipIf(!canMount)('is told, and breaks nothing', async () => {
    const folder = temporaryFolder();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder]);
    try {
      const cache = await cacheFor({ folder });
      const store = await cache.open(torrent);
      store.hold('all', [{ from: 0, to: COUNT }]);
      let piece = 0;
      const full = async (): Promise<void> => {
        for (; ; piece++) await store.put(piece, bytesOf(torrent, piece));
      };
      await expect(full()).rejects.toMatchObject({ code: 'CACHE_FULL' });
      expect(piece).toBeGreaterThan(50);
      expect(await check(store)).toBe(piece);
      store.hold('all', [{ from: 2, to: COUNT }]);
      await store.put(piece, bytesOf(torrent, piece));
      expect([store.has(0), store.has(1), store.has(piece)]).toEqual([true, false, true]);
      // Other things fill what is left, so that not even the note can be written.
      const fill = (): void => {
        for (let n = 0; ; n++) writeFileSync(join(folder, `other-${n}`), Buffer.alloc(4096));
      };
      expect(fill).toThrow('ENOSPC');
      await store.dispose();
      await cache.dispose();
      const next = await cacheFor({ folder });
      const again = await next.open(torrent);
      await check(again);
      await next.dispose();
      expect([...filesIn(folder).keys()].filter((path) => path.endsWith('.tmp'))).toEqual([]);
    } finally {
      execFileSync('umount', [folder]);
    }
  });
});
