import type { Clock, PublishOptions, Source } from '@kinoport/core';
import { cachingFaults } from './cachingFaults.ts';
import { overlay } from './faults.ts';
import type { ReferenceSource } from './referenceSource.ts';

type Read = PublishOptions['read'];

/** One sentence of the contract broken, and nothing else. */
export interface SourceFault {
  /** The clause that is to fail. */
  readonly clause: string;
  readonly fault: string;
  readonly source?: (world: ReferenceSource, clock: Clock) => Partial<Source>;
  /** Reads in another way; `size` is that of the film. */
  readonly read?: (read: Read, size: number, world: ReferenceSource) => Read;
}

/** The reference source with the fault built in. */
export function faultySource(world: ReferenceSource, clock: Clock, fault: SourceFault): Source {
  const { streams } = world;
  if (fault.read) {
    const { read: faulty } = fault;
    const publish = streams.publish.bind(streams);
    streams.publish = (options) =>
      publish({ ...options, read: faulty(options.read, options.size ?? 0, world) });
  }
  return overlay<Source>(world.source, fault.source?.(world, clock) ?? {});
}

/** Bytes of a read, the whole of it first; `change` gets the range that was asked for. */
function changed(
  isMeant: (start: number, end: number, size: number) => boolean,
  change: (bytes: Uint8Array) => Uint8Array,
): SourceFault['read'] {
  return (read, size) =>
    async function* (start, end, signal) {
      const last = end ?? size;
      if (!isMeant(start, last, size)) return yield* read(start, end, signal);
      const parts: number[] = [];
      for await (const chunk of read(start, end, signal)) parts.push(...chunk);
      yield change(Uint8Array.from(parts));
    };
}

const flipped =
  (at: number) =>
  (bytes: Uint8Array): Uint8Array => {
    const copy = Uint8Array.from(bytes);
    copy[at] = (copy[at] ?? 0) ^ 255;
    return copy;
  };

export const sourceFaults: readonly SourceFault[] = [
  {
    clause: 'source.resolve.items',
    fault: 'items without a title',
    source: ({ source }) => ({
      async resolve(uri, options) {
        const result = await source.resolve(uri, options);
        if (result.kind !== 'single') return result;
        return { ...result, items: result.items.map((item) => ({ ...item, title: ' ' })) };
      },
    }),
  },
  {
    clause: 'source.resolve.plain',
    fault: '5 KB of data in an item',
    source: ({ source }) => ({
      async resolve(uri, options) {
        const result = await source.resolve(uri, options);
        const data = { padding: 'x'.repeat(5_000) };
        return { ...result, items: result.items.map((item) => ({ ...item, data })) };
      },
    }),
  },
  {
    clause: 'source.resolve.kind',
    fault: 'a single that is said to be a playlist',
    source: ({ source }) => ({
      async resolve(uri, options) {
        const result = await source.resolve(uri, options);
        return result.kind === 'single' ? { ...result, kind: 'playlist' as const } : result;
      },
    }),
  },
  {
    clause: 'source.resolve.order',
    fault: 'a folder from its end',
    source: ({ source }) => ({
      async resolve(uri, options) {
        const result = await source.resolve(uri, options);
        return { ...result, items: result.items.toReversed() };
      },
    }),
  },
  {
    clause: 'source.resolve.stable',
    fault: 'a new key each time',
    source: ({ source }) => {
      let count = 0;
      return {
        async resolve(uri, options) {
          const result = await source.resolve(uri, options);
          count += 1;
          const key = `count:${count}`;
          return { ...result, items: result.items.map((item) => ({ ...item, key, keys: [item.key] })) };
        },
      };
    },
  },
  {
    clause: 'source.resolve.again',
    fault: 'an item with the address of another',
    source: ({ source }) => ({
      async resolve(uri, options) {
        const result = await source.resolve(uri, options);
        const items = result.items.map((item) =>
          item.uri === 'ref:one' ? { ...item, uri: 'ref:two', data: { real: item.uri } } : item,
        );
        return { ...result, items };
      },
      open: (item, options) => source.open({ ...item, uri: String(item.data?.real ?? item.uri) }, options),
    }),
  },
  {
    clause: 'source.resolve.missing',
    fault: 'what is not there fails without a code',
    source: ({ source }) => ({
      resolve: (uri, options) =>
        uri === 'ref:missing' ? Promise.reject(new Error('ENOENT')) : source.resolve(uri, options),
    }),
  },
  {
    clause: 'source.resolve.empty',
    fault: 'something empty gives no items',
    source: ({ source }) => ({
      resolve: async (uri, options) =>
        uri === 'ref:none' ? { kind: 'folder', items: [] } : source.resolve(uri, options),
    }),
  },
  {
    clause: 'source.resolve.abort',
    fault: 'resolves although it was called off',
    source: ({ source }) => ({ resolve: (uri) => source.resolve(uri, {}) }),
  },
  {
    clause: 'source.siblings.self',
    fault: 'the item is not among its siblings',
    source: ({ source }) => ({
      siblings: async (item, options) =>
        (await source.siblings(item, options)).filter(({ key }) => key !== item.key),
    }),
  },
  {
    clause: 'source.list.limit',
    fault: 'pages of three whatever is asked for',
    source: ({ source }) => ({
      list: (container, options) =>
        source.list(container, options.limit === 2 ? { ...options, limit: 3 } : options),
    }),
  },
  {
    clause: 'source.list.complete',
    fault: 'each page begins with the last item of the one before',
    source: ({ source }) => ({
      async list(container, options) {
        const page = await source.list(container, options);
        const next = page.cursor === undefined ? {} : { cursor: String(Number(page.cursor) - 1) };
        return { items: page.items, ...next };
      },
    }),
  },
  {
    clause: 'source.list.cursor',
    fault: 'any cursor is the first page',
    source: ({ source }) => ({
      list: (container, { cursor, ...options }) =>
        source.list(container, /^\d+$/.test(cursor ?? '') ? { ...options, cursor } : options),
    }),
  },
  {
    clause: 'source.search.items',
    fault: 'finds more than was asked for',
    source: ({ source }) => ({ search: (query, { limit: _, ...rest }) => source.search(query, rest) }),
  },
  {
    clause: 'source.open.shape',
    fault: 'a record of 17 KB',
    source: ({ source }) => ({
      async open(item, options) {
        const stream = await source.open(item, options);
        return { ...stream, record: { ...stream.record, padding: 'x'.repeat(17_000) } };
      },
    }),
  },
  {
    clause: 'source.open.published',
    fault: 'publishes under an id of its own',
    source: ({ source }) => ({
      open: (item, options) => source.open(item, { ...options, streamId: 'my-own-id' }),
    }),
  },
  {
    clause: 'source.open.size',
    fault: 'tells a byte too many',
    source: ({ source }) => ({
      async open(item, options) {
        const stream = await source.open(item, options);
        return { ...stream, size: (stream.size ?? 0) + 1 };
      },
      async reopen(record, options) {
        const stream = await source.reopen(record, options);
        return { ...stream, size: (stream.size ?? 0) + 1 };
      },
    }),
  },
  {
    clause: 'source.open.twice',
    fault: 'the release of one stream releases all',
    source: ({ source }) => {
      const ids = new Set<string>();
      return {
        open(item, options) {
          ids.add(options.streamId);
          return source.open(item, options);
        },
        async release() {
          for (const id of ids) await source.release(id);
        },
      };
    },
  },
  {
    clause: 'source.open.missing',
    fault: 'opens what is not there without a code',
    source: ({ source }) => ({
      open: (item, options) =>
        item.uri === 'ref:missing' ? Promise.reject(new Error('ENOENT')) : source.open(item, options),
    }),
  },
  {
    clause: 'source.open.abort',
    fault: 'opens although it was called off',
    source: ({ source }) => ({ open: (item, { streamId }) => source.open(item, { streamId }) }),
  },
  {
    clause: 'source.read.whole',
    fault: 'a wrong byte in a read of everything',
    read: changed((start, end, size) => start === 0 && end === size, flipped(30_000)),
  },
  {
    clause: 'source.read.start',
    fault: 'a wrong byte in a read of the first bytes',
    read: changed((start, end) => start === 0 && end === 4_096, flipped(4_000)),
  },
  {
    clause: 'source.read.middle',
    fault: 'a byte too few in a read of 5001',
    read: changed(
      (start, end) => end - start === 5_001,
      (bytes) => bytes.subarray(1),
    ),
  },
  {
    clause: 'source.read.tail',
    fault: 'the last byte is left out',
    read: changed(
      (start, end, size) => end === size && start === size - 1_234,
      (bytes) => bytes.subarray(0, -1),
    ),
  },
  {
    clause: 'source.read.single',
    fault: 'a range of one byte gives two',
    read: (read) => (start, end, signal) => read(start, end === start + 1 ? end + 1 : end, signal),
  },
  {
    clause: 'source.read.beyond',
    fault: 'zeros behind the end',
    read: changed(
      (start, end, size) => end === size && start === size - 321,
      (bytes) => Uint8Array.from([...bytes, 0, 0]),
    ),
  },
  {
    clause: 'source.read.concurrent',
    fault: 'one place in the file for all reads',
    read: (_read, size, { bytes }) => {
      let at = 0;
      let readers = 0;
      return async function* (start, end, signal) {
        readers += 1;
        if (readers === 1) at = start;
        try {
          const last = end ?? size;
          for (let left = last - start; left > 0 && !signal.aborted; ) {
            await new Promise((resolve) => setImmediate(resolve));
            const chunk = bytes.subarray(at, at + Math.min(left, 1_000));
            if (chunk.length === 0) return;
            at += chunk.length;
            left -= chunk.length;
            yield chunk;
          }
        } finally {
          readers -= 1;
        }
      };
    },
  },
  {
    clause: 'source.read.abort',
    fault: 'waits for ever when it is called off',
    read: (read) =>
      async function* (start, end, signal) {
        const hang = (): Promise<never> => new Promise(() => undefined);
        for await (const chunk of read(start, end, new AbortController().signal)) {
          if (signal.aborted) await hang();
          yield chunk;
        }
      },
  },
  {
    clause: 'source.read.left',
    fault: 'waits for ever when it is left',
    read: (read) =>
      async function* (start, end, signal) {
        let isOver = false;
        try {
          yield* read(start, end, signal);
          isOver = true;
        } catch (error) {
          isOver = true;
          throw error;
        } finally {
          if (!isOver) await new Promise(() => undefined);
        }
      },
  },
  {
    clause: 'source.release.unpublished',
    fault: 'release leaves the stream published',
    source: () => ({ release: async () => undefined }),
  },
  {
    clause: 'source.release.again',
    fault: 'release of what is not open fails',
    source: ({ source, streams }) => ({
      release: async (id) => (streams.look(id) ? source.release(id) : Promise.reject(new Error('not open'))),
    }),
  },
  {
    clause: 'source.reopen.bytes',
    fault: 'opens another film from the record',
    source: ({ source, streams }) => ({
      async reopen(record, options) {
        const stream = await source.reopen(record, options);
        const { size } = stream;
        const [type, { validators }] = ['video/x-matroska', stream];
        const read = async function* (start: number, end: number | undefined) {
          yield new Uint8Array((end ?? size ?? 0) - start);
        };
        await streams.publish({ id: record.streamId, size, validators, type, read });
        return stream;
      },
    }),
  },
  {
    clause: 'source.reopen.unchanged',
    fault: 'other validators after reopen',
    source: ({ source }) => ({
      async reopen(record, options) {
        return { ...(await source.reopen(record, options)), validators: { etag: '"new"' } };
      },
    }),
  },
  {
    clause: 'source.reopen.changed',
    fault: 'takes whatever is there now',
    source: ({ source }) => ({
      async reopen(record, options) {
        const { validators: _, ...stream } = await source.open(record.item, {
          ...options,
          streamId: record.streamId,
        });
        return record.validators ? { ...stream, validators: record.validators } : stream;
      },
    }),
  },
  {
    clause: 'source.prefetch.resolves',
    fault: 'prefetch fails',
    source: () => ({ prefetch: () => Promise.reject(new Error('no')) }),
  },
  {
    clause: 'source.prefetch.forgotten',
    fault: 'fails for what it has forgotten already',
    source: () => {
      let times = 0;
      return {
        forget: async () => {
          times += 1;
          if (times > 1) throw new Error('no');
        },
      };
    },
  },
  {
    clause: 'source.position.harmless',
    fault: 'throws at a position of an unknown stream',
    source: ({ streams }) => ({
      notifyPosition(id) {
        if (!streams.look(id)) throw new Error('unknown');
      },
    }),
  },
  {
    clause: 'source.stats.figures',
    fault: 'a rate that is no number',
    source: () => ({ stats: async () => ({ downloadRate: Number.NaN }) }),
  },
  ...cachingFaults,
];
