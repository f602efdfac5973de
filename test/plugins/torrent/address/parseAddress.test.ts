import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { VirtualClock } from '@kinoport/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { magnetOf } from '../../../../plugins/torrent/src/address/magnet.ts';
import { parseAddress } from '../../../../plugins/torrent/src/address/parseAddress.ts';
import { bencode, infoOf, sha1 } from './torrents.ts';

const INFO = bencode(
  infoOf([
    { path: ['a.mkv'], length: 100_000 },
    { path: ['b.mkv'], length: 100 },
  ]),
);
const BYTES = Buffer.concat([Buffer.from('d4:info'), INFO, Buffer.from('e')]);
const HASH = sha1(INFO);
const asTorrent = { type: 'torrent', torrent: { infohash: HASH } };
const coded = (code: string) => expect.objectContaining({ name: 'KinoportError', code });

let folder = '';
let origin = '';
let answer: RequestListener = () => {};
const server = createServer((request, response) => answer(request, response));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kp-address-'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

describe('files', () => {
  it('are read by path and by URL, with one file of it chosen', async () => {
    const path = join(folder, 'se%ason #1.torrent');
    writeFileSync(path, BYTES);
    expect(await parseAddress(path)).toMatchObject(asTorrent);
    const url = pathToFileURL(path).href;
    expect(await parseAddress(url)).toMatchObject(asTorrent);
    expect(await parseAddress(`${url}#so=1`)).toMatchObject({ ...asTorrent, fileIndex: 1 });
    await expect(parseAddress(`${url}#so=2`)).rejects.toEqual(coded('TORRENT_FILE_NOT_FOUND'));
  });

  it('that are not there, no file, or no torrent say so', async () => {
    await expect(parseAddress(join(folder, 'none.torrent'))).rejects.toEqual(coded('SOURCE_NOT_FOUND'));
    await expect(parseAddress(folder)).rejects.toEqual(coded('SOURCE_FAILED'));
    await expect(parseAddress('a\0b.torrent')).rejects.toEqual(coded('SOURCE_NOT_FOUND'));
    await expect(parseAddress('file:///%00')).rejects.toEqual(coded('SOURCE_NOT_FOUND'));
    await expect(parseAddress('file:///%2f')).rejects.toEqual(coded('INVALID_ARGUMENT'));
    await expect(parseAddress('ftp://a.example/x.torrent')).rejects.toEqual(coded('TORRENT_INVALID'));
  });
});

describe('magnet links', () => {
  it('are taken apart', async () => {
    const uri =
      `magnet:?xt=urn:btmh:1220abcd&xt=urn:btih:${HASH.toUpperCase()}&dn=A+film%0A&tr=udp%3A%2F%2Ft.example%3A80` +
      `&tr.1=http://u.example/&tr=javascript:1&ws=https://w.example/&x.pe=127.0.0.1:6881&x.pe=nobody&so=1`;
    expect(await parseAddress(uri)).toEqual({
      type: 'magnet',
      infohash: HASH,
      name: 'A film',
      trackers: ['udp://t.example:80', 'http://u.example/'],
      webSeeds: ['https://w.example/'],
      peers: ['127.0.0.1:6881'],
      fileIndex: 1,
    });
  });

  it('may be in base32, or an infohash alone', async () => {
    const hex = 'c9e15763f722f23e98a29decdfae341b98d53056';
    const found = { type: 'magnet', infohash: hex };
    expect(await parseAddress('magnet:?xt=urn:btih:ZHQVOY7XELZD5GFCTXWN7LRUDOMNKMCW')).toMatchObject(found);
    expect(await parseAddress(hex.toUpperCase())).toMatchObject(found);
    expect(await parseAddress(`infohash:${hex}`)).toMatchObject(found);
    expect(await parseAddress(`infohash:${hex}/12`)).toMatchObject({ ...found, fileIndex: 12 });
  });

  it('that name no torrent say so', async () => {
    for (const uri of [
      'magnet:',
      'magnet:?',
      'magnet:?xt=urn:btih:xyz',
      `magnet:?xt=urn:sha1:${HASH}`,
      'infohash:12',
    ])
      await expect(parseAddress(uri)).rejects.toEqual(coded('TORRENT_INVALID'));
    await expect(parseAddress(`magnet:?xt=urn:btih:${HASH}&dn=${'x'.repeat(70_000)}`)).rejects.toEqual(
      coded('TORRENT_INVALID'),
    );
    await expect(parseAddress('magnet:?xt=urn:btmh:1220caf1')).rejects.toEqual(coded('TORRENT_UNSUPPORTED'));
  });

  it('come out as they went in', async () => {
    const address = await parseAddress(
      BYTES.length > 0 ? `data:application/x-bittorrent;base64,${BYTES.toString('base64')}` : '',
    );
    if (address.type !== 'torrent') throw new Error('no torrent');
    const torrent = {
      ...address.torrent,
      trackers: ['udp://t.example:80/a?b=c&d'],
      webSeeds: ['https://w.example/'],
    };
    expect(await parseAddress(magnetOf(torrent, 1))).toEqual({
      type: 'magnet',
      infohash: HASH,
      name: 'A season',
      trackers: torrent.trackers,
      webSeeds: torrent.webSeeds,
      peers: [],
      fileIndex: 1,
    });
  });
});

describe('data URLs', () => {
  it('are read in base64 and percent-encoded', async () => {
    const hex = BYTES.toString('hex').replace(/../g, '%$&');
    const texts = [
      `;base64,${BYTES.toString('base64')}`,
      `;base64,${BYTES.toString('base64url')}`,
      `,${hex}`,
    ];
    for (const text of texts)
      expect(await parseAddress(`data:application/x-bittorrent${text}`)).toMatchObject(asTorrent);
    const escaped = encodeURIComponent(BYTES.toString('base64'));
    expect(await parseAddress(`data:application/x-bittorrent;base64,${escaped}`)).toMatchObject(asTorrent);
  });

  it('of anything else are refused', async () => {
    for (const uri of [
      'data:',
      'data:,',
      'data:text/plain,x',
      'data:application/x-bittorrent;base64,?*',
      'data:application/x-bittorrent,%zz',
    ])
      await expect(parseAddress(uri)).rejects.toEqual(coded('TORRENT_INVALID'));
    const large = Buffer.alloc(17 * 1024 * 1024).toString('base64');
    await expect(parseAddress(`data:application/x-bittorrent;base64,${large}`)).rejects.toEqual(
      coded('TORRENT_INVALID'),
    );
  });
});

describe('web addresses', () => {
  it('are fetched, redirected, and led to magnet links', async () => {
    answer = (request, response) => {
      if (request.url === '/a') response.writeHead(302, { location: '/b' }).end();
      else if (request.url === '/m')
        response.writeHead(301, { location: `magnet:?xt=urn:btih:${HASH}` }).end();
      else response.writeHead(200, { 'content-type': 'application/x-bittorrent' }).end(BYTES);
    };
    expect(await parseAddress(`${origin}/a#so=1`)).toMatchObject({ ...asTorrent, fileIndex: 1 });
    expect(await parseAddress(`${origin}/m`)).toMatchObject({ type: 'magnet', infohash: HASH });
  });

  it('of the internet do not send on to this machine; those that the viewer typed may be on it', async () => {
    const asked: string[] = [];
    answer = (request, response) => {
      asked.push(request.url ?? '');
      if (request.url === '/inside') response.end(BYTES);
      else response.writeHead(302, { location: '/inside' }).end();
    };
    await expect(parseAddress(`${origin}/outside`, { isPublic: () => true })).rejects.toEqual(
      coded('SOURCE_FAILED'),
    );
    expect(asked).toEqual(['/outside']);
    expect(await parseAddress(`${origin}/outside`)).toMatchObject(asTorrent);
  });

  it('send name and password to their own server', async () => {
    const seen: (string | undefined)[] = [];
    answer = (request, response) => {
      seen.push(request.headers.authorization);
      response.end(BYTES);
    };
    await parseAddress(origin.replace('//', '//me:p%40ss@'));
    expect(seen).toEqual([`Basic ${btoa('me:p@ss')}`]);
  });

  it.each([
    [200, { 'content-type': 'text/html; charset=utf-8' }, 'TORRENT_INVALID'],
    [200, { 'content-length': '20000000' }, 'TORRENT_INVALID'],
    [404, {}, 'SOURCE_NOT_FOUND'],
    [403, {}, 'SOURCE_FORBIDDEN'],
    [500, {}, 'SOURCE_FAILED'],
    [302, { location: '/' }, 'SOURCE_FAILED'],
    [302, { location: 'file:///etc/passwd' }, 'SOURCE_FAILED'],
  ])('that answer %i %o fail as %s', async (status, headers, code) => {
    answer = (_, response) => {
      response.writeHead(status, headers);
      response.flushHeaders();
      if (!('content-length' in headers)) response.end('x');
    };
    await expect(parseAddress(`${origin}/`)).rejects.toEqual(coded(code));
  });

  it('that send without an end are cut at 16 MiB', async () => {
    let sent = 0;
    answer = (_, response) => {
      const chunk = Buffer.alloc(1_048_576, 'l');
      const more = (): void => {
        while (!response.destroyed && response.write(chunk)) sent += chunk.length;
        sent += chunk.length;
      };
      response.on('drain', more);
      more();
    };
    await expect(parseAddress(`${origin}/`)).rejects.toEqual(coded('TORRENT_INVALID'));
    expect(sent).toBeLessThan(40_000_000);
  });

  it('that do not answer end in time, and when they are cancelled', async () => {
    const clock = new VirtualClock();
    const asked: (() => void)[] = [];
    answer = () => asked.shift()?.();
    const request = new Promise<void>((resolve) => asked.push(resolve));
    const waiting = parseAddress(`${origin}/`, { clock });
    const failed = expect(waiting).rejects.toEqual(coded('SOURCE_UNREACHABLE'));
    await request;
    await clock.advance(20_000);
    await failed;
    const controller = new AbortController();
    asked.push(() => controller.abort());
    await expect(parseAddress(`${origin}/`, { signal: controller.signal })).rejects.toEqual(coded('ABORTED'));
    expect(clock.pendingTimers).toBe(0);
  });

  it('where nobody listens are told as unreachable', async () => {
    await expect(parseAddress('http://127.0.0.1:1/')).rejects.toEqual(coded('SOURCE_UNREACHABLE'));
    await expect(parseAddress('http://')).rejects.toEqual(coded('INVALID_ARGUMENT'));
  });
});
