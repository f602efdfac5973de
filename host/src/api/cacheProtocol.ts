import type { CacheFreed, SerializedError } from '@kinoport/core';
import Type from 'typebox';

const source = Type.String({ minLength: 1, maxLength: 64 });
const entries = Type.Array(Type.String({ pattern: '^[!-~]{1,200}$' }), { maxItems: 5000 });

/** What sources keep on disk. */
export const CACHE_METHODS = {
  /** Of one source, or of all that keep something. */
  'cache.usage': Type.Object({ source: Type.Optional(source) }),
  /** Refused with `CACHE_IN_USE` while a film plays from one of the entries, unless `force` is there to stop it. */
  'cache.clear': Type.Object({ source, entries, force: Type.Optional(Type.Boolean()) }),
  'cache.prune': Type.Object({ source }),
  'cache.pin': Type.Object({ source, entries, pinned: Type.Boolean() }),
} as const;

/** What one source keeps, or why it could not say so. */
export type CacheView =
  | { readonly source: string; readonly error: SerializedError }
  | {
      readonly source: string;
      readonly error?: undefined;
      readonly bytes: number;
      readonly limit: number | null;
      /** The one used last first. */
      readonly entries: readonly CacheEntryView[];
    };

export interface CacheEntryView {
  readonly id: string;
  readonly title: string;
  readonly bytes: number;
  /** Of all that could be fetched of it. */
  readonly size: number | null;
  /** Milliseconds since 1970. */
  readonly usedAt: number | null;
  readonly pinned: boolean;
  /** Titles of what plays from it. */
  readonly playing: readonly string[];
}

export interface CacheResults {
  'cache.usage': readonly CacheView[];
  'cache.clear': CacheFreed;
  'cache.prune': CacheFreed;
  'cache.pin': { readonly pinned: boolean };
}
