import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A secret that no guess finds: 192 bits in base64url. */
export const newToken = (): string => randomBytes(24).toString('base64url');

/** What is kept of a token. It is random, so that a plain hash gives nothing away. */
export const hashToken = (token: string): string => createHash('sha256').update(token).digest('base64url');

export const tokenMatches = (token: string, hash: string): boolean => equal(hashToken(token), hash);

/** Compares without telling by its time where two texts differ. */
export function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
