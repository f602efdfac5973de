import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Item, SourceStream } from '@kinoport/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Harness, harness } from './support/context.ts';
import { film, type Handler, type Origin, origin, ranged } from './support/origin.ts';

let h: Harness;
const servers: Origin[] = [];

beforeEach(async () => {
  h = await harness();
});
afterEach(async () => {
  await h.dispose();
  for (const server of servers.splice(0)) await server.close();
});

async function serve(handle: Handler, port?: number): Promise<Origin> {
  const server = await origin(handle, port);
  servers.push(server);
  return server;
}

async function opened(uri: string): Promise<{ item: Item; stream: SourceStream }> {
  const [item] = (await h.source.resolve(uri, {})).items;
  if (!item) throw new Error('no item');
  return { item, stream: await h.source.open(item, { streamId: 's' }) };
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('an address', () => {
  test('has the same content key as the file on disk, and its address as a second', async () => {
    for (const size of [5_000, 65_536, 100_000, 300_000]) {
      const bytes = film(size);
      const path = join(h.folder, `${size}.mkv`);
      await writeFile(path, bytes);
      const server = await serve(ranged(bytes));
      const [local] = (await h.source.resolve(path, {})).items;
      const [item] = (await h.source.resolve(`${server.url}/Some.Film.1999.1080p.mkv?token=1#t`, {})).items;
      expect(item?.key).toBe(local?.key);
      expect(item).toMatchObject({
        keys: [expect.stringMatching(/^url:[0-9a-f]{64}$/)],
        title: 'Some Film',
        year: 1999,
        size,
        mime: 'video/x-matroska',
        uri: `${server.url}/Some.Film.1999.1080p.mkv?token=1`,
      });
    }
  });

  test.each([
    [401, 'SOURCE_FORBIDDEN'],
    [403, 'SOURCE_FORBIDDEN'],
    [404, 'SOURCE_NOT_FOUND'],
    [410, 'SOURCE_NOT_FOUND'],
    [418, 'SOURCE_FAILED'],
    [500, 'SOURCE_FAILED'],
    [503, 'SOURCE_FAILED'],
  ])('that answers %i is %s', async (status, code) => {
    const server = await serve((_request, response) => response.writeHead(status).end('no'));
    await expect(h.source.resolve(`${server.url}/a.mkv?secret=1`, {})).rejects.toMatchObject({
      code,
      message: expect.not.stringContaining('secret'),
      hint: expect.any(String),
    });
  });

  test.each<[string, Record<string, string>, string, string]>([
    ['a web page', { 'content-type': 'text/html' }, '<!doctype html>', 'SOURCE_NOT_MEDIA'],
    ['a web page called a film', { 'content-type': 'video/mp4' }, '\n<html><body>Log in', 'SOURCE_NOT_MEDIA'],
    ['JSON', { 'content-type': 'application/json' }, '{}', 'SOURCE_NOT_MEDIA'],
    ['an archive', { 'content-type': 'application/octet-stream' }, 'PK\x03\x04', 'SOURCE_NOT_MEDIA'],
    ['nothing', { 'content-length': '0' }, '', 'SOURCE_NOT_MEDIA'],
    ['a compressed body', { 'content-encoding': 'gzip' }, 'x', 'SOURCE_UNSUPPORTED'],
    ['DASH', { 'content-type': 'application/dash+xml' }, '<MPD/>', 'SOURCE_UNSUPPORTED'],
  ])('that leads to %s is refused', async (_what, headers, body, code) => {
    const server = await serve((_request, response) => response.writeHead(200, headers).end(body));
    await expect(h.source.resolve(`${server.url}/x`, {})).rejects.toMatchObject({ code });
  });

  test.each(['http://', 'http://[', `http://a/${'a'.repeat(9000)}`])('%.20j is not valid', (uri) =>
    expect(h.source.resolve(uri, {})).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    }),
  );

  test('where nothing listens is unreachable', async () => {
    const server = await serve(() => {});
    await server.close();
    await expect(h.source.resolve(`${server.url}/a.mkv`, {})).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
    });
  });

  test('takes its name from Content-Disposition, without a path', async () => {
    const names: [string, string][] = [
      [`attachment; filename="../../etc/My Film.mkv"`, 'My Film'],
      [`attachment; filename="x.mkv"; filename*=UTF-8''Am%C3%A9lie.mkv`, 'Amélie'],
      [`inline; filename=plain.mkv`, 'plain'],
    ];
    for (const [header, title] of names) {
      const server = await serve(ranged(film(1000), { 'content-disposition': header }));
      expect((await h.source.resolve(`${server.url}/download?id=1`, {})).items[0]?.title).toBe(title);
    }
  });

  test('follows redirects without handing the password to another origin', async () => {
    const bytes = film(1000);
    const other = await serve(ranged(bytes));
    const first = await serve((request, response) => {
      if (request.url === '/a/start') response.writeHead(302, { location: '/a/second' }).end();
      else response.writeHead(307, { location: `http://evil:pw@127.0.0.1:${other.port}/film.mkv` }).end();
    });
    const { host } = new URL(first.url);
    const { item } = await opened(`http://me:p%40ss@${host}/a/start`);
    expect(await h.read('s')).toEqual(bytes);
    const basic = `Basic ${Buffer.from('me:p@ss').toString('base64')}`;
    expect(first.requests.map((r) => r.authorization)).toEqual([basic, basic]);
    expect(other.requests.every((r) => r.authorization === undefined)).toBe(true);
    expect(item.uri).toBe(`http://${host}/a/start`);
    expect(JSON.stringify([item, [...h.published.values()]]) + h.logged()).not.toMatch(/p@ss|p%40ss|me:/);
  });

  test('remembers its password after a restart, for its folder only', async () => {
    const server = await serve((request, response) => {
      if (request.headers.authorization === undefined) response.writeHead(401).end();
      else ranged(film(1000))(request, response);
    });
    const { host } = new URL(server.url);
    await h.source.resolve(`http://me:pass@${host}/films/a.mkv`, {});
    await h.restart();
    await h.source.resolve(`http://${host}/films/b.mkv`, {});
    await expect(h.source.resolve(`http://${host}/other/b.mkv`, {})).rejects.toMatchObject({
      code: 'SOURCE_FORBIDDEN',
    });
  });

  test('that redirects without an end, or to something else, is refused', async () => {
    const server = await serve((request, response) => {
      const location = request.url === '/file' ? 'file:///etc/passwd' : '/again';
      response.writeHead(302, { location }).end();
    });
    for (const path of ['/loop', '/file'])
      await expect(h.source.resolve(server.url + path, {})).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
  });

  test('of a station without an end is live', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'audio/mpeg', 'icy-name': 'Radio' });
      const timer = setInterval(() => response.write(Buffer.alloc(500, 0xff)), 5);
      response.on('close', () => clearInterval(timer));
    });
    const { item, stream } = await opened(`${server.url}/radio`);
    expect(item).toMatchObject({ live: true, kind: 'audio' });
    expect(stream.size).toBeUndefined();
    const published = h.published.get('s');
    expect(published?.size).toBeUndefined();
    const cancel = new AbortController();
    let length = 0;
    for await (const chunk of published?.read(0, undefined, cancel.signal) ?? []) {
      length += chunk.length;
      if (length > 2_000) break;
    }
    expect(length).toBeGreaterThan(2_000);
  });
});

describe('a stream', () => {
  test('gives any part of the film, exactly', async () => {
    const bytes = film(500_000);
    const server = await serve(ranged(bytes));
    const { stream } = await opened(`${server.url}/a.mkv`);
    expect(stream).toMatchObject({
      location: { type: 'published' },
      size: 500_000,
      validators: { etag: '"one"' },
    });
    expect(digest(await h.read('s'))).toBe(digest(bytes));
    expect(await h.read('s', 499_990)).toEqual(bytes.subarray(499_990));
    expect(await h.read('s', 70_000, 70_001)).toEqual(bytes.subarray(70_000, 70_001));
    expect((await h.source.stats('s')).downloadRate).toBeGreaterThan(0);
    await h.source.release('s');
    expect(h.published.size).toBe(0);
  });

  test('goes on at the exact byte when connections break in mid-body', async () => {
    const bytes = film(1_000_000);
    const server = await serve(ranged(bytes));
    await opened(`${server.url}/a.mkv`);
    let cuts = 0;
    server.handle = (request, response) => {
      const match = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
      const [start, last] = [Number(match?.[1]), Number(match?.[2])];
      response.writeHead(206, {
        etag: '"one"',
        'content-length': last - start + 1,
        'content-range': `bytes ${start}-${last}/${bytes.length}`,
      });
      const part = bytes.subarray(start, last + 1);
      if (cuts++ < 3) response.write(part.subarray(0, 200_001), () => response.destroy());
      else response.end(part);
    };
    expect(digest(await h.read('s'))).toBe(digest(bytes));
    expect(cuts).toBe(4);
  });

  test('waits for a server that is busy, as long as it asks for', async () => {
    const bytes = film(100_000);
    const server = await serve(ranged(bytes));
    await opened(`${server.url}/a.mkv`);
    let refused = 0;
    server.handle = (request, response) => {
      if (refused++ < 2) response.writeHead(refused === 1 ? 503 : 429, { 'retry-after': '1' }).end();
      else ranged(bytes)(request, response);
    };
    const started = process.hrtime.bigint();
    expect(digest(await h.read('s'))).toBe(digest(bytes));
    expect(Number(process.hrtime.bigint() - started) / 1e6).toBeGreaterThan(1_990);
  });

  test('goes on when the server was down for a moment', async () => {
    const bytes = film(100_000);
    const server = await serve(ranged(bytes));
    await opened(`${server.url}/a.mkv`);
    await server.close();
    const reading = h.read('s');
    const back = await serve(ranged(bytes), server.port);
    expect(digest(await reading)).toBe(digest(bytes));
    expect(back.requests.length).toBeGreaterThan(0);
  });

  test.each([
    [401, 'SOURCE_FORBIDDEN'],
    [403, 'SOURCE_FORBIDDEN'],
    [404, 'SOURCE_NOT_FOUND'],
    [416, 'SOURCE_CHANGED'],
  ])('fails at once with a code when the server answers %i in mid-film', async (status, code) => {
    const server = await serve(ranged(film(100_000)));
    await opened(`${server.url}/a.mkv`);
    server.handle = (_request, response) => response.writeHead(status).end();
    const before = server.requests.length;
    await expect(h.read('s', 50_000)).rejects.toMatchObject({ code });
    expect(server.requests.length).toBe(before + 1);
  });

  test('notices that the content is another', async () => {
    const bytes = film(100_000);
    const server = await serve(ranged(bytes));
    await opened(`${server.url}/a.mkv`);
    const changes: Handler[] = [
      ranged(bytes, { etag: '"two"' }),
      ranged(film(100_001)),
      (_request, response) => response.writeHead(200, { 'content-length': 7 }).end('1234567'),
    ];
    for (const handle of changes) {
      server.handle = handle;
      await expect(h.read('s', 10)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
    }
  });

  test('refuses bytes that were not asked for', async () => {
    const bytes = film(100_000);
    const server = await serve(ranged(bytes));
    await opened(`${server.url}/a.mkv`);
    for (const range of ['bytes 0-99999/100000', undefined, 'bytes 20-10/100000', 'nonsense']) {
      server.handle = (_request, response) => {
        response.writeHead(206, range === undefined ? {} : { 'content-range': range }).end(bytes);
      };
      await expect(h.read('s', 10, 20), range).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
    }
  });

  test('passes over what a server sends too much at the front', async () => {
    const bytes = film(100_000);
    const server = await serve(ranged(bytes));
    await opened(`${server.url}/a.mkv`);
    server.handle = (_request, response) => {
      response.writeHead(200, { etag: '"one"', 'content-length': bytes.length }).end(bytes);
    };
    expect(await h.read('s', 60_000, 60_100)).toEqual(bytes.subarray(60_000, 60_100));
  });

  test('of a server without ranges is read forward only, also after a break', async () => {
    const bytes = film(300_000);
    let breaks = 0;
    const server = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': bytes.length });
      if (breaks++ === 1) response.write(bytes.subarray(0, 100_000), () => response.destroy());
      else response.end(bytes);
    });
    const { item, stream } = await opened(`${server.url}/a.mp4`);
    expect(item.size).toBe(300_000);
    expect(stream.size).toBeUndefined();
    expect(digest(await h.read('s'))).toBe(digest(bytes));
    expect(breaks).toBe(3);
  });

  test('is reopened after a restart under the same id, also while the server is away', async () => {
    const bytes = film(200_000);
    const server = await serve((request, response) => {
      if (request.headers.authorization === undefined) response.writeHead(401).end();
      else ranged(bytes)(request, response);
    });
    const { host } = new URL(server.url);
    const { item, stream } = await opened(`http://me:pass@${host}/a.mkv`);
    const { size, validators, record } = stream;
    expect(JSON.stringify(record)).not.toContain('pass');
    await h.restart();
    h.published.clear();
    await server.close();
    const kept = { streamId: 's', item, size, validators, record: record ?? {} };
    expect(await h.source.reopen(kept)).toMatchObject({ size, validators });
    await serve(server.handle, server.port);
    expect(digest(await h.read('s', 100))).toBe(digest(bytes.subarray(100)));
    await expect(h.source.reopen({ ...kept, record: {} })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  test.each(['cancels', 'stops reading'])('ends its request when the reader %s', async (how) => {
    const server = await serve(ranged(film(100_000)));
    await opened(`${server.url}/a.mkv`);
    const gone = new Promise<void>((resolve) => {
      server.handle = (_request, response) => {
        response.on('close', resolve);
        response.writeHead(206, { etag: '"one"', 'content-range': 'bytes 0-99999/100000' });
        response.write('x');
      };
    });
    const cancel = new AbortController();
    const bytes = h.published.get('s')?.read(0, 100_000, cancel.signal)[Symbol.asyncIterator]();
    await bytes?.next();
    if (how === 'cancels') {
      const failed = expect(bytes?.next()).rejects.toMatchObject({ code: 'ABORTED' });
      cancel.abort();
      await failed;
    } else {
      await bytes?.return?.();
    }
    await gone;
  });

  test('asks the address again when the place it led to has expired', async () => {
    const bytes = film(100_000);
    let valid = '/signed/1';
    const server = await serve((request, response) => {
      if (request.url === '/a.mkv') response.writeHead(302, { location: valid }).end();
      else if (request.url === valid) ranged(bytes)(request, response);
      else response.writeHead(403).end();
    });
    await opened(`${server.url}/a.mkv`);
    valid = '/signed/2';
    expect(digest(await h.read('s', 5))).toBe(digest(bytes.subarray(5)));
  });
});
