import { execFile } from 'node:child_process';
import { chmod, mkdir, rename, symlink, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Harness, harness } from './support/context.ts';
import { film } from './support/origin.ts';

const run = promisify(execFile);
let h: Harness;

beforeEach(async () => {
  h = await harness();
});
afterEach(() => h.dispose());

async function put(name: string, content: Buffer | string = film(300)): Promise<string> {
  const path = join(h.folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  return path;
}

async function names(path = h.folder): Promise<string[]> {
  return (await h.source.resolve(path, {})).items.map((item) => basename(item.uri));
}

describe('a file', () => {
  test('keeps its key when it is renamed, moved, copied and touched', async () => {
    const bytes = film(200_000);
    const path = await put('a.mkv', bytes);
    const before = (await h.source.resolve(path, {})).items[0];
    const moved = join(h.folder, 'Other name (1999).mkv');
    await rename(path, moved);
    await utimes(moved, 1, 1);
    const after = (await h.source.resolve(pathToFileURL(moved).href, {})).items[0];
    expect(after?.key).toBe(before?.key);
    expect(after?.key).toMatch(/^file:200000-[0-9a-f]{32}$/);
    expect(after).toMatchObject({
      title: 'Other name',
      year: 1999,
      kind: 'video',
      size: 200_000,
      uri: moved,
    });
    bytes.writeUInt8(bytes.readUInt8(199_999) ^ 1, 199_999);
    const other = await put('b.mkv', bytes);
    expect((await h.source.resolve(other, {})).items[0]?.key).not.toBe(before?.key);
  });

  test.each([
    '-odd.mkv',
    'a b#c?d%20e.mkv',
    'quo\'te".mkv',
    'ünïcödé 🎬.mkv',
    'new\nline.mkv',
    '[x] {y}.mkv',
  ])('with the name %j opens by path', async (name) => {
    const path = await put(name);
    for (const uri of [path, pathToFileURL(path).href]) {
      const { items } = await h.source.resolve(uri, {});
      const [item] = items;
      if (!item) throw new Error('no item');
      const stream = await h.source.open(item, { streamId: 's' });
      expect(stream).toMatchObject({ location: { type: 'path', path }, size: 300, mime: 'video/x-matroska' });
    }
  });

  test('that is no media is refused with a code', async () => {
    const cases: [string, string][] = [
      [await put('notes.txt', 'hello'), 'SOURCE_NOT_MEDIA'],
      [await put('page.html', '<html>'), 'SOURCE_NOT_MEDIA'],
      [await put('film.mkv', '<!DOCTYPE html><html>sign in</html>'), 'SOURCE_NOT_MEDIA'],
      [await put('empty.mkv', ''), 'SOURCE_NOT_MEDIA'],
      [await put('a.zip', 'PK\x03\x04\x00\x00'), 'SOURCE_NOT_MEDIA'],
      [join(h.folder, 'missing.mkv'), 'SOURCE_NOT_FOUND'],
      [join(h.folder, 'notes.txt', 'below'), 'SOURCE_NOT_FOUND'],
      ['relative.mkv', 'INVALID_ARGUMENT'],
      ['file://elsewhere/x.mkv', 'INVALID_ARGUMENT'],
      [`/${'a'.repeat(300)}`, 'SOURCE_NOT_FOUND'],
      ['/dev/null', 'SOURCE_NOT_MEDIA'],
    ];
    for (const [uri, code] of cases) {
      await expect(h.source.resolve(uri, {}), uri).rejects.toMatchObject({ code, hint: expect.any(String) });
    }
  });

  test('without a media name is taken when its bytes are media', async () => {
    const path = await put('download');
    expect((await h.source.resolve(path, {})).items).toHaveLength(1);
  });

  test('that may not be read is refused', async () => {
    const path = await put('secret.mkv');
    await chmod(path, 0);
    const root = process.geteuid?.() === 0;
    if (root) {
      await chmod(h.folder, 0o755);
      process.seteuid?.(65_534);
    }
    try {
      await expect(h.source.resolve(path, {})).rejects.toMatchObject({ code: 'SOURCE_FORBIDDEN' });
    } finally {
      if (root) process.seteuid?.(0);
    }
  });

  test('has duration and bitrate at the second opening, by ffprobe', async () => {
    const path = join(h.folder, 'tone.wav');
    await run('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'sine=d=2', path]);
    const [item] = (await h.source.resolve(path, {})).items;
    if (!item) throw new Error('no item');
    expect(item.kind).toBe('audio');
    expect((await h.source.open(item, { streamId: 'a' })).duration).toBeUndefined();
    await h.source.idle();
    const again = await h.source.open(item, { streamId: 'b' });
    expect(again.duration).toBeCloseTo(2, 1);
    expect(again.hints?.bitrate).toBeGreaterThan(1000);
  });

  test('is reopened unless its size has changed', async () => {
    const path = await put('a.mkv');
    const [item] = (await h.source.resolve(path, {})).items;
    if (!item) throw new Error('no item');
    const { size, record } = await h.source.open(item, { streamId: 's' });
    const kept = { streamId: 's', item, size, record: record ?? {} };
    expect(await h.source.reopen(kept)).toMatchObject({ location: { type: 'path', path } });
    await put('a.mkv', film(301));
    await expect(h.source.reopen(kept)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  });
});

describe('a folder', () => {
  test('gives its episodes by season and number, specials last, without samples and extras', async () => {
    await put('Show/Season 10/Show S10E01.mkv');
    await put('Show/Season 2/Show.S02E10.mkv');
    await put('Show/Season 2/Show.S02E9.720p.mkv');
    await put('Show/Season 2/Show - 2x01 - Hi.mkv');
    await put('Show/Specials/Show S00E01.mkv');
    await put('Show/Season 2/Sample/show-sample.mkv');
    await put('Show/Season 2/sample-show.mkv');
    await put('Show/Season 2/Show.S02E9.720p.srt', 'x');
    await put('Show/Extras/Bloopers.mkv');
    await put('Show/.hidden/x.mkv');
    await put('Show/.x.mkv');
    await put('Show/theme.mp3', 'x');
    const result = await h.source.resolve(join(h.folder, 'Show'), {});
    expect(result).toMatchObject({ kind: 'folder', title: 'Show' });
    expect(result.items.map((item) => basename(item.uri))).toEqual([
      'Show - 2x01 - Hi.mkv',
      'Show.S02E9.720p.mkv',
      'Show.S02E10.mkv',
      'Show S10E01.mkv',
      'Show S00E01.mkv',
    ]);
    expect(result.items[0]?.series).toEqual({ title: 'Show', season: 2, episode: 1 });
  });

  test('of extras alone plays them', async () => {
    await put('Extras/Bloopers.mkv');
    expect(await names()).toEqual(['Bloopers.mkv']);
  });

  test('with links that lead in circles comes to an end, each file once', async () => {
    await put('in/a.mkv');
    await symlink('..', join(h.folder, 'in', 'up'));
    await symlink(h.folder, join(h.folder, 'again'));
    await symlink('loop', join(h.folder, 'loop'));
    await symlink('/nowhere', join(h.folder, 'broken.mkv'));
    expect(await names()).toEqual(['a.mkv']);
  });

  test('without media says so, and one not readable below is passed over', async () => {
    await put('a.txt', 'x');
    await expect(h.source.resolve(h.folder, {})).rejects.toMatchObject({ code: 'SOURCE_EMPTY' });
  });

  test('of 2000 episodes resolves quickly and faster the second time', async () => {
    await mkdir(join(h.folder, 'S'), { recursive: true });
    await Promise.all(
      Array.from({ length: 2000 }, (_, i) =>
        writeFile(join(h.folder, 'S', `Show.S01E${i + 1}.720p.mkv`), `${i}`.padEnd(100, 'x')),
      ),
    );
    const started = process.hrtime.bigint();
    const { items } = await h.source.resolve(h.folder, {});
    const first = Number(process.hrtime.bigint() - started) / 1e6;
    expect(items).toHaveLength(2000);
    expect(items[1999]?.series?.episode).toBe(2000);
    await h.restart();
    const again = process.hrtime.bigint();
    expect((await h.source.resolve(h.folder, {})).items).toEqual(items);
    const second = Number(process.hrtime.bigint() - again) / 1e6;
    console.log(`2000 files: ${first.toFixed(0)} ms, again ${second.toFixed(0)} ms`);
    expect(first).toBeLessThan(10_000);
  });

  test('stops when the work is cancelled', async () => {
    await put('a.mkv');
    await expect(h.source.resolve(h.folder, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    });
  });

  test('is listed in pages', async () => {
    for (const n of [1, 2, 3, 10]) await put(`${n}.mkv`);
    await put('Sub/x.mkv');
    await put('l.m3u', '');
    const first = await h.source.list(h.folder, { limit: 3 });
    expect(first.items.map((item) => basename(item.uri))).toEqual(['1.mkv', '2.mkv', '3.mkv']);
    expect(first.items[0]?.size).toBe(300);
    const second = await h.source.list(h.folder, { limit: 3, cursor: first.cursor });
    expect(second.items.map((item) => [basename(item.uri), item.kind])).toEqual([
      ['10.mkv', 'video'],
      ['l.m3u', 'container'],
      ['Sub', 'container'],
    ]);
    expect(second.cursor).toBeUndefined();
    await expect(h.source.list(h.folder, { cursor: 'x' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  test('gives the siblings of an episode: its series, in order', async () => {
    for (const n of [10, 9, 1]) await put(`Show S01E${n}.mkv`);
    await put('Film (2001).mkv');
    const [item] = (await h.source.resolve(join(h.folder, 'Show S01E9.mkv'), {})).items;
    if (!item) throw new Error('no item');
    expect((await h.source.siblings(item, {})).map((one) => one.series?.episode)).toEqual([1, 9, 10]);
  });
});

describe('subtitles beside a film', () => {
  async function subtitlesOf(name: string): Promise<unknown[]> {
    const [item] = (await h.source.resolve(join(h.folder, name), {})).items;
    if (!item) throw new Error('no item');
    const { subtitles } = await h.source.open(item, { streamId: 's' });
    return (subtitles ?? []).map((s) => ({
      ...s,
      path: 'path' in s ? s.path.slice(h.folder.length + 1) : '',
    }));
  }

  test('are found by name and in Subs, with language and flags', async () => {
    await put('Film.mkv');
    await put('Film.2.mkv');
    for (const name of [
      'film.srt',
      'Film.en.ass',
      'Film.en.forced.srt',
      'Film.2.de.srt',
      'Filmed.srt',
      'Film.fr.idx',
      'Film.fr.sub',
      'Subs/Film.es.srt',
      'Subs/Film/2_English.srt',
      'Subs/Other/3_German.srt',
    ])
      await put(name, 'x');
    expect(await subtitlesOf('Film.mkv')).toEqual([
      { path: 'Film.en.ass', language: 'en' },
      { path: 'Film.en.forced.srt', language: 'en', forced: true },
      { path: 'Film.fr.idx', language: 'fr' },
      { path: 'film.srt' },
      { path: 'Subs/Film.es.srt', language: 'es' },
      { path: 'Subs/Film/2_English.srt', language: 'en' },
    ]);
  });

  test('all of Subs belong to a film alone in its folder', async () => {
    await put('Film.mkv');
    await put('Subs/2_English.srt', 'x');
    await put('Subs/German.forced.srt', 'x');
    expect(await subtitlesOf('Film.mkv')).toEqual([
      { path: 'Subs/2_English.srt', language: 'en' },
      { path: 'Subs/German.forced.srt', language: 'de', forced: true },
    ]);
  });
});
