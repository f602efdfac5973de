import type { JsonObject } from './json.ts';

/** What an item is to a viewer. A `container` (folder, season, playlist) is listed, not played. */
export type ItemKind = 'video' | 'audio' | 'container';

/** Where an episode stands in its series. */
export interface SeriesInfo {
  readonly title: string;
  readonly season?: number;
  readonly episode?: number;
}

/**
 * One thing that can be played, or a container of such things.
 *
 * `key` and `keys` are **content keys**: stable identities of the content that survive renaming, moving and a
 * change of address (size plus hashes of head and tail, a cloud file's id, an infohash with a file index).
 * Progress joins on any of them. A key has the form `scheme:value` and at most 200 characters.
 */
export interface Item {
  /** The main content key. */
  readonly key: string;
  /** Further content keys of the same content. */
  readonly keys?: readonly string[];
  /** The address by which the same source resolves this item again. May change; identifies nothing. */
  readonly uri: string;
  readonly title: string;
  readonly kind: ItemKind;
  /** Bytes. */
  readonly size?: number;
  /** Seconds. */
  readonly duration?: number;
  /** Media type, `video/x-matroska` for instance. */
  readonly mime?: string;
  readonly year?: number;
  readonly series?: SeriesInfo;
  readonly ids?: {
    readonly imdb?: string;
    readonly tmdb?: string;
    readonly tvdb?: string;
    readonly cloud?: string;
  };
  /** Picture for lists; an https or file URL. */
  readonly art?: string;
  /** A stream without an end: no percent, never watched by percentage. */
  readonly live?: boolean;
  /** For the source that made the item, handed back to it in `open`. At most 4 KiB of JSON; never a secret. */
  readonly data?: JsonObject;
}

/** All content keys of an item, the main one first, each once. */
export function contentKeys(item: Pick<Item, 'key' | 'keys'>): readonly string[] {
  return [...new Set([item.key, ...(item.keys ?? [])])];
}
