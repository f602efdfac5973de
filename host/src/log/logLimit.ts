import { open, stat, truncate, writeFile } from 'node:fs/promises';
import type { Clock, Disposable } from '@kinoport/core';

/** Bytes from which a log is put aside as `.1`. */
export const LOG_LIMIT = 5 * 1024 * 1024;
const LOOK_EVERY = 2_000;

/**
 * Keeps a log that a process writes by itself, in append mode, from growing without end: its last 5 MiB are put aside
 * as `.1` and it begins anew. What is written in between is lost, which only happens to one that floods it.
 * @param onCut called when it has begun anew
 */
export function limitLog(file: string, clock: Clock, onCut: () => void): Disposable {
  let isCutting = false;
  return clock.every(LOOK_EVERY, () => {
    if (isCutting) return;
    isCutting = true;
    cut(file, onCut)
      // Removed by somebody, or a full disk: the next look may find it well.
      .catch(() => undefined)
      .finally(() => {
        isCutting = false;
      });
  });
}

async function cut(file: string, onCut: () => void): Promise<void> {
  const { size } = await stat(file);
  if (size <= LOG_LIMIT) return;
  const log = await open(file, 'r');
  try {
    const end = Buffer.alloc(LOG_LIMIT);
    const { bytesRead } = await log.read(end, 0, LOG_LIMIT, size - LOG_LIMIT);
    await writeFile(`${file}.1`, end.subarray(0, bytesRead), { mode: 0o600 });
  } finally {
    await log.close();
    await truncate(file, 0);
  }
  onCut();
}
