import { type JsonObject, type JsonValue, KinoportError } from '@kinoport/core';
import type { MpvEndpoint } from './endpoint.ts';
import { goneError, type IpcClient } from './ipc.ts';
import type { CurrentItem } from './itemWatch.ts';
import { readJournal } from './journal.ts';

export interface TakenOver {
  readonly item: CurrentItem | undefined;
  /** The item is still in the window. */
  readonly open: boolean;
  /** mpv's reason of an end that came while nobody was connected. */
  readonly end?: string;
  readonly error?: string;
  readonly position: number;
  readonly duration?: number;
}

/**
 * What a running mpv is at: checks that it is the one the endpoint means, and joins what it says now with what
 * its tracker wrote.
 * @throws KinoportError `PLAYER_GONE` when it is another player.
 */
export async function takeOverItem(ipc: IpcClient, endpoint: MpvEndpoint): Promise<TakenOver> {
  const [options, playlist, journal] = await Promise.all([
    ipc.command(['get_property', 'script-opts']),
    ipc.command(['get_property', 'playlist']),
    readJournal(endpoint.journal),
  ]);
  const told = options as JsonObject | undefined;
  if (told?.['kinoport-session'] !== endpoint.session) {
    throw new KinoportError('PLAYER_GONE', 'Another player listens where the one of this session did.', {
      hint: 'Play the item again.',
    });
  }
  const entry = currentEntry(playlist);
  const first = told['kinoport-item'];
  const token = journal?.item ?? (typeof first === 'string' ? first : undefined);
  const end = journal?.ended;
  return {
    item:
      token === undefined ? undefined : { token, entry: end === undefined ? entry : undefined, ended: false },
    open: end === undefined,
    ...(end === undefined ? {} : { end }),
    ...(journal?.error === undefined ? {} : { error: journal.error }),
    position: journal?.position ?? 0,
    ...(journal?.duration === undefined ? {} : { duration: journal.duration }),
  };
}

/** The id of the playlist entry that mpv plays or is about to. */
export function currentEntry(playlist: JsonValue | undefined): number | undefined {
  const entries = Array.isArray(playlist) ? (playlist as readonly JsonObject[]) : [];
  const id = entries.find(({ current }) => current === true)?.id;
  return typeof id === 'number' ? id : undefined;
}

/** Resolves when mpv has reported each property, as it does once after `observe_property`, changed or not. */
export function toldOnce(ipc: IpcClient, names: readonly string[]): Promise<void> {
  const missing = new Set(names);
  return new Promise((resolve, reject) => {
    const events = ipc.onDidReceive((event) => {
      if (event.event !== 'property-change' || typeof event.name !== 'string') return;
      missing.delete(event.name);
      if (missing.size > 0) return;
      finish();
      resolve();
    });
    const close = ipc.onDidClose(() => {
      finish();
      reject(goneError());
    });
    const finish = (): void => {
      void events.dispose();
      void close.dispose();
    };
  });
}
