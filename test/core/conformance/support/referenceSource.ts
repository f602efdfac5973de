import {
  abortedError,
  type Clock,
  type Item,
  KinoportError,
  type ListOptions,
  type Page,
  type PublishedStream,
  type Source,
  type SourceCache,
  sleep,
} from '@kinoport/core';
import { MemoryStreams, type SourceSubject } from '@kinoport/core/conformance';

const SIZE = 50_000;
const CHUNK = 4_000;
/** More than a reader of one test ever waits. */
const CHUNK_TIME = 2;

interface Content {
  readonly title: string;
  bytes: Uint8Array;
  etag: string;
}

const NAMES = ['one', 'two', 'three', 'four', 'five'];

/** A source with some virtual films, as the contract says, and the subject of it. */
export interface ReferenceSource {
  readonly source: Required<Source>;
  readonly streams: MemoryStreams;
  readonly bytes: Uint8Array;
  subject(source?: Source): SourceSubject;
}

/** Bytes without a short period, so that a shifted read shows. */
function noise(seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: SIZE }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state >> 16;
  });
}

const FILMS = NAMES.map((_, index) => noise(index + 1));
const ANOTHER = noise(99);

export function referenceSource(clock: Clock): ReferenceSource {
  const streams = new MemoryStreams();
  const contents = new Map<string, Content>(
    NAMES.map((name, index) => [
      `ref:${name}`,
      { title: `Film ${name}`, bytes: FILMS[index] ?? ANOTHER, etag: `"${name}-1"` },
    ]),
  );
  const open = new Map<string, PublishedStream>();
  const opened = new Map<string, string>();
  const kept = new Map<string, { pinned: boolean }>();
  const all = [...contents.keys()].map((uri) => itemOf(uri));
  const bytes = contentOf('ref:one').bytes;

  function contentOf(uri: string): Content {
    const content = contents.get(uri);
    if (content) return content;
    throw new KinoportError('SOURCE_NOT_FOUND', `There is no ${uri}.`);
  }
  function itemOf(uri: string): Item {
    const { title, bytes: all } = contentOf(uri);
    return { key: `content:${title}`, uri, title, kind: 'video', size: all.length };
  }
  async function ready(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) throw abortedError();
    await sleep(clock, 3);
  }
  async function* read(content: Content, start: number, end: number, signal: AbortSignal) {
    for (let at = start; at < end; at += CHUNK) {
      await sleep(clock, CHUNK_TIME, signal);
      yield content.bytes.subarray(at, Math.min(end, at + CHUNK));
    }
  }
  async function publish(id: string, uri: string) {
    const content = contentOf(uri);
    const { length: size } = content.bytes;
    const validators = { etag: content.etag };
    const stream = await streams.publish({
      id,
      size,
      validators,
      type: 'video/x-matroska',
      read: (start, end, signal) => read(content, start, end ?? size, signal),
    });
    open.set(id, stream);
    opened.set(id, uri);
    if (!kept.has(uri)) kept.set(uri, { pinned: false });
    return { location: { type: 'published' }, size, validators, record: { uri } } as const;
  }
  async function page(
    items: readonly Item[],
    { cursor, limit = 100, signal }: ListOptions,
  ): Promise<Page<Item>> {
    await ready(signal);
    if (cursor !== undefined && !/^\d+$/.test(cursor))
      throw new KinoportError('INVALID_ARGUMENT', 'That is no cursor.');
    const from = Number(cursor ?? 0);
    const more = from + limit < items.length ? { cursor: String(from + limit) } : {};
    return { items: items.slice(from, from + limit), ...more };
  }

  const cache: Required<SourceCache> = {
    async usage({ signal }) {
      await ready(signal);
      const entries = [...kept].map(([uri, { pinned }]) => ({
        id: uri,
        title: contentOf(uri).title,
        bytes: 1_000,
        pinned,
        streams: [...open.keys()].filter((id) => opened.get(id) === uri),
      }));
      return { bytes: 1_000 * entries.length, limit: 1_000_000, entries };
    },
    async clear(entries, { signal }) {
      await ready(signal);
      let bytes = 0;
      for (const uri of entries) {
        for (const [id, stream] of open) if (opened.get(id) === uri) await stream.dispose();
        if (kept.delete(uri)) bytes += 1_000;
      }
      return { bytes };
    },
    async prune({ signal }) {
      await ready(signal);
      return { bytes: 0 };
    },
    async pin(entries, pinned, { signal }) {
      await ready(signal);
      for (const uri of entries) if (kept.has(uri)) kept.set(uri, { pinned });
    },
  };

  const source: Required<Source> = {
    cache,
    async resolve(uri, { signal }) {
      await ready(signal);
      if (uri === 'ref:all') return { kind: 'folder', title: 'All', items: all };
      if (uri === 'ref:none') throw new KinoportError('SOURCE_EMPTY', 'There is nothing in it.');
      return { kind: 'single', items: [itemOf(uri)] };
    },
    list: (_container, options) => page(all, options),
    search: (query, options) =>
      page(
        all.filter(({ title }) => title.includes(query)),
        options,
      ),
    async siblings(_item, { signal }) {
      await ready(signal);
      return all;
    },
    async open(item, { streamId, signal }) {
      await ready(signal);
      return publish(streamId, item.uri);
    },
    async reopen({ streamId, record, validators }, { signal }) {
      await ready(signal);
      if (contentOf(String(record.uri)).etag !== validators?.etag)
        throw new KinoportError('SOURCE_CHANGED', 'It is another film now.');
      return publish(streamId, String(record.uri));
    },
    forget: async () => undefined,
    prefetch: (_item, _level, { signal }) => ready(signal),
    notifyPosition: () => undefined,
    stats: async (streamId): Promise<{ downloadRate?: number }> =>
      open.has(streamId) ? { downloadRate: 1_000 } : {},
    async release(streamId) {
      await open.get(streamId)?.dispose();
      open.delete(streamId);
    },
  };
  return {
    source,
    streams,
    bytes,
    subject: (judged = source) => ({
      source: judged,
      streams,
      samples: [
        { uri: 'ref:one', kind: 'single', bytes },
        { uri: 'ref:all', kind: 'folder', titles: all.map(({ title }) => title) },
      ],
      missing: 'ref:missing',
      empty: 'ref:none',
      container: 'ref:all',
      query: 'Film',
      change: async () => {
        Object.assign(contentOf('ref:one'), { bytes: ANOTHER, etag: '"one-2"' });
      },
    }),
  };
}
