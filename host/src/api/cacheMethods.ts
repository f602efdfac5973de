import type { SourceCaches } from '../playback/sourceCaches.ts';
import type { Handlers } from './methods.ts';

interface Entries {
  readonly source: string;
  readonly entries: readonly string[];
}

/** What sources keep on disk. */
export function cacheMethods(
  caches: SourceCaches,
): Pick<Handlers, 'cache.usage' | 'cache.clear' | 'cache.prune' | 'cache.pin'> {
  return {
    'cache.usage': async ({ source }: { readonly source?: string }, _client, signal) =>
      caches.usage(source, signal),
    'cache.clear': async (
      { source, entries, force = false }: Entries & { readonly force?: boolean },
      _client,
      signal,
    ) => caches.clear(source, entries, { force, signal }),
    'cache.prune': async ({ source }: { readonly source: string }, _client, signal) =>
      caches.prune(source, signal),
    'cache.pin': async (
      { source, entries, pinned }: Entries & { readonly pinned: boolean },
      _client,
      signal,
    ) => {
      await caches.pin(source, entries, pinned, signal);
      return { pinned };
    },
  };
}
