import { KinoportError, type Log } from '@kinoport/core';
import { VirtualClock } from '@kinoport/core/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HttpClient } from '../../../plugins/files/src/http/client.ts';
import { Credentials } from '../../../plugins/files/src/http/credentials.ts';
import { RateMeter } from '../../../plugins/files/src/http/rate.ts';
import { readResource } from '../../../plugins/files/src/http/reader.ts';
import { Patience, TransientFailure } from '../../../plugins/files/src/http/retry.ts';
import { HttpTarget } from '../../../plugins/files/src/http/target.ts';
import { film, type Origin, origin, ranged } from './support/origin.ts';

let clock: VirtualClock;
let client: HttpClient;
let server: Origin;
const log: Log = { debug() {}, info() {}, warn() {}, error() {} };
const bytes = film(100_000);

beforeEach(async () => {
  clock = new VirtualClock();
  client = new HttpClient(clock);
  server = await origin(ranged(bytes));
});
afterEach(async () => {
  await client.dispose();
  await server.close();
});

function read(signal = new AbortController().signal): AsyncGenerator<Uint8Array> {
  const credentials = new Credentials({
    get: async () => undefined,
    set: async () => {},
    keys: async () => [],
  });
  const target = new HttpTarget(client, credentials, new URL(`${server.url}/a.mkv`));
  return readResource({
    target,
    clock,
    log,
    size: bytes.length,
    ranges: true,
    validators: { etag: '"one"' },
    start: 0,
    signal,
    random: () => 1,
  });
}

async function all(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of stream) parts.push(chunk);
  return Buffer.concat(parts);
}

/** Lets virtual time pass in steps, giving sockets their turn, until the work is done. */
async function passTime<T>(work: Promise<T>): Promise<{ readonly result: T; readonly seconds: number }> {
  const from = clock.now();
  let done = false;
  const settled = work.finally(() => {
    done = true;
  });
  settled.catch(() => {});
  while (!done) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    await clock.advance(50);
  }
  return { result: await settled, seconds: (clock.now() - from) / 1000 };
}

test('a server that accepts and never answers is unreachable after 8 seconds', async () => {
  server.handle = () => {};
  const failure = client.get(new URL(server.url)).catch((error: unknown) => error);
  const { result, seconds } = await passTime(failure);
  expect(result).toMatchObject({ code: 'SOURCE_UNREACHABLE', message: expect.stringContaining('8 s') });
  expect(seconds).toBeGreaterThanOrEqual(8);
  expect(seconds).toBeLessThan(9);
  expect(clock.pendingTimers).toBe(0);
});

test('a body that falls silent is asked for again and goes on at the exact byte', async () => {
  let first = true;
  server.handle = (request, response) => {
    if (!first) return ranged(bytes)(request, response);
    first = false;
    response.writeHead(206, {
      etag: '"one"',
      'content-range': 'bytes 0-99999/100000',
      'content-length': 100_000,
    });
    response.write(bytes.subarray(0, 40_000));
  };
  const { result, seconds } = await passTime(all(read()));
  expect(result.equals(bytes)).toBe(true);
  expect(server.requests.at(-1)?.range).toBe('bytes=40000-99999');
  expect(seconds).toBeGreaterThanOrEqual(15);
});

test('a server that stays down ends the read after about 20 seconds', async () => {
  server.handle = (_request, response) => response.writeHead(502).end();
  const { result, seconds } = await passTime(all(read()).catch((error: unknown) => error));
  expect(result).toMatchObject({ code: 'SOURCE_FAILED' });
  expect(seconds).toBeGreaterThan(14);
  expect(seconds).toBeLessThan(24);
  expect(clock.pendingTimers).toBe(0);
});

test('a wait longer than there is time ends the read at once', async () => {
  server.handle = (_request, response) => response.writeHead(503, { 'retry-after': '3600' }).end();
  const { result, seconds } = await passTime(all(read()).catch((error: unknown) => error));
  expect(result).toMatchObject({ code: 'SOURCE_FAILED' });
  expect(seconds).toBeLessThan(5);
});

test('a cancelled read does not go on waiting', async () => {
  server.handle = (_request, response) => response.writeHead(503).end();
  const cancel = new AbortController();
  const reading = all(read(cancel.signal));
  const failed = expect(reading).rejects.toMatchObject({ code: 'ABORTED' });
  cancel.abort();
  await failed;
  expect(clock.pendingTimers).toBe(0);
});

test('waits grow with each failure in a row and start anew after real progress', async () => {
  const patience = new Patience(clock, () => 1);
  const failure = new TransientFailure(new KinoportError('SOURCE_FAILED', 'Down.'));
  const wait = async (): Promise<number> => {
    const { seconds } = await passTime(patience.wait(failure, new AbortController().signal));
    return seconds;
  };
  expect(await wait()).toBeLessThan(0.4);
  expect(await wait()).toBeGreaterThan(0.4);
  patience.progress(10);
  expect(await wait()).toBeGreaterThan(0.9);
  patience.progress(70_000);
  expect(await wait()).toBeLessThan(0.4);
});

test('the rate is that of the last seconds', async () => {
  const meter = new RateMeter(clock);
  for (let i = 0; i < 40; i++) {
    meter.add(250_000);
    await clock.advance(250);
  }
  expect(meter.bytesPerSecond).toBeGreaterThan(900_000);
  expect(meter.bytesPerSecond).toBeLessThan(1_100_000);
  await clock.advance(10_000);
  expect(meter.bytesPerSecond).toBe(0);
});
