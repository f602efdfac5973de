import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DisposableStore, KinoportError, sleep, systemClock } from '@kinoport/core';
import { VirtualClock } from '@kinoport/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newStreamId } from '../../../host/src/streams/address.ts';
import { createByteServer, type ReadBytes } from '../../../host/src/streams/byteServer.ts';
import type { FailedRead } from '../../../host/src/streams/front.ts';
import { HttpStreamFront, type HttpStreamFrontOptions } from '../../../host/src/streams/httpFront.ts';
import { content, get, hash, open, startPlugin, TestOwner, tempFolder } from './support.ts';

let store: DisposableStore;
let folder: string;
let id: string;
let errors: unknown[];

beforeEach(async () => {
  store = new DisposableStore();
  folder = await tempFolder(store);
  id = newStreamId();
  errors = [];
});
afterEach(async () => {
  await store.dispose();
  expect(errors).toEqual([]);
});

async function startFront(options: Partial<HttpStreamFrontOptions> = {}): Promise<HttpStreamFront> {
  const front = new HttpStreamFront({ clock: systemClock, onError: (e) => errors.push(e), ...options });
  store.add(front);
  await front.start();
  return front;
}

async function serve(name: string, read: ReadBytes): Promise<string> {
  const socketPath = path.join(folder, name);
  const server = store.add(createByteServer({ socketPath, onError: () => {} }));
  await server.publish(id, read);
  return socketPath;
}

const collectFailures = (front: HttpStreamFront): FailedRead[] => {
  const failures: FailedRead[] = [];
  front.onDidFailRead((failure) => failures.push(failure));
  return failures;
};

/** Advances a virtual clock until something real has happened. */
async function advanceUntil<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  let settled = false;
  const done = work.finally(() => {
    settled = true;
  });
  while (!settled) {
    await clock.advance(100);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return done;
}

describe("when the plugin's process dies in mid-response", () => {
  it('goes on at the exact byte with the next one, several readers at once', async () => {
    const bytes = content(40_000_000);
    const file = path.join(folder, 'film');
    await writeFile(file, bytes);
    const front = await startFront();
    const failures = collectFailures(front);
    const owner = new TestOwner();
    const url = front.register({ id, size: bytes.length, type: 'video/mp4', owner });

    let generation = 0;
    const start = async () => {
      const socketPath = path.join(folder, `g${generation++}`);
      const plugin = await startPlugin(store, { socketPath, id, file });
      owner.set(socketPath);
      return plugin;
    };
    let plugin = await start();
    const ranges: readonly (readonly [number, number])[] = [
      [0, 40_000_000],
      [1, 39_999_999],
      [7_777_777, 33_333_333],
    ];
    const responses = await Promise.all(
      ranges.map(([from, to]) => open(url, { Range: `bytes=${from}-${to - 1}` })),
    );
    let taken = 0;
    let killAt = 5_000_000;
    let kills = 0;
    for (const response of responses) {
      response.on('data', (chunk: Buffer) => {
        taken += chunk.length;
      });
      response.pause();
    }
    const bodies = responses.map(async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        if (taken < killAt) continue;
        killAt += 18_000_000;
        kills++;
        await plugin.kill();
        // The old socket is still what the owner tells for a while, as in life.
        plugin = await start();
      }
      return Buffer.concat(chunks);
    });
    const received = await Promise.all(bodies);
    expect(kills).toBeGreaterThan(3);
    received.forEach((body, index) => {
      const [from, to] = ranges[index] ?? [0, 0];
      expect(body.length).toBe(to - from);
      expect(hash(body)).toBe(hash(bytes.subarray(from, to)));
    });
    expect(failures).toEqual([]);
  });

  it('asks the new generation for the byte after the last one sent', async () => {
    const bytes = content(1_000_000);
    const asked: (readonly [number, number | undefined])[] = [];
    const owner = new TestOwner();
    const second = await serve('b', async function* (start, end) {
      asked.push([start, end]);
      yield bytes.subarray(start, end);
    });
    const first = await serve('a', async function* () {
      yield bytes.subarray(100, 123_556);
      owner.set(second);
      throw new Error('gone');
    });
    owner.set(first);
    const front = await startFront();
    const url = front.register({ id, size: bytes.length, type: 'video/mp4', owner });
    const { body } = await get(url, { Range: 'bytes=100-900099' });
    expect(body.equals(bytes.subarray(100, 900_100))).toBe(true);
    expect(asked).toHaveLength(1);
    const [start = 0, end] = asked[0] ?? [];
    expect(end).toBe(900_100);
    // A broken connection may swallow what was still on its way, never more than was given.
    expect(start).toBeGreaterThanOrEqual(100);
    expect(start).toBeLessThanOrEqual(123_556);
  });

  it('goes on with a stream of unknown size too', async () => {
    const bytes = content(500_000);
    let calls = 0;
    const socket = await serve('a', async function* (start) {
      if (calls++ === 0) {
        yield bytes.subarray(0, 200_000);
        throw new Error('gone');
      }
      yield bytes.subarray(start);
    });
    const front = await startFront();
    const url = front.register({ id, type: 'video/mp2t', owner: new TestOwner(socket) });
    const { body, complete } = await get(url);
    expect(complete && body.equals(bytes)).toBe(true);
  });
});

describe('while no generation is active', () => {
  const bytes = content(1000);
  const read: ReadBytes = async function* (start, end) {
    yield bytes.subarray(start, end);
  };

  it('holds a request until there is one', async () => {
    const front = await startFront();
    const owner = new TestOwner();
    const url = front.register({ id, size: 1000, type: 'video/mp4', owner });
    const answer = get(url, { Range: 'bytes=10-19' });
    while (owner.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
    owner.set(await serve('a', read));
    expect((await answer).body.equals(bytes.subarray(10, 20))).toBe(true);
  });

  it('gives up after 30 s with 503, and remembers the failed read', async () => {
    const clock = new VirtualClock();
    const front = await startFront({ clock });
    const failures = collectFailures(front);
    const url = front.register({ id, size: 1000, type: 'video/mp4', owner: new TestOwner() });
    const start = clock.now();
    const answer = await advanceUntil(clock, get(url, { Range: 'bytes=10-' }));
    expect(answer.status).toBe(503);
    expect(clock.now() - start).toBeGreaterThanOrEqual(30_000);
    expect(failures).toMatchObject([{ id, offset: 10, error: { code: 'SOURCE_UNREACHABLE' } }]);
    expect(front.failedReads(id)).toEqual(failures);
    expect(clock.pendingTimers).toBe(0);
  });

  it('gives up at once when there will be none any more', async () => {
    const front = await startFront();
    const error = new KinoportError('PLUGIN_DISABLED', 'The plugin is switched off.');
    const owner = { acquire: () => Promise.reject(error) };
    const url = front.register({ id, size: 1000, type: 'video/mp4', owner });
    expect((await get(url)).status).toBe(502);
    expect(front.failedReads(id)).toMatchObject([{ error: { code: 'PLUGIN_DISABLED' } }]);
  });

  it('holds a request for a stream that is expected, and answers when it is registered', async () => {
    const front = await startFront();
    front.expect(id);
    const answer = get(`http://127.0.0.1:${front.port}/s/${id}/film.mp4`);
    while ((front.reads(id)?.readers ?? 0) === 0) await new Promise((resolve) => setImmediate(resolve));
    const owner = new TestOwner(await serve('a', read));
    front.register({ id, size: 1000, type: 'video/mp4', owner });
    expect((await answer).body.equals(bytes)).toBe(true);
  });

  it('answers 404 when the expected stream will not come', async () => {
    const front = await startFront();
    front.expect(id);
    const answer = get(`http://127.0.0.1:${front.port}/s/${id}/film.mp4`);
    while ((front.reads(id)?.readers ?? 0) === 0) await new Promise((resolve) => setImmediate(resolve));
    front.unregister(id);
    expect((await answer).status).toBe(404);
  });

  it('waits for a new generation that has not published the stream yet', async () => {
    const socketPath = path.join(folder, 'a');
    const server = store.add(createByteServer({ socketPath, onError: () => {} }));
    await server.publish('another', read);
    const front = await startFront();
    const url = front.register({ id, size: 1000, type: 'video/mp4', owner: new TestOwner(socketPath) });
    const answer = get(url);
    while ((front.reads(id)?.readers ?? 0) === 0) await new Promise((resolve) => setImmediate(resolve));
    await server.publish(id, read);
    expect((await answer).body.equals(bytes)).toBe(true);
  });
});

describe('when the source itself fails', () => {
  const bytes = content(300_000);
  const forbidden = (): KinoportError => new KinoportError('SOURCE_FAILED', 'The server answered 503.');

  it('tries a few times more, then answers 502 and remembers', async () => {
    let calls = 0;
    // biome-ignore lint/correctness/useYield: fails before its first byte
    const socket = await serve('a', async function* () {
      calls++;
      throw forbidden();
    });
    const clock = new VirtualClock();
    const front = await startFront({ clock });
    const failures = collectFailures(front);
    const url = front.register({ id, size: 1000, type: 'video/mp4', owner: new TestOwner(socket) });
    expect((await advanceUntil(clock, get(url))).status).toBe(502);
    expect(calls).toBe(4);
    expect(failures).toMatchObject([{ id, offset: 0, error: { code: 'SOURCE_FAILED' } }]);
  });

  it('breaks off in mid-response, so that no player takes it for the end', async () => {
    let calls = 0;
    const socket = await serve('a', async function* (start) {
      if (calls++ > 0) throw forbidden();
      yield bytes.subarray(start, 200_000);
      throw forbidden();
    });
    const clock = new VirtualClock();
    const front = await startFront({ clock });
    const failures = collectFailures(front);
    const url = front.register({ id, size: bytes.length, type: 'video/mp4', owner: new TestOwner(socket) });
    const { status, complete, body } = await advanceUntil(clock, get(url));
    expect([status, complete]).toEqual([200, false]);
    expect(body.equals(bytes.subarray(0, body.length))).toBe(true);
    expect(failures).toHaveLength(1);
    expect(failures[0]?.offset).toBeLessThanOrEqual(200_000);
  });

  it('goes on when a later attempt succeeds', async () => {
    let calls = 0;
    const socket = await serve('a', async function* (start, end) {
      if (++calls % 3 !== 0) throw forbidden();
      yield bytes.subarray(start, Math.min(end ?? 0, start + 150_000));
    });
    const clock = new VirtualClock();
    const front = await startFront({ clock });
    const url = front.register({ id, size: bytes.length, type: 'video/mp4', owner: new TestOwner(socket) });
    const { body, complete } = await advanceUntil(clock, get(url));
    expect(complete && body.equals(bytes)).toBe(true);
    expect(front.failedReads(id)).toEqual([]);
  });

  it('does not ask again a source that has been patient itself', async () => {
    let calls = 0;
    const clock = new VirtualClock();
    // biome-ignore lint/correctness/useYield: fails before its first byte
    const socket = await serve('a', async function* () {
      calls++;
      await sleep(clock, 20_000);
      throw forbidden();
    });
    const front = await startFront({ clock });
    const url = front.register({ id, size: 1000, type: 'video/mp4', owner: new TestOwner(socket) });
    expect((await advanceUntil(clock, get(url))).status).toBe(502);
    expect(calls).toBe(1);
  });

  it('gives a stream that has just failed 4 s, and its old patience once it has recovered', async () => {
    let mode: 'fails' | 'hangs' | 'works' = 'fails';
    const clock = new VirtualClock();
    const socket = await serve('a', async function* (start, end, signal) {
      if (mode === 'fails') throw new KinoportError('SOURCE_FORBIDDEN', 'Not yours.');
      if (mode === 'hangs') await sleep(clock, 25_000, signal);
      yield bytes.subarray(start, end);
    });
    const front = await startFront({ clock });
    const url = front.register({ id, size: bytes.length, type: 'video/mp4', owner: new TestOwner(socket) });
    const took = async (): Promise<readonly [number, number]> => {
      const began = clock.now();
      const { status } = await advanceUntil(clock, get(url));
      return [status, clock.now() - began];
    };
    expect((await took())[0]).toBe(502);
    mode = 'hangs';
    const [status, time] = await took();
    expect(status).toBe(503);
    expect(time).toBeLessThan(6_000);
    mode = 'works';
    expect((await took())[0]).toBe(200);
    mode = 'hangs';
    expect((await took())[0]).toBe(200);
  });

  it('does not ask again for what is forbidden', async () => {
    let calls = 0;
    // biome-ignore lint/correctness/useYield: fails before its first byte
    const socket = await serve('a', async function* () {
      calls++;
      throw new KinoportError('SOURCE_FORBIDDEN', 'Not yours.');
    });
    const front = await startFront();
    const url = front.register({ id, size: 1000, type: 'video/mp4', owner: new TestOwner(socket) });
    expect((await get(url)).status).toBe(502);
    expect(calls).toBe(1);
  });

  it('breaks off when the next generation has other content', async () => {
    const socket = await serve('a', async function* () {
      for (;;) yield bytes.subarray(0, 65_536);
    });
    const front = await startFront();
    const owner = new TestOwner(socket);
    const registration = { id, size: 1e12, type: 'video/mp4', validators: { etag: '"1"' }, owner };
    const url = front.register(registration);
    const answer = get(url);
    await new Promise<void>((resolve) => front.onDidRead(() => resolve()));
    expect(front.register({ ...registration })).toBe(url);
    expect(() => front.register({ ...registration, validators: { etag: '"2"' } })).toThrow(
      expect.objectContaining({ code: 'SOURCE_CHANGED' }),
    );
    expect((await answer).complete).toBe(false);
    expect((await get(url)).status).toBe(502);
    expect(front.failedReads(id).map(({ error }) => error.code)).toEqual([
      'SOURCE_CHANGED',
      'SOURCE_CHANGED',
    ]);
  });
});
