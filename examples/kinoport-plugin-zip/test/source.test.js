// @ts-check
/** @import { SourceSubject } from '@kinoport/core/conformance' */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { MemoryStreams, runClause, sourceClauses } from '@kinoport/core/conformance';
import { TestContext } from '@kinoport/core/testing';
import plugin from '../src/index.js';
import { zipOf } from './zip.js';

/** Bytes that compress to about a half. @param {number} length */
function film(length, seed = 'film') {
  const parts = [];
  for (let count = 0; count * 64 < length; count += 1)
    parts.push(createHash('sha256').update(`${seed}${count}`).digest(), Buffer.alloc(32));
  return Buffer.concat(parts).subarray(0, length);
}

const BYTES = film(1_000_000);

/** @type {string} */
let folder;
/** @type {MemoryStreams} */
let streams;
/** @type {TestContext[]} */
let contexts;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zip-'));
  streams = new MemoryStreams();
  contexts = [];
});
afterEach(async () => {
  for (const context of contexts) await context.dispose();
  await rm(folder, { recursive: true });
});

async function source(config = {}) {
  const context = new TestContext({ folder, config, members: { streams } });
  contexts.push(context);
  await context.activate(plugin);
  const found = context.sources.get('zip');
  assert.ok(found);
  return found;
}

/** @param {Parameters<typeof zipOf>[0]} members */
async function archive(members, name = 'films.zip') {
  const path = join(folder, name);
  await writeFile(path, zipOf(members));
  return path;
}

const signal = new AbortController().signal;

/** @param {string} id */
async function bytesOf(id, start = 0, /** @type {number | undefined} */ end = undefined) {
  const parts = [];
  for await (const part of streams.read(id, start, end, signal)) parts.push(part);
  return Buffer.concat(parts);
}

for (const deflate of [false, true]) {
  for (const clause of sourceClauses) {
    test(`${deflate ? 'compressed' : 'stored'}: ${clause.id}`, async (t) => {
      const members = ['1', '2', '10'].map((number) => ({
        name: `Show/Episode ${number}.mkv`,
        bytes: number === '1' ? BYTES : film(20_000, number),
        deflate,
      }));
      const path = await archive(members);
      /** @type {SourceSubject} */
      const subject = {
        source: await source(),
        streams,
        samples: [
          { uri: `zip:${path}!Show/Episode 1.mkv`, kind: 'single', bytes: BYTES },
          { uri: path, kind: 'folder', titles: ['Episode 1', 'Episode 2', 'Episode 10'] },
        ],
        missing: `zip:${path}!Show/none.mkv`,
        empty: await archive([{ name: 'readme.txt', bytes: Buffer.from('text') }], 'empty.zip'),
        again: () => source(),
        change: async () => {
          await archive([{ name: 'Show/Episode 1.mkv', bytes: film(1_000_000, 'other'), deflate }]);
        },
      };
      const { status, message } = await runClause(clause, subject);
      if (status === 'skipped') t.skip(message);
      assert.notEqual(status, 'failed', `${clause.title}: ${message}`);
    });
  }
}

test('nothing of what was unpacked is left in the cache, not even while it is read', async () => {
  const path = await archive([{ name: 'film.mkv', bytes: BYTES, deflate: true }]);
  const zip = await source();
  const [item] = (await zip.resolve(path, {})).items;
  assert.ok(item);
  await zip.open(item, { streamId: 'one' });
  assert.deepEqual(await bytesOf('one', 999_000), BYTES.subarray(999_000));
  assert.deepEqual(await readdir(folder), ['films.zip']);
});

test('the key is that of the content, however it is packed and called', async () => {
  const stored = await archive([{ name: 'film.mkv', bytes: BYTES }], 'one.zip');
  const deflated = await archive([{ name: 'folder/other.mkv', bytes: BYTES, deflate: true }], 'two.zip');
  const zip = await source();
  const keys = await Promise.all(
    [stored, deflated].map(async (path) => (await zip.resolve(path, {})).items[0]?.key),
  );
  assert.equal(keys[0], keys[1]);
});

test('subtitles beside the film are offered with their language', async () => {
  const line = Buffer.from('1\n00:00:01,000 --> 00:00:02,000\nA line.\n');
  const path = await archive([
    { name: 'film.mkv', bytes: BYTES },
    { name: 'film.srt', bytes: line, deflate: true },
    { name: 'film.de.srt', bytes: line },
    { name: 'film 2.srt', bytes: line },
  ]);
  const zip = await source();
  const [item] = (await zip.resolve(path, {})).items;
  assert.ok(item);
  const { subtitles = [] } = await zip.open(item, { streamId: 'one' });
  assert.deepEqual(
    subtitles.map(({ language }) => language),
    [undefined, 'de'],
  );
});

test('a damaged member fails when it is read, and says so', async () => {
  const path = await archive([{ name: 'film.mkv', bytes: BYTES, deflate: true, crc: 1 }]);
  const zip = await source();
  await zip.open(
    { key: 'zip:x', uri: `zip:${path}!film.mkv`, title: 'x', kind: 'video' },
    { streamId: 'one' },
  );
  assert.deepEqual(await bytesOf('one', 0, 1000), BYTES.subarray(0, 1000));
  await assert.rejects(bytesOf('one'), { code: 'SOURCE_FAILED' });
});

test('an archive that is replaced while it plays is not read as the old one', async () => {
  const path = await archive([{ name: 'film.mkv', bytes: BYTES }]);
  const zip = await source();
  await zip.open(
    { key: 'zip:x', uri: `zip:${path}!film.mkv`, title: 'x', kind: 'video' },
    { streamId: 'one' },
  );
  await rename(await archive([{ name: 'film.mkv', bytes: film(1_000_000, 'other') }], 'new.zip'), path);
  await assert.rejects(bytesOf('one'), { code: 'SOURCE_CHANGED' });
});

test('bad archives and addresses end in a sentence', async () => {
  const zip = await source({ unpackAtMost: 1 });
  const failing = async (/** @type {string} */ uri) => {
    const open = { key: 'zip:x', uri, title: 'x', kind: /** @type {const} */ ('video') };
    const error = await zip.open(open, { streamId: 'bad' }).then(
      () => undefined,
      (thrown) => thrown,
    );
    return error?.code;
  };
  const path = await archive([
    { name: 'secret.mkv', bytes: BYTES, deflate: true, encrypted: true },
    { name: 'lzma.mkv', bytes: BYTES, method: 14 },
    { name: 'bomb.mkv', bytes: BYTES, deflate: true, size: 0xf000_0000 },
  ]);
  assert.equal(await failing(`zip:${path}!secret.mkv`), 'SOURCE_FORBIDDEN');
  assert.equal(await failing(`zip:${path}!lzma.mkv`), 'SOURCE_UNSUPPORTED');
  assert.equal(await failing(`zip:${path}!bomb.mkv`), 'SOURCE_UNSUPPORTED');
  assert.equal(await failing('zip:relative.zip!film.mkv'), 'SOURCE_NOT_FOUND');
  assert.equal(await failing('zip:'), 'SOURCE_NOT_FOUND');
  assert.equal(await failing(`zip:${folder}/none.zip!film.mkv`), 'SOURCE_NOT_FOUND');
  const outside = await archive([{ name: '../../film.mkv', bytes: BYTES }], 'outside.zip');
  assert.equal(await failing(`zip:${outside}!../../film.mkv`), 'SOURCE_NOT_MEDIA');
  const half = join(folder, 'half.zip');
  await writeFile(half, zipOf([{ name: 'film.mkv', bytes: BYTES }]).subarray(0, 500_000));
  assert.equal(await failing(`zip:${half}!film.mkv`), 'SOURCE_NOT_MEDIA');
  await chmod(half, 0);
  await assert.rejects(zip.resolve(half, {}));
  assert.equal(streams.look('bad'), undefined);
});
