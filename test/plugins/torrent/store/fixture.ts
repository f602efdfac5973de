import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock, Log } from '@kinoport/core';
import { VirtualClock } from '@kinoport/core/testing';
import { onTestFinished } from 'vitest';
import { openPieceCache } from '../../../../plugins/torrent/src/store/pieceCache.ts';
import type { PieceCache } from '../../../../plugins/torrent/src/store/ports.ts';

export { bytesOf, PIECE, torrentOf } from './torrentOf.ts';

export const DAY = 86_400_000;

export const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} };

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kp-cache-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface CacheOptions {
  readonly folder?: string;
  readonly size?: number;
  readonly keep?: number;
  readonly clock?: Clock;
  readonly log?: Log;
}

export async function cacheFor(options: CacheOptions = {}): Promise<PieceCache> {
  const cache = await openPieceCache({
    folder: options.folder ?? temporaryFolder(),
    limits: { size: options.size ?? 1e9, keep: options.keep ?? 30 * DAY },
    clock: options.clock ?? new VirtualClock(),
    log: options.log ?? quiet,
  });
  onTestFinished(() => cache.dispose());
  return cache;
}

/** Files below a folder, with their sizes. */
export function filesIn(folder: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    try {
      found.set(path.slice(folder.length + 1), statSync(path).size);
    } catch {
      // It went while the folder was read.
    }
  }
  return found;
}

/** Bytes of everything but resume files, which the limit does not count. */
export function bytesIn(folder: string): number {
  let sum = 0;
  for (const [path, size] of filesIn(folder)) if (!path.includes('resume.json')) sum += size;
  return sum;
}
