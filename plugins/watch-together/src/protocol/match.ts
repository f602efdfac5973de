import { createHmac } from 'node:crypto';
import type { Match, MediaClaim } from './model.ts';

/** Identities that somebody keeps a list of: one in common is enough, whatever the copies are like. */
export const CATALOGUE_KINDS = ['cloud', 'imdb', 'tmdb', 'tvdb'] as const;
/** Names: one in common is enough, unless the sizes differ. */
export const NAME_KINDS = ['file', 'title'] as const;
/** `key`: a content key; one in common is enough. `size`: bytes; contradicts names, and nothing else. */
export type TokenKind = (typeof CATALOGUE_KINDS)[number] | (typeof NAME_KINDS)[number] | 'size' | 'key';

/** Kinds that never leave in plain: they say which account something lies in, or are secrets of their own. */
const ALWAYS_HASHED: ReadonlySet<string> = new Set<TokenKind>(['cloud', 'key']);

/** Seconds between two durations from which on they are of different films (rounded, as Syncplay does). */
export const DURATION_TOLERANCE = 2.5;

/** `kind=value`, lower-case and trimmed, as it may leave where the room is plain. */
const plainToken = (kind: TokenKind, value: string): string => `${kind}=${value.trim().toLowerCase()}`;

/** `kind:digest`: HMAC-SHA-256 of the plain token with the room's salt, 128 bits of it in base64url. */
function hashedToken(plain: string, salt: string): string {
  const digest = createHmac('sha256', salt).update(plain).digest().subarray(0, 16).toString('base64url');
  return `${plain.slice(0, plain.indexOf('='))}:${digest}`;
}

/** A token of a value, as a room's `matchPrivacy` wants it; undefined for `none` and for a blank value. */
export function mediaToken(
  kind: TokenKind,
  value: string,
  privacy: 'hashed' | 'plain' | 'none',
  salt: string,
): string | undefined {
  if (privacy === 'none' || value.trim() === '') return undefined;
  const plain = plainToken(kind, value);
  return privacy === 'plain' && !ALWAYS_HASHED.has(kind) && plain.length <= 300
    ? plain
    : hashedToken(plain, salt);
}

const kindOf = (token: string): string => token.slice(0, token.search(/[:=]/));

/** Tokens by kind, all of them hashed, so that plain and hashed ones can be compared. */
function byKind(tokens: readonly string[], salt: string): ReadonlyMap<string, ReadonlySet<string>> {
  const kinds = new Map<string, Set<string>>();
  for (const token of tokens) {
    const kind = kindOf(token);
    const hashed = token[kind.length] === '=' ? hashedToken(token, salt) : token;
    kinds.set(kind, (kinds.get(kind) ?? new Set()).add(hashed));
  }
  return kinds;
}

/**
 * Whether two copies are of one film. In this order: durations too far apart say no; a content key in common says yes;
 * catalogues decide, where both are in the same one; sizes that differ say no; a name in common says yes; without any
 * identity on one side nobody knows.
 */
export function matchMedia(a: MediaClaim, b: MediaClaim, salt: string): Match {
  if (a.duration !== undefined && b.duration !== undefined) {
    if (Math.abs(Math.round(a.duration) - Math.round(b.duration)) >= DURATION_TOLERANCE) return 'different';
  }
  const [left, right] = [byKind(a.tokens ?? [], salt), byKind(b.tokens ?? [], salt)];
  const both = (kind: string): boolean => left.has(kind) && right.has(kind);
  const agree = (kind: string): boolean =>
    [...(left.get(kind) ?? [])].some((token) => right.get(kind)?.has(token));
  if (agree('key') || CATALOGUE_KINDS.some(agree)) return 'same';
  if (CATALOGUE_KINDS.some(both) || (both('size') && !agree('size'))) return 'different';
  if (NAME_KINDS.some(agree)) return 'same';
  const identified = (side: ReadonlyMap<string, unknown>): boolean =>
    [...CATALOGUE_KINDS, ...NAME_KINDS].some((kind) => side.has(kind));
  return identified(left) && identified(right) ? 'different' : 'unknown';
}
