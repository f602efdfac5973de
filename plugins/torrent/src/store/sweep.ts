import { readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeptTorrent } from './keptTorrent.ts';
import { type Layout, pieceOfName } from './layout.ts';

/** A temporary file that has not been written to for so long belongs to a process that was killed. */
const STALE_MS = 60_000;

/**
 * Compares what a torrent has on disk with what is known of it: pieces that nobody remembers (their process was killed
 * before it noted them) take room from now on, temporary files of killed processes are removed.
 * @returns pieces that should be there and are not
 */
export async function sweepTorrent(
  layout: Layout,
  torrent: KeptTorrent,
  wall: number,
): Promise<readonly number[]> {
  const claimed = [...torrent.have.pieces(), ...torrent.foreign.pieces()];
  const seen = new Set<number>();
  for (const group of await namesIn(layout.of(torrent.infohash))) {
    if (group.endsWith('.tmp')) await removeStale(join(layout.of(torrent.infohash), group), wall);
    if (!/^\d+$/.test(group)) continue;
    const folder = layout.group(torrent.infohash, group);
    for (const name of await namesIn(folder)) {
      const piece = pieceOfName(group, name);
      if (piece !== undefined) seen.add(piece);
      if (name.endsWith('.tmp')) await removeStale(join(folder, name), wall);
      if (piece === undefined || torrent.have.has(piece) || torrent.foreign.has(piece)) continue;
      await adopt(torrent, piece, layout.piece(torrent.infohash, piece));
    }
  }
  torrent.stuck.clear();
  return claimed.filter((piece) => !seen.has(piece));
}

async function adopt(torrent: KeptTorrent, piece: number, path: string): Promise<void> {
  const size = await sizeOf(path);
  if (size === undefined) return;
  if (piece < torrent.have.size && size === torrent.lengthOf(piece)) torrent.foundForeign(piece);
  else await unlink(path).catch(() => {});
}

export async function removeStale(path: string, wall: number): Promise<void> {
  try {
    if (wall - (await stat(path)).mtimeMs > STALE_MS) await unlink(path);
  } catch {
    // It has gone, or goes the next time.
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch {
    return undefined;
  }
}

/** Nothing when there is no such folder. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}
