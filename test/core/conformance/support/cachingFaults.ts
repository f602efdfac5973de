import type { SourceFault } from './sourceFaults.ts';

/** Of what a source keeps on disk. */
export const cachingFaults: readonly SourceFault[] = [
  {
    clause: 'source.cache.usage',
    fault: 'two entries of one id',
    source: ({ source: { cache } }) => ({
      cache: {
        ...cache,
        async usage(options) {
          const usage = await cache.usage(options);
          return { ...usage, bytes: 2 * usage.bytes, entries: [...usage.entries, ...usage.entries] };
        },
      },
    }),
  },
  {
    clause: 'source.cache.pin',
    fault: 'prune forgets what is pinned',
    source: ({ source: { cache } }) => ({
      cache: {
        ...cache,
        async prune(options) {
          const { entries } = await cache.usage(options);
          await cache.pin?.(
            entries.map(({ id }) => id),
            false,
            options,
          );
          return { bytes: 0 };
        },
      },
    }),
  },
  {
    clause: 'source.cache.clear',
    fault: 'what is read stays',
    source: ({ source: { cache } }) => ({
      cache: { ...cache, clear: async () => ({ bytes: 0 }) },
    }),
  },
];
