import { connect } from 'node:net';
import path from 'node:path';
import { DisposableStore, KinoportError, sleep, systemClock } from '@kinoport/core';
import { VirtualClock } from '@kinoport/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newStreamId } from '../../../host/src/streams/address.ts';
import { type ByteServer, createByteServer, type ReadBytes } from '../../../host/src/streams/byteServer.ts';
import { HttpStreamFront } from '../../../host/src/streams/httpFront.ts';
import { content, get, open, TestOwner, tempFolder } from './support.ts';

const bytes = content(3_000_000);
const validators = { etag: '"v1"', lastModified: 'Tue, 01 Jul 2025 10:00:00 GMT' };
const read: ReadBytes = async function* (start, end = bytes.length) {
  for (let at = start; at < end; at += 65_536) yield bytes.subarray(at, Math.min(end, at + 65_536));
};

let store: DisposableStore;
let server: ByteServer;
let owner: TestOwner;
let front: HttpStreamFront;
let port: number;
let errors: unknown[];

beforeEach(async () => {
  store = new DisposableStore();
  errors = [];
  const onError = (error: unknown): void => {
    errors.push(error);
  };
  const socketPath = path.join(await tempFolder(store), 's');
  server = store.add(createByteServer({ socketPath, onError: () => {} }));
  owner = new TestOwner(socketPath);
  front = store.add(
    new HttpStreamFront({
      clock: systemClock,
      onError,
      maxReaders: 4,
      allowOrigin: (origin) => origin === 'http://127.0.0.1:1',
    }),
  );
  port = await front.start();
});
afterEach(async () => {
  await store.dispose();
  expect(errors).toEqual([]);
});

async function publish(options: { read?: ReadBytes; size?: number | null } = {}): Promise<string> {
  const id = newStreamId();
  await server.publish(id, options.read ?? read);
  const size = options.size === null ? undefined : (options.size ?? bytes.length);
  return front.register({ id, size, type: 'video/mp4', name: 'A film.mp4', validators, owner });
}

const idOf = (url: string): string => url.split('/')[4] ?? '';

describe('a request for a stream', () => {
  it('gives the whole with the head a player needs', async () => {
    const url = await publish();
    expect(url).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${port}/s/[\\w-]{22}/A%20film\\.mp4$`));
    const { status, headers, body, complete } = await get(url);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'accept-ranges': 'bytes',
      'cache-control': 'no-store',
      'content-length': '3000000',
      'content-type': 'video/mp4',
      etag: '"v1"',
      'last-modified': 'Tue, 01 Jul 2025 10:00:00 GMT',
      'x-content-type-options': 'nosniff',
    });
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect(complete && body.equals(bytes)).toBe(true);
  });

  it.each([
    ['bytes=5-9', 206, 'bytes 5-9/3000000', 5, 10],
    ['bytes=2999990-', 206, 'bytes 2999990-2999999/3000000', 2_999_990, 3_000_000],
    ['bytes=-7', 206, 'bytes 2999993-2999999/3000000', 2_999_993, 3_000_000],
    ['bytes=2999990-4000000', 206, 'bytes 2999990-2999999/3000000', 2_999_990, 3_000_000],
    ['bytes=-4000000', 206, 'bytes 0-2999999/3000000', 0, 3_000_000],
    ['bytes=3000000-', 416, 'bytes */3000000', 0, 0],
    ['bytes=-0', 416, 'bytes */3000000', 0, 0],
    ['bytes=9-5', 200, undefined, 0, 3_000_000],
    ['bytes=1-2,5-6', 200, undefined, 0, 3_000_000],
    ['rubbish', 200, undefined, 0, 3_000_000],
  ])('answers %s with %i', async (range, status, contentRange, start, end) => {
    const answer = await get(await publish(), { Range: range });
    expect(answer.status).toBe(status);
    expect(answer.headers['content-range']).toBe(contentRange);
    expect(answer.headers['content-length']).toBe(String(end - start));
    expect(answer.body.equals(bytes.subarray(start, end))).toBe(true);
  });

  it('heeds If-Range', async () => {
    const url = await publish();
    const statusOf = async (ifRange: string): Promise<number> =>
      (await get(url, { Range: 'bytes=0-9', 'If-Range': ifRange })).status;
    expect(await statusOf('"v1"')).toBe(206);
    expect(await statusOf('"v0"')).toBe(200);
    expect(await statusOf('Tue, 01 Jul 2025 10:00:00 GMT')).toBe(206);
    expect(await statusOf('Mon, 30 Jun 2025 10:00:00 GMT')).toBe(200);
  });

  it('answers HEAD without asking the plugin, range or not', async () => {
    const url = await publish();
    const { status, headers, body } = await get(url, { Range: 'bytes=0-9' }, 'HEAD');
    expect([status, headers['content-length'], body.length]).toEqual([200, '3000000', 0]);
    expect(owner.acquired).toBe(0);
  });

  it('streams an unknown size in chunks, without ranges', async () => {
    const url = await publish({ size: null });
    const { status, headers, body, complete } = await get(url, { Range: 'bytes=5-9' });
    expect(status).toBe(200);
    expect(headers['transfer-encoding']).toBe('chunked');
    expect(headers['accept-ranges']).toBeUndefined();
    expect(complete && body.equals(bytes)).toBe(true);
  });

  it('gives an empty file', async () => {
    const { status, headers, body } = await get(await publish({ size: 0 }));
    expect([status, headers['content-length'], body.length]).toEqual([200, '0', 0]);
  });

  it('gives the right bytes for thousands of random ranges, side by side', async () => {
    const url = await publish();
    const one = async (): Promise<void> => {
      const start = Math.floor(Math.random() * bytes.length);
      const length = Math.floor(Math.random() ** 4 * 200_000) + 1;
      const end = Math.min(bytes.length, start + length);
      const { status, body } = await get(url, { Range: `bytes=${start}-${end - 1}` });
      if (status !== 206 || !body.equals(bytes.subarray(start, end)))
        throw new Error(`wrong bytes for ${start}-${end}: ${status}, ${body.length}`);
    };
    const reader = async (): Promise<void> => {
      for (let i = 0; i < 500; i++) await one();
    };
    await Promise.all([reader(), reader(), reader(), reader()]);
    expect(front.reads(idOf(url))?.readers).toBe(0);
    expect(front.failedReads(idOf(url))).toEqual([]);
  });
});

describe('a request that is not for us', () => {
  it.each([
    ['evil.example', 403],
    ['127.0.0.1', 403],
    ['127.0.0.1:1', 403],
    ['localhost:PORT', 200],
    ['127.0.0.1:PORT', 200],
  ])('with Host %s is answered with %i', async (host, status) => {
    const url = await publish();
    expect((await get(url, { Host: host.replace('PORT', String(port)) })).status).toBe(status);
  });

  it('from a foreign origin is refused, from an allowed one answered to it alone', async () => {
    const url = await publish();
    expect((await get(url, { Origin: 'https://evil.example' })).status).toBe(403);
    expect((await get(url, { Origin: 'null' })).status).toBe(403);
    const allowed = await get(url, { Origin: 'http://127.0.0.1:1', Range: 'bytes=0-0' });
    expect(allowed.status).toBe(206);
    expect(allowed.headers['access-control-allow-origin']).toBe('http://127.0.0.1:1');
    expect(allowed.headers.vary).toBe('Origin');
  });

  it('of a page that has its own name point here gets nothing, nor may a page embed what it knows', async () => {
    const url = await publish();
    const rebound = `rebound.example:${port}`;
    // As a browser sends it: the page and its requests are of one origin, so most have no Origin at all.
    const requests: Record<string, string>[] = [
      { Host: rebound, 'Sec-Fetch-Site': 'same-origin', Referer: `http://${rebound}/` },
      { Host: rebound, Origin: `http://${rebound}` },
      { Host: `127.0.0.1:${port}`, Origin: `http://${rebound}` },
    ];
    for (const headers of requests) {
      const answer = await get(url, { ...headers, Range: 'bytes=0-9' });
      expect([answer.status, answer.body.length]).toEqual([403, 0]);
    }
    expect(owner.acquired).toBe(0);
    const { headers } = await get(url, {}, 'HEAD');
    expect(headers['cross-origin-resource-policy']).toBe('same-site');
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });

  it('with another method or another path is refused', async () => {
    const url = await publish();
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const answer = await get(url, {}, method);
      expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD']);
    }
    const base = `http://127.0.0.1:${port}`;
    for (const target of ['/', '/s/', `/s/${newStreamId()}/x`, `/s/${idOf(url)}/a/b`, `/t/${idOf(url)}`])
      expect((await get(base + target)).status).toBe(404);
  });

  it('with a head that is too large or no HTTP is turned away', async () => {
    const url = await publish();
    expect((await get(url, { 'X-Filler': 'x'.repeat(20_000) })).status).toBe(431);
    const socket = connect(port, '127.0.0.1', () => socket.write('rubbish\r\n\r\n'));
    const text = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))));
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    socket.destroy();
  });

  it('beyond the readers of one stream is asked to come again', async () => {
    const endless: ReadBytes = async function* () {
      for (;;) yield bytes.subarray(0, 65_536);
    };
    const url = await publish({ read: endless, size: null });
    const held = await Promise.all([1, 2, 3, 4].map(() => open(url)));
    const fifth = await get(url);
    expect([fifth.status, fifth.headers['retry-after']]).toEqual([503, '1']);
    for (const response of held) response.destroy();
  });
});

describe('a source that waits for bytes', () => {
  it('is waited for as long as it takes, in the middle too, and no read counts as failed', async () => {
    const clock = new VirtualClock();
    const patient = store.add(new HttpStreamFront({ clock, onError: (error) => errors.push(error) }));
    await patient.start();
    const asked: number[] = [];
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
    const id = newStreamId();
    const reached = Promise.withResolvers<void>();
    await server.publish(id, async function* (start, end = bytes.length) {
      asked.push(start);
      await gates[0].promise;
      yield bytes.subarray(start, 1_000_000);
      reached.resolve();
      await gates[1].promise;
      yield bytes.subarray(1_000_000, end);
    });
    const url = patient.register({ id, size: bytes.length, type: 'video/mp4', owner });
    const answer = get(url);
    while (asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(3_600_000);
    gates[0].resolve();
    await reached.promise;
    await clock.advance(3_600_000);
    gates[1].resolve();
    const { complete, body } = await answer;
    expect(complete && body.equals(bytes)).toBe(true);
    expect([asked, patient.failedReads(id)]).toEqual([[0], []]);
  });

  it('hears when nobody waits any more', async () => {
    const ended = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const url = await publish({
      read: async function* (_start, _end, signal) {
        asked.resolve();
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        ended.resolve();
      },
    });
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(`GET ${new URL(url).pathname} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`),
    );
    await asked.promise;
    socket.destroy();
    await ended.promise;
    expect(front.failedReads(idOf(url))).toEqual([]);
  });
});

describe('a slow or leaving player', () => {
  it('does not make the plugin read ahead by more than a few buffers', async () => {
    let given = 0;
    const url = await publish({
      size: 1_000_000_000,
      read: async function* (start, end = 0) {
        for (let at = start; at < end; at += 65_536) {
          given += 65_536;
          yield bytes.subarray(0, Math.min(65_536, end - at));
        }
      },
    });
    const atRest = async (): Promise<void> => {
      for (let last = -1; last !== given; ) {
        last = given;
        await sleep(systemClock, 500);
      }
    };
    const response = await open(url);
    await atRest();
    // Loopback's own socket buffers take most of it: up to 6 MiB of receive window on Linux.
    expect(given).toBeLessThan(12_000_000);
    let taken = 0;
    await new Promise<void>((resolve) => {
      response.on('data', (chunk: Buffer) => {
        taken += chunk.length;
        if (taken < 20_000_000) return;
        response.pause();
        resolve();
      });
    });
    await atRest();
    expect(given - taken).toBeLessThan(12_000_000);
    response.destroy();
  });

  it.each([['sends'], ['waits']])('ends the read of a plugin that %s', async (what) => {
    let returned: () => void = () => {};
    const over = new Promise<void>((resolve) => {
      returned = resolve;
    });
    const url = await publish({
      size: 1_000_000_000,
      read: async function* (_start, _end, signal) {
        try {
          yield bytes.subarray(0, 65_536);
          if (what === 'waits') await new Promise<void>((r) => signal.addEventListener('abort', () => r()));
          for (;;) yield bytes.subarray(0, 65_536);
        } finally {
          returned();
        }
      },
    });
    const response = await open(url);
    await new Promise((resolve) => response.once('data', resolve));
    response.destroy();
    await over;
    expect(front.failedReads(idOf(url))).toEqual([]);
  });

  it('is told by figures', async () => {
    const url = await publish();
    const seen: number[] = [];
    front.onDidRead(({ offset }) => seen.push(offset));
    await get(url, { Range: 'bytes=1000-1999' });
    await get(url, { Range: 'bytes=5000-5999' });
    expect(seen).toEqual([2000, 6000]);
    expect(front.reads(idOf(url))).toMatchObject({ bytesServed: 2000, offset: 6000 });
  });
});

describe('the front itself', () => {
  it('takes the port it had, and another when that is taken', async () => {
    const make = (): HttpStreamFront =>
      store.add(new HttpStreamFront({ clock: systemClock, onError: (error) => errors.push(error) }));
    const second = make();
    const other = await second.start(port);
    expect(other).not.toBe(port);
    await second.dispose();
    expect(await make().start(other)).toBe(other);
  });

  it('refuses what would break a head, and use before start or after dispose', async () => {
    const id = newStreamId();
    const valid = { id, size: 1, type: 'video/mp4', owner };
    const bad = [
      { ...valid, id: 'short' },
      { ...valid, type: 'x\r\nSet-Cookie: a' },
      { ...valid, size: -1 },
      { ...valid, validators: { etag: 'W/"a"' } },
      { ...valid, validators: { lastModified: 'yesterday\r\n' } },
    ];
    for (const registration of bad)
      expect(() => front.register(registration)).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
      );
    await front.dispose();
    expect(() => front.register(valid)).toThrow(KinoportError);
  });

  it('cuts what is under way when a stream is unregistered, and when it is disposed', async () => {
    const endless: ReadBytes = async function* () {
      for (;;) yield bytes.subarray(0, 65_536);
    };
    const url = await publish({ read: endless, size: 1_000_000_000_000 });
    const cut = get(url);
    await new Promise<void>((resolve) => front.onDidRead(() => resolve()));
    front.unregister(idOf(url));
    expect((await cut).complete).toBe(false);
    expect((await get(url)).status).toBe(404);

    const again = get(await publish({ read: endless, size: 1_000_000_000_000 }));
    await new Promise<void>((resolve) => front.onDidRead(() => resolve()));
    await front.dispose();
    expect((await again).complete).toBe(false);
  });
});
