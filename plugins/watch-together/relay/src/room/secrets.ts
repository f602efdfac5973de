import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { PasswordHash } from './state.ts';

/** A secret that no guess finds: 192 bits in base64url. */
export const newToken = (): string => randomBytes(24).toString('base64url');

/** What is kept of a token. It is random, so that a plain hash gives nothing away. */
export const hashToken = (token: string): string => createHash('sha256').update(token).digest('base64url');

export const tokenMatches = (token: string, hash: string): boolean => equal(hashToken(token), hash);

/**
 * What is kept of a room's password: an HMAC with a salt of its own. No slow hash: a room is short-lived, tries are
 * counted, and a slow one would let strangers keep the relay busy.
 */
export function hashPassword(password: string, salt = randomBytes(16).toString('base64url')): PasswordHash {
  return { salt, hash: createHmac('sha256', salt).update(password.normalize('NFC')).digest('base64url') };
}

export function passwordMatches(given: string | undefined, kept: PasswordHash | undefined): boolean {
  if (!kept) return true;
  return given !== undefined && equal(hashPassword(given, kept.salt).hash, kept.hash);
}

/** Compares without telling by its time where two texts differ. */
export function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
