import { basename } from 'node:path';
import type { Item } from '@kinoport/core';
import { contentKeys } from '@kinoport/core';
import { LIMITS, type MediaClaim, mediaToken, type Settings, type TokenKind } from '../protocol/index.ts';

/** What is known of a copy: an item, or something that was played. */
export type Copy = Pick<Item, 'key' | 'keys' | 'title' | 'duration' | 'size' | 'series' | 'ids' | 'uri'>;

/** What a member tells of its copy, as the room's privacy wants it. `duration`: as the player has measured it, seconds. */
export function claimOf(
  copy: Copy,
  privacy: Settings['matchPrivacy'],
  salt: string,
  duration = copy.duration,
): MediaClaim {
  const tokens = identitiesOf(copy)
    .flatMap(([kind, value]) => mediaToken(kind, value, privacy, salt) ?? [])
    .filter((token) => token.length <= LIMITS.token);
  const known = duration !== undefined && duration > 0 && duration <= LIMITS.position;
  return {
    ...(tokens.length > 0 ? { tokens: [...new Set(tokens)].slice(0, LIMITS.tokens) } : {}),
    ...(known ? { duration } : {}),
  };
}

/** What tells one film from another, the surest first. */
function identitiesOf({
  key,
  keys,
  title,
  size,
  series,
  ids,
  uri,
}: Copy): readonly (readonly [TokenKind, string])[] {
  const episode =
    series?.season === undefined || series.episode === undefined
      ? ''
      : `/s${series.season}e${series.episode}`;
  const catalogue = (['cloud', 'imdb', 'tmdb', 'tvdb'] as const).flatMap((kind) => {
    const id = ids?.[kind];
    return id === undefined ? [] : [[kind, `${id}${kind === 'cloud' ? '' : episode}`] as const];
  });
  const file = fileOf(uri);
  return [
    ...catalogue,
    ...contentKeys({ key, ...(keys === undefined ? {} : { keys }) })
      .slice(0, 8)
      .map((one) => ['key', one] as const),
    ...(size === undefined ? [] : [['size', String(size)] as const]),
    ...(file === undefined ? [] : [['file', file] as const]),
    ['title', title],
  ];
}

/** The name of a local file; an address has none, and is never told. */
function fileOf(uri: string): string | undefined {
  if (uri.startsWith('/')) return basename(uri);
  const url = URL.parse(uri);
  if (url?.protocol !== 'file:') return undefined;
  try {
    return basename(decodeURIComponent(url.pathname));
  } catch {
    return undefined;
  }
}
