import { createReadStream } from 'node:fs';
import {
  type CacheFreed,
  type CacheUsage,
  type Item,
  KinoportError,
  type Page,
  type ResolveResult,
  type Source,
  type SourceCache,
  type SourceStream,
  type StreamStats,
} from '@kinoport/core';
import type { StreamAccess } from '@kinoport/core/conformance';
import type { SourceVerb } from '../../rpc/protocol.ts';
import type { StreamFront } from '../../streams/front.ts';
import { believed } from '../answers.ts';
import type { Plugin } from '../plugin.ts';
import { checks } from '../schemas.ts';
import type { CheckedSchema } from '../validation.ts';

const TIMEOUT = 60_000;

/** A source of a plugin's process with the face of the contract; what it answers is checked as by the host. */
export function wireSource(plugin: Plugin, id: string, verbs: readonly SourceVerb[]): Source {
  async function call<T>(
    verb: SourceVerb,
    args: readonly unknown[],
    check?: CheckedSchema<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const options = { timeout: TIMEOUT, ...(signal ? { signal } : {}) };
    const answer = await plugin.call<unknown>('source/call', { source: id, verb, args }, options);
    return check ? believed(check, answer, 'It', verb) : (answer as T);
  }
  const optional: Required<
    Pick<
      Source,
      'list' | 'search' | 'siblings' | 'reopen' | 'prefetch' | 'forget' | 'notifyPosition' | 'stats'
    >
  > = {
    list: (container, { signal, ...options }) =>
      call<Page<Item>>('list', [container, options], checks.page, signal),
    search: (query, { signal, ...options }) =>
      call<Page<Item>>('search', [query, options], checks.page, signal),
    siblings: (item, { signal }) => call<readonly Item[]>('siblings', [item], checks.items, signal),
    reopen: (record, { signal }) => call<SourceStream>('reopen', [record], checks.stream, signal),
    prefetch: (item, level, { signal }) => call('prefetch', [item, level], undefined, signal),
    forget: (item) => call('forget', [item]),
    notifyPosition(streamId, position) {
      const note = { source: id, verb: 'notifyPosition', args: [streamId, position] };
      plugin.peer?.notify('source/position', note).catch(() => undefined);
    },
    stats: (streamId) => call<StreamStats>('stats', [streamId], checks.stats),
  };
  const offered = Object.fromEntries(
    Object.entries(optional).filter(([verb]) => verbs.includes(verb as SourceVerb)),
  ) as Partial<typeof optional>;
  const cache: SourceCache = {
    usage: ({ signal }) => call<CacheUsage>('cache.usage', [], checks.cacheUsage, signal),
    clear: (entries, { signal }) => call<CacheFreed>('cache.clear', [entries], checks.cacheFreed, signal),
    prune: ({ signal }) => call<CacheFreed>('cache.prune', [], checks.cacheFreed, signal),
    ...(verbs.includes('cache.pin')
      ? { pin: (entries, pinned, { signal }) => call('cache.pin', [entries, pinned], undefined, signal) }
      : {}),
  };
  return {
    ...(verbs.includes('cache.usage') ? { cache } : {}),
    resolve: (uri, { signal, ...options }) =>
      call<ResolveResult>('resolve', [uri, options], checks.resolve, signal),
    open: (item, { signal, ...options }) =>
      call<SourceStream>('open', [item, options], checks.stream, signal),
    release: (streamId) => call('release', [streamId]),
    ...offered,
  };
}

/** Streams read through the stream front, as a player does; files from the disk. */
export function frontAccess(front: StreamFront): StreamAccess {
  const url = (id: string): string => `http://127.0.0.1:${front.port}/s/${id}/stream`;
  return {
    async look(id) {
      if (!front.ids.includes(id)) return undefined;
      const response = await fetch(url(id), { method: 'HEAD' });
      if (!response.ok) return undefined;
      const [length, etag] = [response.headers.get('content-length'), response.headers.get('etag')];
      return {
        ...(length === null ? {} : { size: Number(length) }),
        ...(etag === null ? {} : { validators: { etag } }),
      };
    },
    async *read(id, start, end, signal) {
      const range = `bytes=${start}-${end === undefined ? '' : end - 1}`;
      const response = await fetch(url(id), { headers: { range }, signal });
      if (!response.ok || !response.body)
        throw new KinoportError('STREAM_NOT_FOUND', `The stream front answered ${response.status}.`);
      yield* response.body;
    },
    readers: (id) => front.reads(id)?.readers ?? 0,
    readFile: (path, start, end) =>
      createReadStream(path, { start, ...(end === undefined ? {} : { end: end - 1 }) }),
  };
}
