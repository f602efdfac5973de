import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Item, Source } from '@kinoport/core';
import { TestContext } from '@kinoport/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import plugin from '../../../plugins/torrent/src/index.ts';
import { LabSwarm } from '../../support/lab/swarm/labSwarm.ts';
import { type LabTorrent, makeTorrent, type TorrentOptions } from '../../support/lab/swarm/torrent.ts';

const MB = 1024 * 1024;
const CONFIG = {
  accepted: true,
  cacheSize: 1024,
  keepDays: 30,
  upload: true,
  uploadLimit: 0,
  downloadLimit: 0,
  readAhead: 12,
  metadataTimeout: 30,
  port: 0,
  connections: 20,
  dht: false,
  localPeers: false,
  ssrfMitigation: false,
  portMapping: false,
  utp: false,
  trackers: [],
};

let folder: string;
let context: TestContext;
let source: Source;
const swarms: LabSwarm[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kp-bt-'));
  await start();
});

afterEach(async () => {
  await context.dispose();
  await Promise.all(swarms.splice(0).map((swarm) => swarm.dispose()));
  rmSync(folder, { recursive: true, force: true });
});

async function start(config: object = {}): Promise<void> {
  context = new TestContext({ folder: join(folder, 'plugin'), config: { ...CONFIG, ...config } });
  await context.activate(plugin);
  const registered = context.sources.get('torrent');
  if (!registered) throw new Error('The plugin registered no source.');
  source = registered;
}

async function torrentOf(
  files: Readonly<Record<string, number | string>>,
  options: TorrentOptions = {},
): Promise<LabTorrent> {
  const paths = Object.entries(files).map(([name, content]) => {
    const path = join(folder, 'made', name);
    mkdirSync(join(path, '..'), { recursive: true });
    const bytes =
      typeof content === 'string'
        ? Buffer.from(content)
        : Buffer.from(Uint8Array.from({ length: content }, (_, n) => (n * 7 + (n >> 9)) & 255));
    writeFileSync(path, bytes);
    return path;
  });
  const [only = ''] = paths;
  return makeTorrent(paths.length === 1 ? only : paths, {
    ...(paths.length === 1 ? {} : { name: 'Show' }),
    pieceLength: 65_536,
    ...options,
  });
}

async function seeded(torrent: LabTorrent, rate = 20 * MB): Promise<LabSwarm> {
  const swarm = await LabSwarm.start(torrent, [{ rate, delay: 1 }]);
  swarms.push(swarm);
  return swarm;
}

async function itemsOf(uri: string): Promise<readonly Item[]> {
  return (await source.resolve(uri, {})).items;
}

async function first(uri: string): Promise<Item> {
  const [item] = await itemsOf(uri);
  if (!item) throw new Error('There is no item.');
  return item;
}

const saved = (torrent: LabTorrent): string => torrent.save(join(folder, `${torrent.infohash}.torrent`));
const digest = (bytes: Uint8Array): string => createHash('sha1').update(bytes).digest('hex');
const onDisk = (torrent: LabTorrent, n = 0): Buffer => readFileSync(torrent.files[n] ?? '');

describe('an address', () => {
  it('of several films leads to a list to choose from, in natural order', async () => {
    const torrent = await torrentOf({ 'Show.S01E10.mkv': 500, 'Show.S01E9.mkv': 501, 'read.txt': 'me' });
    const found = await source.resolve(saved(torrent), {});
    expect(found).toMatchObject({ kind: 'folder', title: 'Show', ask: true });
    expect(found.items.map(({ key, size, series }) => [key, size, series?.episode])).toEqual([
      [`btih:${torrent.infohash}/1`, 501, 9],
      [`btih:${torrent.infohash}/0`, 500, 10],
    ]);
  });

  it('that names one file leads to that one', async () => {
    const torrent = await torrentOf({ 'a.mkv': 500, 'b.mkv': 500 });
    await source.resolve(saved(torrent), {});
    const found = await source.resolve(`${torrent.magnet()}&so=1`, {});
    expect(found).toMatchObject({ kind: 'single', items: [{ key: `btih:${torrent.infohash}/1` }] });
    await expect(source.resolve(`${torrent.magnet()}&so=7`, {})).rejects.toMatchObject({
      code: 'TORRENT_FILE_NOT_FOUND',
    });
  });

  it('of nothing to play says so', async () => {
    await expect(source.resolve(saved(await torrentOf({ 'read.txt': 'me' })), {})).rejects.toMatchObject({
      code: 'SOURCE_EMPTY',
    });
  });

  it('of a private torrent keeps the addresses of its trackers to itself', async () => {
    const trackers = ['http://127.0.0.1:9/secret/announce'];
    const open = await first(saved(await torrentOf({ 'a.mkv': 500 }, { trackers })));
    expect(decodeURIComponent(open.uri)).toContain('secret');
    const closed = await first(saved(await torrentOf({ 'a.mkv': 500 }, { trackers, isPrivate: true })));
    expect(JSON.stringify(closed)).not.toContain('secret');
  });

  it('asks nobody before the viewer has agreed', async () => {
    await context.dispose();
    await start({ accepted: false });
    const torrent = await torrentOf({ 'a.mkv': 500 });
    await expect(source.resolve(torrent.magnet(), {})).rejects.toMatchObject({
      code: 'TORRENT_NOT_ACCEPTED',
      data: { consent: { setting: 'accepted' } },
    });
    const item = await first(saved(torrent));
    await expect(source.open(item, { streamId: 'one' })).rejects.toMatchObject({
      code: 'TORRENT_NOT_ACCEPTED',
    });
  });

  it('is asked of nobody where only what is known counts', async () => {
    const torrent = await torrentOf({ 'a.mkv': 500, 'b.mkv': 500 });
    const swarm = await seeded(torrent);
    const onlyIfCached = { onlyIfCached: true };
    await expect(source.resolve(swarm.magnet, onlyIfCached)).rejects.toMatchObject({
      code: 'SOURCE_NOT_CACHED',
      data: { keyPrefix: `btih:${torrent.infohash}/` },
    });
    expect(await swarm.stats()).toMatchObject({ sent: 0 });
    await source.resolve(saved(torrent), {});
    expect((await source.resolve(swarm.magnet, onlyIfCached)).items).toHaveLength(2);
  });

  it('whose peers nobody finds ends after the time that the config gives it, or when given up', async () => {
    await context.dispose();
    await start({ metadataTimeout: 0.3 });
    const torrent = await torrentOf({ 'a.mkv': 500 });
    await expect(source.resolve(torrent.magnet(), {})).rejects.toMatchObject({
      code: 'TORRENT_METADATA_TIMEOUT',
    });
    const abort = new AbortController();
    const resolving = source.resolve(torrent.magnet(), { signal: abort.signal });
    abort.abort();
    await expect(resolving).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

describe('a film', () => {
  it('is served byte for byte, in ranges, to several at once', async () => {
    const torrent = await torrentOf({ 'a.mkv': 3 * MB + 11, 'b.mkv': 2 * MB });
    const swarm = await seeded(torrent);
    const item = (await itemsOf(swarm.magnet))[1];
    if (!item) throw new Error('There is no second item.');
    const stream = await source.open(item, { streamId: 'one' });
    expect(stream).toMatchObject({ size: 2 * MB, mime: 'video/x-matroska', location: { type: 'published' } });
    const film = onDisk(torrent, 1);
    const [all, tail, middle] = await Promise.all([
      context.read('one'),
      context.read('one', 2 * MB - 5),
      context.read('one', 700_001, 1_300_002),
    ]);
    expect(digest(all)).toBe(digest(film));
    expect(Buffer.compare(tail, film.subarray(-5))).toBe(0);
    expect(Buffer.compare(middle, film.subarray(700_001, 1_300_002))).toBe(0);
    expect(await source.stats?.('one')).toMatchObject({ peers: 1, bufferedSeconds: expect.any(Number) });
  });

  it('that is played twice goes on for the one when the other is over', async () => {
    const torrent = await torrentOf({ 'a.mkv': 2 * MB });
    const item = await first((await seeded(torrent, 2 * MB)).magnet);
    await source.open(item, { streamId: 'one' });
    await source.open(item, { streamId: 'two' });
    const reading = context.read('two');
    await context.read('one', 0, 100_000);
    await source.release('one');
    expect(context.published.has('one')).toBe(false);
    expect(digest(await reading)).toBe(digest(onDisk(torrent)));
  });

  it('needs nobody the second time', async () => {
    const torrent = await torrentOf({ 'a.mkv': MB });
    const swarm = await seeded(torrent);
    await source.open(await first(swarm.magnet), { streamId: 'one' });
    await context.read('one');
    await context.dispose();
    await swarm.dispose();
    await start();
    await source.open(await first(torrent.magnet()), { streamId: 'two' });
    expect(digest(await context.read('two'))).toBe(digest(onDisk(torrent)));
  });

  it('is the same stream again for the next process of the plugin', async () => {
    const torrent = await torrentOf({ 'a.mkv': MB, 'a.en.srt': 'one line' });
    const item = await first((await seeded(torrent)).magnet);
    const stream = await source.open(item, { streamId: 'one' });
    const ids = [...context.published.keys()];
    await context.read('one', 0, 1);
    const note = join(folder, 'plugin/pieces', torrent.infohash, 'resume.json');
    await expect
      .poll(() => existsSync(note) && readFileSync(note, 'utf8'), { timeout: 5_000 })
      .toContain('127.0.0.1');
    const before = context;
    await start();
    const record = { streamId: 'one', item, record: stream.record ?? {}, ...stream };
    expect(await source.reopen?.(record, {})).toMatchObject({ validators: stream.validators });
    expect([...context.published.keys()]).toEqual(ids);
    await before.dispose();
    expect(digest(await context.read('one'))).toBe(digest(onDisk(torrent)));
  });

  it('brings the subtitles that lie beside it', async () => {
    const torrent = await torrentOf({ 'a.mkv': MB, 'a.en.srt': 'Hello there', 'b.mkv': MB });
    const item = await first((await seeded(torrent)).magnet);
    const { subtitles } = await source.open(item, { streamId: 'one' });
    expect(subtitles).toMatchObject([{ url: expect.any(String), language: 'en' }]);
    const [, id = ''] = [...context.published.keys()];
    expect(Buffer.from(await context.read(id)).toString()).toBe('Hello there');
  });
});

describe('what comes next', () => {
  it('is fetched beforehand: head and tail are there when it is played', async () => {
    const torrent = await torrentOf({ 'a.mkv': MB, 'b.mkv': 4 * MB });
    const swarm = await seeded(torrent);
    const [one, two] = await itemsOf(swarm.magnet);
    if (!one || !two) throw new Error('There are not two.');
    await source.open(one, { streamId: 'one' });
    await source.prefetch?.(two, 'next', {});
    await context.read('one');
    await expect.poll(async () => (await swarm.stats()).sent, { timeout: 5_000 }).toBeGreaterThan(3 * MB);
    await swarm.remove(0);
    await source.open(two, { streamId: 'two' });
    expect(
      Buffer.compare(await context.read('two', 0, 100_000), onDisk(torrent, 1).subarray(0, 100_000)),
    ).toBe(0);
  });

  it('is what was asked for last', async () => {
    const torrent = await torrentOf({ 'a.mkv': MB, 'b.mkv': MB });
    const [one, two] = await itemsOf((await seeded(torrent)).magnet);
    if (!one || !two) throw new Error('There are not two.');
    const older = source.prefetch?.(one, 'next', {});
    const newer = source.prefetch?.(two, 'next', {});
    await expect(older).rejects.toMatchObject({ code: 'TORRENT_SUPERSEDED' });
    await newer;
  });
});

describe('what is kept', () => {
  it('is told, pinned over a restart, and cleared of what is read, without harm to the other', async () => {
    const torrent = await torrentOf({ 'a.mkv': MB });
    const other = await torrentOf({ 'b.mkv': MB });
    await source.open(await first((await seeded(torrent)).magnet), { streamId: 'one' });
    await source.open(await first((await seeded(other)).magnet), { streamId: 'two' });
    await context.read('one');
    await context.read('two');
    await source.cache?.pin?.([torrent.infohash, 'none'], true, {});
    const usage = await source.cache?.usage({});
    expect(usage).toMatchObject({ bytes: 2 * MB, limit: 1024 * MB });
    expect(usage?.entries.find(({ id }) => id === torrent.infohash)).toMatchObject({
      ...{ title: 'a.mkv', bytes: MB, size: MB, pinned: true, streams: ['one'] },
    });
    expect(await source.cache?.clear([torrent.infohash, 'none'], {})).toEqual({ bytes: MB });
    expect([...context.published.keys()]).toEqual(['two']);
    expect(digest(await context.read('two'))).toBe(digest(onDisk(other)));
    await source.cache?.pin?.([other.infohash], true, {});
    await context.dispose();
    await start({ keepDays: 0 });
    expect(await source.cache?.prune({})).toEqual({ bytes: 0 });
    expect(await source.cache?.usage({})).toMatchObject({
      entries: [{ id: other.infohash, pinned: true, streams: [] }],
    });
  });
});

describe('what is given up while it is prepared', () => {
  const nobodyHas = { 'a.mkv': MB, 'b.mkv': MB } as const;

  it('is forgotten: its prefetch ends, and nothing of it is held', async () => {
    const torrent = await torrentOf(nobodyHas);
    const two = (await itemsOf(saved(torrent)))[1];
    if (!two) throw new Error('There is no second item.');
    // Known by its link only, for which nobody answers.
    await context.run('torrent remove', { args: { torrent: torrent.infohash } });
    const prefetching = source.prefetch?.({ ...two, uri: torrent.magnet() }, 'next', {});
    const ended = expect(prefetching).rejects.toMatchObject({ code: 'TORRENT_SUPERSEDED' });
    await new Promise((resolve) => setImmediate(resolve));
    await source.forget?.(two);
    await ended;
  });

  it('is not opened, for the one of two plays only that was called off', async () => {
    const torrent = await torrentOf({ 'a.mkv': MB });
    const item = await first(saved(torrent));
    await context.run('torrent remove', { args: { torrent: torrent.infohash } });
    // So far away that both wait for what is in it.
    const swarm = await LabSwarm.start(torrent, [{ delay: 150 }]);
    swarms.push(swarm);
    const asked = { ...item, uri: swarm.magnet };
    const abort = new AbortController();
    const off = source.open(asked, { streamId: 'off', signal: abort.signal });
    const on = source.open(asked, { streamId: 'on' });
    const called = expect(off).rejects.toMatchObject({ code: 'ABORTED' });
    await new Promise((resolve) => setImmediate(resolve));
    abort.abort();
    await called;
    await source.release('off');
    await on;
    expect([...context.published.keys()]).toEqual(['on']);
    expect(digest(await context.read('on'))).toBe(digest(onDisk(torrent)));
  });
});

describe('the commands', () => {
  it('list what is on disk, and remove it', async () => {
    const torrent = await torrentOf({ 'a.mkv': MB });
    await source.open(await first((await seeded(torrent)).magnet), { streamId: 'one' });
    await context.read('one');
    const list = async (): Promise<unknown> =>
      JSON.parse((await context.run('torrent list', { json: true })).stdout.join(''));
    expect(await list()).toMatchObject([{ infohash: torrent.infohash, bytes: MB, isOpen: true }]);
    await context.run('torrent remove', { args: { torrent: torrent.infohash.slice(0, 6) } });
    expect(context.published.size).toBe(0);
    expect(await list()).toEqual([]);
    await expect(context.run('torrent remove', { args: { torrent: 'x' } })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});
