import { isKinoportError } from '../../errors.ts';
import type { Clause } from '../clause.ts';
import { plain } from '../plain.ts';
import type { Trial } from '../trial.ts';
import { ClauseSkipped, shown } from '../trial.ts';
import {
  expectBytes,
  firstItem,
  knownItem,
  newStreamId,
  openItem,
  PATIENCE,
  reopened,
  SOURCE_CODES,
  sameBytes,
} from './stage.ts';
import type { SourceSubject } from './subject.ts';

/** From items to bytes. */
export const streamingClauses: readonly Clause<SourceSubject>[] = [
  {
    id: 'source.open.shape',
    title: 'open tells a location, a whole size, and a plain record of at most 16 KiB',
    why: 'The host stores the record, to open the stream again after a crash.',
    async run(subject, t: Trial) {
      const { stream } = await openItem(subject, t, await firstItem(subject, t));
      plain(t, 'the stream', stream);
      const { location, size, record } = stream;
      t.ok(location.type === 'path' || location.type === 'published', `the location is ${shown(location)}`);
      if (location.type === 'path') t.ok(location.path !== '', 'the path is empty');
      t.ok(size === undefined || (Number.isSafeInteger(size) && size >= 0), `the size is ${size}`);
      const length = JSON.stringify(record ?? {}).length;
      t.ok(length <= 16_384, `the record has ${length} bytes`);
    },
  },
  {
    id: 'source.open.published',
    title: 'what is said to be published is, under the id that the host gave',
    why: 'The address that the player gets is made of that id.',
    async run(subject, t: Trial) {
      const opened = await openItem(subject, t, await firstItem(subject, t));
      if (opened.stream.location.type === 'path') t.skip('the player opens the file itself');
      t.ok((await subject.streams.look(opened.id)) !== undefined, 'nothing is published under the id');
    },
  },
  {
    id: 'source.open.size',
    title: 'the size that open tells is the one that is published, and that of the bytes',
    why: 'Players seek by it.',
    async run(subject, t: Trial) {
      const { item, bytes } = await knownItem(subject, t);
      const opened = await openItem(subject, t, item);
      const { size } = opened.stream;
      if (size !== undefined) t.equal('the size', size, bytes.length);
      if (opened.stream.location.type === 'published') {
        const published = opened.published();
        t.equal('the published size', published.size, size);
      }
    },
  },
  {
    id: 'source.open.twice',
    title: 'the same item is open twice at once, and each is released by itself',
    why: 'Two rooms of a house watch the same film.',
    async run(subject, t: Trial) {
      const { item, bytes } = await knownItem(subject, t);
      const first = await openItem(subject, t, item);
      const second = await openItem(subject, t, item);
      await subject.source.release(first.id);
      const head = await second.bytes(0, 1_000).catch((error: unknown) => {
        if (error instanceof ClauseSkipped) throw error;
        t.fail(`after the release of the other, a read failed with ${String(error)}`);
      });
      t.ok(sameBytes(head, bytes.subarray(0, 1_000)), 'after the release of the other it gives other bytes');
    },
  },
  {
    id: 'source.open.missing',
    title: 'an item whose content is not there any more rejects with a code of the contract',
    why: 'Disks are unplugged, and links expire.',
    async run(subject, t: Trial) {
      const { missing } = subject;
      if (missing === undefined) t.skip('no address that leads nowhere was given (missing)');
      const item = await firstItem(subject, t);
      const gone = { key: 'conformance:gone', uri: missing, title: 'Gone', kind: item.kind };
      await t.rejects(
        'open',
        () => subject.source.open(gone, { streamId: newStreamId(), signal: t.signal }),
        ...SOURCE_CODES,
      );
    },
  },
  {
    id: 'source.open.abort',
    title: 'open with a signal that has fired rejects with ABORTED',
    why: 'The viewer has gone on to something else.',
    async run(subject, t: Trial) {
      const item = await firstItem(subject, t);
      const signal = AbortSignal.abort();
      const streamId = newStreamId();
      t.defer(() => subject.source.release(streamId));
      await t.rejects('open', () => subject.source.open(item, { streamId, signal }), 'ABORTED');
    },
  },
  {
    id: 'source.read.whole',
    title: 'all bytes, from the first to the last, are those of the item',
    why: 'One wrong byte is a broken picture.',
    async run(subject, t: Trial) {
      const { item, bytes } = await knownItem(subject, t);
      const opened = await openItem(subject, t, item);
      expectBytes(t, 'the bytes', await opened.bytes(0, undefined), bytes);
    },
  },
  range('start', 'the first bytes', () => [0, 4_096]),
  range('middle', 'bytes from the middle', (size) => {
    const start = Math.floor(size / 2) - 777;
    return [start, start + 5_001];
  }),
  range('tail', 'the last bytes', (size) => [size - 1_234, size]),
  range('single', 'a single byte', (size) => [Math.floor(size / 3), Math.floor(size / 3) + 1]),
  range('beyond', 'the bytes of a range that reaches beyond the end', (size) => [size - 321, size + 10_000]),
  {
    id: 'source.read.concurrent',
    title: 'reads at the same time do not disturb each other',
    why: 'A player reads the index at the end while it reads the beginning.',
    async run(subject, t: Trial) {
      const { item, bytes } = await knownItem(subject, t);
      const opened = await openItem(subject, t, item);
      const step = Math.floor(bytes.length / 8);
      const starts = [0, 1, 2, 3, 4, 5].map((index) => index * step + index);
      const parts = await Promise.all(starts.map((start) => opened.bytes(start, start + step)));
      for (const [index, part] of parts.entries()) {
        const start = starts[index] ?? 0;
        t.ok(sameBytes(part, bytes.subarray(start, start + step)), `the read from ${start} gave other bytes`);
      }
    },
  },
  {
    id: 'source.read.abort',
    title: 'a read whose signal fires ends, and nothing of it goes on',
    why: 'Each seek of a player leaves a read behind.',
    async run(subject, t: Trial) {
      const { item, bytes } = await knownItem(subject, t);
      const opened = await openItem(subject, t, item);
      opened.published();
      const abort = new AbortController();
      const ended = drained(opened.chunks(0, bytes.length, abort.signal), () => abort.abort());
      await t.within('the end of the read', 5_000, ended);
      const { readers } = subject.streams;
      if (readers) await t.until('no reader', 5_000, () => readers.call(subject.streams, opened.id) === 0);
    },
  },
  {
    id: 'source.read.left',
    title: 'a read that is left in the middle is over, and others go on',
    why: 'A player that closes must not keep a connection of the origin busy.',
    async run(subject, t: Trial) {
      const { item, bytes } = await knownItem(subject, t);
      const opened = await openItem(subject, t, item);
      opened.published();
      const left = (async () => {
        for await (const _ of opened.chunks(0, bytes.length, t.signal)) return;
      })();
      await t.within('the end of a read that was left', 5_000, left);
      const part = await opened.bytes(10, 20);
      t.ok(sameBytes(part, bytes.subarray(10, 20)), 'the read after it gave other bytes');
    },
  },
  {
    id: 'source.release.unpublished',
    title: 'after release nothing is published any more',
    why: 'An address that was given away must not live for ever.',
    async run(subject, t: Trial) {
      const opened = await openItem(subject, t, await firstItem(subject, t));
      opened.published();
      await subject.source.release(opened.id);
      await t.until('the stream to be gone', 3_000, async () => !(await subject.streams.look(opened.id)));
    },
  },
  {
    id: 'source.release.again',
    title: 'release of a stream that is not open does nothing, and does not fail',
    why: 'It is called after crashes, too, when nobody knows.',
    async run(subject, t: Trial) {
      const opened = await openItem(subject, t, await firstItem(subject, t));
      await subject.source.release(opened.id);
      await t.within('release', PATIENCE, subject.source.release(opened.id));
      await t.within('release of an unknown stream', PATIENCE, subject.source.release(newStreamId()));
    },
  },
  {
    id: 'source.reopen.bytes',
    title: 'a stream that was opened again from its record has the same bytes',
    why: 'The film goes on at the exact byte after a crash of the source.',
    async run(subject, t: Trial) {
      const { item, bytes } = await knownItem(subject, t);
      const { after } = await reopened(subject, t, item);
      const middle = Math.floor(bytes.length / 2);
      const part = await after.bytes(middle, middle + 3_000);
      t.ok(sameBytes(part, bytes.subarray(middle, middle + 3_000)), 'it has other bytes');
    },
  },
  {
    id: 'source.reopen.unchanged',
    title: 'a stream that was opened again has the size and validators that it had',
    why: 'With others the player would be cut off.',
    async run(subject, t: Trial) {
      const { before, after } = await reopened(subject, t, await firstItem(subject, t));
      t.equal('the size', after.stream.size, before.stream.size);
      t.equal('the etag', after.stream.validators?.etag, before.stream.validators?.etag);
      const [last, first] = [after.stream.validators?.lastModified, before.stream.validators?.lastModified];
      t.equal('lastModified', last, first);
    },
  },
  {
    id: 'source.prefetch.resolves',
    title: 'prefetch of both levels resolves, and the item opens afterwards as ever',
    why: 'It is a hint, and must not break the next episode.',
    async run(subject, t: Trial) {
      const { source } = subject;
      if (!source.prefetch) t.skip('it does not prefetch');
      const { item, bytes } = await knownItem(subject, t);
      for (const level of ['warm', 'next'] as const)
        await t.within('prefetch', PATIENCE, source.prefetch(item, level, { signal: t.signal }));
      const opened = await openItem(subject, t, item);
      t.ok(sameBytes(await opened.bytes(0, 100), bytes.subarray(0, 100)), 'it gives other bytes');
    },
  },
  {
    id: 'source.prefetch.forgotten',
    title:
      'forget resolves, for what was prefetched and for what was not, and the item opens afterwards as ever',
    why: 'The viewer chose another episode, and may come back.',
    async run(subject, t: Trial) {
      const { source } = subject;
      if (!source.forget) t.skip('it forgets nothing');
      const { item, bytes } = await knownItem(subject, t);
      await source.prefetch?.(item, 'next', { signal: t.signal }).catch(() => undefined);
      for (let time = 0; time < 2; time += 1) await t.within('forget', PATIENCE, source.forget(item));
      const opened = await openItem(subject, t, item);
      await t.within('forget', PATIENCE, source.forget(item));
      t.ok(sameBytes(await opened.bytes(0, 100), bytes.subarray(0, 100)), 'it gives other bytes');
    },
  },
  {
    id: 'source.position.harmless',
    title: 'notifyPosition never throws, also for a stream that is not open',
    why: 'It comes four times a second, and late.',
    async run(subject, t: Trial) {
      const { source } = subject;
      if (!source.notifyPosition) t.skip('it takes no hints');
      const opened = await openItem(subject, t, await firstItem(subject, t));
      try {
        source.notifyPosition(opened.id, { seconds: 3.5, byteOffset: 1_000 });
        source.notifyPosition(opened.id, { seconds: 0 });
        source.notifyPosition(newStreamId(), { seconds: 1 });
      } catch (error) {
        t.fail(`it threw ${String(error)}`);
      }
    },
  },
  {
    id: 'source.stats.figures',
    title: 'stats are figures that are not negative, and none for a stream that is not open',
    why: 'They stand in the status line.',
    async run(subject, t: Trial) {
      const { source } = subject;
      if (!source.stats) t.skip('it has no stats');
      const opened = await openItem(subject, t, await firstItem(subject, t));
      for (const id of [opened.id, newStreamId()]) {
        const stats = await t.within('stats', 2_000, source.stats(id));
        const { activity, ...figures } = stats;
        t.ok(activity === undefined || activity.length <= 100, 'activity is longer than 100 characters');
        for (const [name, value] of Object.entries(figures))
          t.ok(
            typeof value === 'number' && Number.isFinite(value) && value >= 0,
            `${name} is ${String(value)}`,
          );
      }
    },
  },
  {
    id: 'source.reopen.changed',
    title: 'when the content has become another one, it is not given as the old: SOURCE_CHANGED',
    why: 'The second half of another film is worse than an error.',
    async run(subject, t: Trial) {
      const { change } = subject;
      if (!change) t.skip('nobody changes the content (change)');
      const { item, bytes } = await knownItem(subject, t);
      const before = await openItem(subject, t, item);
      if (!subject.source.reopen) t.skip('it does not reopen streams');
      await change();
      const source = subject.again ? await subject.again() : subject.source;
      // Some see it when they open, others when they read.
      const reads = async (): Promise<Uint8Array> => {
        const stream = await source.reopen?.(before.record, { signal: t.signal });
        if (!stream) t.fail('reopen gave nothing');
        t.defer(() => source.release(before.id));
        const { location } = stream;
        const part: number[] = [];
        const chunks =
          location.type === 'path'
            ? (subject.streams.readFile?.(location.path, 0, 100) ?? [])
            : subject.streams.read(before.id, 0, 100, t.signal);
        for await (const chunk of chunks) part.push(...chunk);
        return Uint8Array.from(part);
      };
      const got = await reads().catch((error: unknown) => error);
      if (got instanceof Uint8Array)
        t.ok(
          sameBytes(got, bytes.subarray(0, 100)),
          'the bytes of the new content came under the old record',
        );
      else if (!isKinoportError(got, 'SOURCE_CHANGED')) t.fail(`it failed with ${String(got)}`);
    },
  },
];

function range(
  name: string,
  what: string,
  of: (size: number) => readonly [number, number],
): Clause<SourceSubject> {
  return {
    id: `source.read.${name}`,
    title: `${what} are those of the item, no fewer and no more`.replace(
      'a single byte are those',
      'a single byte is that',
    ),
    why: 'Players jump about in a file.',
    async run(subject, t: Trial) {
      const { item, bytes } = await knownItem(subject, t);
      if (bytes.length < 16_384) t.skip('the first sample is smaller than 16 KiB');
      const opened = await openItem(subject, t, item);
      const [start, end] = of(bytes.length);
      expectBytes(t, what.replace(/,.*/, ''), await opened.bytes(start, end), bytes.subarray(start, end));
    },
  };
}

/** Takes the first chunk, runs `then`, and goes on until the iteration is over, however that is. */
async function drained(chunks: AsyncIterable<Uint8Array>, then: () => void): Promise<void> {
  let isFirst = true;
  try {
    for await (const _ of chunks) {
      if (isFirst) then();
      isFirst = false;
    }
  } catch {
    // That is how most reads end.
  }
}
