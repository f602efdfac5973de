import { type Item, KinoportError, type Source, type StreamRecord } from '@kinoport/core';
import type { Peer } from '../rpc/peer.ts';
import type { SourceCallParams, SourceVerb } from '../rpc/protocol.ts';
import type { RegistryImpl } from './registry.ts';

const OPTIONAL = [
  'list',
  'search',
  'siblings',
  'reopen',
  'prefetch',
  'forget',
  'notifyPosition',
  'stats',
] as const;

/** The optional verbs that a source implements, with the ones it must. */
export function sourceVerbs(source: Source): SourceVerb[] {
  const { cache } = source;
  return [
    'resolve',
    'open',
    'release',
    ...OPTIONAL.filter((verb) => source[verb] !== undefined),
    ...(cache ? (['cache.usage', 'cache.clear', 'cache.prune'] as const) : []),
    ...(cache?.pin ? (['cache.pin'] as const) : []),
  ];
}

/** Answers the host's calls to sources. */
export function serveSources(peer: Peer, registry: RegistryImpl<Source>): void {
  peer.onNotification('source/position', (params) => {
    const { source, args } = params as SourceCallParams;
    registry
      .get(source)
      .notifyPosition?.(args[0] as string, args[1] as { seconds: number; byteOffset?: number });
  });
  peer.handle('source/call', async (params, signal) => {
    const { source: id, verb, args } = params as SourceCallParams;
    const source = registry.get(id);
    const [first, second] = args;
    const options = <T>(): T & { signal: AbortSignal } => ({ ...(second as T), signal });
    switch (verb) {
      case 'resolve':
        return source.resolve(first as string, options<object>());
      case 'list':
        if (source.list) return source.list(first as string, options<object>());
        break;
      case 'search':
        if (source.search) return source.search(first as string, options<object>());
        break;
      case 'siblings':
        return (await source.siblings?.(first as Item, { signal })) ?? [];
      case 'open':
        return source.open(first as Item, options<{ streamId: string }>());
      case 'reopen':
        if (source.reopen) return source.reopen(first as StreamRecord, { signal });
        break;
      case 'prefetch':
        return source.prefetch?.(first as Item, second as 'next' | 'warm', { signal });
      case 'forget':
        return source.forget?.(first as Item);
      case 'stats':
        return (await source.stats?.(first as string)) ?? {};
      case 'cache.usage':
        if (source.cache) return source.cache.usage({ signal });
        break;
      case 'cache.clear':
        if (source.cache) return source.cache.clear(first as readonly string[], { signal });
        break;
      case 'cache.prune':
        if (source.cache) return source.cache.prune({ signal });
        break;
      case 'cache.pin':
        if (source.cache?.pin)
          return source.cache.pin(first as readonly string[], second as boolean, { signal });
        break;
      case 'release':
        return source.release(first as string);
      case 'notifyPosition':
        break;
    }
    throw new KinoportError('SOURCE_UNSUPPORTED', `The source "${id}" does not implement "${verb}".`);
  });
}
