import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { decodePlaylist, parsePlaylist } from '../../../plugins/files/src/playlist/m3u.ts';
import { type Harness, harness } from './support/context.ts';
import { film, type Origin, origin } from './support/origin.ts';

let h: Harness;
let server: Origin | undefined;

beforeEach(async () => {
  h = await harness();
});
afterEach(async () => {
  await h.dispose();
  await server?.close();
  server = undefined;
});

async function put(name: string, content: Buffer | string = film(300)): Promise<string> {
  const path = join(h.folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  return path;
}

test('plays relative, absolute, file: and web entries in order, with titles and durations', async () => {
  const a = await put('media/a b.mkv');
  const b = await put('media/b.mkv');
  await put('media/c.mkv');
  const list = await put(
    'list.m3u8',
    [
      '\uFEFF#EXTM3U',
      '#PLAYLIST:Evening',
      '#EXTINF:61.5 tvg-logo="https://x/y.png" group-title="a, b",First, film',
      'media/a b.mkv',
      `#EXTINF:-1,Channel`,
      'http://127.0.0.1:9/live/1',
      pathToFileURL(b).href,
      'media\\c.mkv',
      'missing.mkv',
      'magnet:?xt=1',
      a,
    ].join('\r\n'),
  );
  const result = await h.source.resolve(list, {});
  expect(result).toMatchObject({ kind: 'playlist', title: 'Evening' });
  expect(result.items.map((item) => basename(item.uri))).toEqual([
    'a b.mkv',
    '1',
    'b.mkv',
    'c.mkv',
    'a b.mkv',
  ]);
  expect(result.items[0]).toMatchObject({ title: 'First, film', duration: 61.5, art: 'https://x/y.png' });
  expect(result.items[1]).toMatchObject({
    title: 'Channel',
    live: true,
    key: expect.stringMatching(/^url:/),
  });
});

test('in Latin-1 is understood', async () => {
  await put('Amélie.mkv');
  const list = await put('l.m3u', Buffer.from('#EXTINF:1,Amélie\nAmélie.mkv\n', 'latin1'));
  expect((await h.source.resolve(list, {})).items[0]).toMatchObject({ title: 'Amélie', duration: 1 });
});

test('opens lists in lists, and ends with those that name themselves', async () => {
  await put('a.mkv');
  const list = await put('one.m3u', 'two.m3u\na.mkv\none.m3u');
  await put('two.m3u', 'one.m3u\na.mkv\n');
  expect((await h.source.resolve(list, {})).items).toHaveLength(2);
});

test('that holds nothing playable or is too large is refused', async () => {
  await expect(h.source.resolve(await put('e.m3u', '#EXTM3U\n'), {})).rejects.toMatchObject({
    code: 'SOURCE_EMPTY',
  });
  await expect(h.source.resolve(await put('m.m3u', 'gone.mkv\n'), {})).rejects.toMatchObject({
    code: 'SOURCE_EMPTY',
  });
  const large = await put('l.m3u', 'a.mkv\n'.repeat(1_000_000));
  await expect(h.source.resolve(large, {})).rejects.toMatchObject({ code: 'SOURCE_UNSUPPORTED' });
});

test('an HLS manifest is one stream', async () => {
  const path = await put('s.m3u8', '#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\na.ts\n');
  const result = await h.source.resolve(path, {});
  expect(result).toMatchObject({ kind: 'single', items: [{ uri: path }] });
});

test('takes at most 10 000 entries, and any encoding', () => {
  const long = parsePlaylist('a\n'.repeat(10_005));
  expect(long.entries).toHaveLength(10_000);
  expect(long.cut).toBe(true);
  expect(decodePlaylist(Buffer.from('\uFEFFä', 'utf16le'))).toBe('ä');
});

test('of a server names addresses only, relative to it, and keeps passwords out', async () => {
  server = await origin((_request, response) => {
    response.writeHead(200, { 'content-type': 'audio/x-mpegurl' });
    response.end(
      '#EXTM3U\n#EXTINF:5,One\nsub/a.mkv?t=1\n/etc/passwd\nfile:///etc/passwd\nhttp://me:secret@127.0.0.1:9/b\n',
    );
  });
  const { host } = new URL(server.url);
  const result = await h.source.resolve(`http://u:hidden@${host}/x/list.m3u`, {});
  expect(result.items.map((item) => item.uri)).toEqual([
    `http://${host}/x/sub/a.mkv?t=1`,
    `http://${host}/etc/passwd`,
    'http://127.0.0.1:9/b',
  ]);
  expect(JSON.stringify(result) + h.logged()).not.toMatch(/secret|hidden/);
});

test('of a server with HLS inside is refused with a hint', async () => {
  server = await origin((_request, response) => {
    response.end('#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow.m3u8\n');
  });
  await expect(h.source.resolve(`${server.url}/master.m3u8`, {})).rejects.toMatchObject({
    code: 'SOURCE_UNSUPPORTED',
    hint: expect.any(String),
  });
});
