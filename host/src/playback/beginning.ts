import { contentKeys, type PlayerMedia } from '@kinoport/core';
import type { RemotePlayer } from '../plugins/remotePlayer.ts';
import type { RemoteStream } from '../plugins/remoteSource.ts';
import type { SessionServices } from './currentItem.ts';
import { type Begin, beginAt, type SessionOptions } from './opening.ts';
import type { QueueEntry } from './queue.ts';

/** What an item is begun with. */
export interface Beginning {
  readonly entry: QueueEntry;
  readonly stream: RemoteStream;
  readonly media: PlayerMedia;
  /** Of this item; absent for one that follows by itself. */
  readonly options?: SessionOptions | undefined;
}

/**
 * Where an item begins: as asked or as left; where nothing is known here, the player's own memory is taken over once.
 * @param told is given a sentence when it is
 */
export async function beginningOf(
  { progress, config }: Pick<SessionServices, 'progress' | 'config'>,
  player: Pick<RemotePlayer, 'id' | 'remembered'>,
  { entry, stream, media, options }: Beginning,
  told: (code: string, message: string) => void,
): Promise<Begin> {
  const { item } = entry;
  const duration = item.duration ?? stream.info.duration;
  const begin = beginAt(options, progress.find(contentKeys(item)), duration, config.current.progress);
  if (!begin.unknown) return begin;
  const remembered = await player.remembered(media).catch(() => undefined);
  if (!remembered || !(remembered.position > 0)) return begin;
  told('TAKEN_OVER', `The position comes from ${player.id}'s own memory; from now on it is kept here.`);
  return { seconds: remembered.position, resumed: true };
}
