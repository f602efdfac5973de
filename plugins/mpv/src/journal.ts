import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, JsonObject, RecoveredProgress } from '@kinoport/core';
import { isNearEnd } from './ends.ts';

/** What the tracker inside mpv wrote last. */
export interface Journal {
  readonly position: number;
  readonly duration: number | undefined;
  readonly paused: boolean;
  readonly eofReached: boolean;
  /** Wall clock, milliseconds. */
  readonly updatedAt: number;
  readonly item: string | undefined;
  readonly session: string | undefined;
  /** mpv's reason of `end-file`; `undefined` while the item is open. */
  readonly ended: string | undefined;
  readonly error: string | undefined;
}

const KEEP_DAYS = 30;

/** The journal, or `undefined` when there is none or it cannot be understood. */
export async function readJournal(path: string): Promise<Journal | undefined> {
  try {
    const [text, file] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    return parseJournal(text, file.mtimeMs);
  } catch {
    return undefined;
  }
}

/** The tracker tells whole seconds only; the file's own time is finer, and used where both agree. */
export function parseJournal(text: string, modifiedAt: number): Journal | undefined {
  let value: JsonObject;
  try {
    value = JSON.parse(text) as JsonObject;
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { position, duration, quit_time: seconds } = value;
  if (typeof position !== 'number' || position < 0) return undefined;
  const told = typeof seconds === 'number' ? seconds * 1000 : modifiedAt;
  const string = (member: unknown): string | undefined => (typeof member === 'string' ? member : undefined);
  return {
    position,
    duration: typeof duration === 'number' && duration > 0 ? duration : undefined,
    paused: value.paused === true,
    eofReached: value.eof_reached === true,
    updatedAt: Math.abs(modifiedAt - told) < 2000 ? modifiedAt : told,
    item: string(value.item),
    session: string(value.session),
    ended: string(value.ended),
    error: string(value.error),
  };
}

/** The journal in the terms of the contract. */
export function toRecovered(journal: Journal): RecoveredProgress {
  const ended =
    (journal.eofReached || journal.ended === 'eof') && isNearEnd(journal.position, journal.duration);
  return {
    ...(journal.item === undefined ? {} : { itemToken: journal.item }),
    position: journal.position,
    ...(journal.duration === undefined ? {} : { duration: journal.duration }),
    updatedAt: Math.round(journal.updatedAt),
    ...(ended ? { ended: true } : {}),
  };
}

/** Removes journals nobody asked for in a month. */
export async function removeOldJournals(folder: string, clock: Clock): Promise<void> {
  const before = clock.wall() - KEEP_DAYS * 24 * 3600 * 1000;
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const file = await stat(path).catch(() => undefined);
    if (file && file.mtimeMs < before) await rm(path, { force: true });
  }
}
