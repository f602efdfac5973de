import { type Item, isKinoportError, type Playback, type PlayedItem } from '@kinoport/core';
import { type MediaClaim, matchMedia, type QueueItem, type Settings } from '../protocol/index.ts';
import { type Copy, claimOf } from './claim.ts';

/** What the items of a room are recognised by. */
export interface Recognition {
  readonly privacy: Settings['matchPrivacy'];
  readonly salt: string;
}

/** Things played here that are looked through. */
const REMEMBERED = 1000;

/** What this machine has of a room's queue. */
export class Shelf {
  #given: readonly Item[] = [];
  readonly #found = new Map<string, Copy>();

  /** What the viewer brought, in the order of the queue. */
  put(items: readonly Item[]): void {
    this.#given = items;
    this.#found.clear();
  }

  /** The copy of an item of the queue: what is the same film, else what the viewer has put in its place. */
  copyOf(id: string, queue: readonly QueueItem[], by: Recognition): Copy | undefined {
    return this.#placed(queue, by).get(id) ?? this.#found.get(id);
  }

  /** Remembers where an item of the queue was found. */
  found(id: string, copy: Copy): void {
    this.#found.set(id, copy);
  }

  #placed(queue: readonly QueueItem[], by: Recognition): ReadonlyMap<string, Copy> {
    const left = new Set(this.#given);
    const placed = new Map<string, Copy>();
    const claims = new Map(this.#given.map((item) => [item, claimOf(item, by.privacy, by.salt)]));
    for (const { id, media } of queue) {
      const same = [...left].find((item) => isSame(media, claims.get(item) ?? {}, by.salt));
      if (same === undefined) continue;
      left.delete(same);
      placed.set(id, same);
    }
    for (const [at, { id }] of queue.entries()) {
      const item = this.#given[at];
      if (placed.has(id) || item === undefined || !left.delete(item)) continue;
      placed.set(id, item);
    }
    return placed;
  }
}

const isSame = (a: MediaClaim, b: MediaClaim, salt: string): boolean => matchMedia(a, b, salt) === 'same';

/** Looks for an item among what was played here, the newest first. Undefined: it was not, or nobody may look. */
export async function findPlayed(
  playback: Playback,
  item: QueueItem,
  by: Recognition,
): Promise<PlayedItem | undefined> {
  try {
    const played = await playback.history({ limit: REMEMBERED });
    return played.find((one) => isSame(item.media, claimOf(one, by.privacy, by.salt), by.salt));
  } catch (error) {
    if (isKinoportError(error, 'PERMISSION_NOT_GRANTED', 'PERMISSION_DENIED')) return undefined;
    throw error;
  }
}

/** An address that may be given to strangers: a magnet link or plain http(s), without names and passwords. */
export function shareable(uri: string): string | undefined {
  if (uri.length > 2048 || /\s/.test(uri)) return undefined;
  const url = URL.parse(uri);
  if (url?.protocol === 'magnet:') return uri.startsWith('magnet:?') ? uri : undefined;
  const plain = url?.protocol === 'http:' || url?.protocol === 'https:';
  return plain && !url.username && !url.password ? uri : undefined;
}
