import { stat } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import path from 'node:path';
import { DisposableStore, KinoportError } from '@kinoport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ByteServer, createByteServer } from '../../../host/src/streams/byteServer.ts';
import { content, tempFolder } from './support.ts';

let store: DisposableStore;
let socketPath: string;
let server: ByteServer;
let errors: unknown[];
const bytes = content(600_000);

beforeEach(async () => {
  store = new DisposableStore();
  socketPath = path.join(await tempFolder(store), 's');
  errors = [];
  server = store.add(createByteServer({ socketPath, onError: (error) => errors.push(error) }));
});
afterEach(() => store.dispose());

function ask(target: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path: target, agent: false }, resolve).on('error', reject).end();
  });
}

async function body(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('the byte server of a plugin', () => {
  it('listens only once something is published, and leaves no socket behind', async () => {
    await expect(stat(socketPath)).rejects.toThrow();
    await server.publish('a', async function* () {});
    expect((await stat(socketPath)).isSocket()).toBe(true);
    await server.dispose();
    await expect(stat(socketPath)).rejects.toThrow();
    await expect(server.publish('b', async function* () {})).rejects.toMatchObject({ code: 'DISPOSED' });
  });

  it('says when it cannot listen', async () => {
    const other = store.add(
      createByteServer({ socketPath: path.join(socketPath, 'not', 'there'), onError: () => {} }),
    );
    await expect(other.publish('a', async function* () {})).rejects.toThrow();
  });

  it('gives exactly the range, whatever the size of the chunks, even from one buffer used again', async () => {
    await server.publish('a', async function* (start, end = bytes.length) {
      const buffer = Buffer.alloc(70_000);
      for (let at = start, n = 1; at < end; n = (n * 7) % 70_000) {
        // gives more than asked for at the end
        const size = bytes.copy(buffer, 0, at, Math.min(bytes.length, at + n));
        at += size;
        yield buffer.subarray(0, size);
        yield new Uint8Array(0);
      }
    });
    const response = await ask('/a?start=1000&end=500001');
    expect(response.statusCode).toBe(200);
    expect((await body(response)).equals(bytes.subarray(1000, 500_001))).toBe(true);
    expect((await body(await ask('/a?start=599990'))).equals(bytes.subarray(599_990))).toBe(true);
    expect(errors).toEqual([]);
  });

  it('tells an error before the first byte as data', async () => {
    await server.publish('a', async function* () {
      yield new Uint8Array(0);
      throw new KinoportError('SOURCE_FORBIDDEN', 'Not yours.', { hint: 'Log in.' });
    });
    const response = await ask('/a?start=0&end=10');
    expect(response.statusCode).toBe(502);
    expect(JSON.parse(String(await body(response)))).toMatchObject({
      error: { code: 'SOURCE_FORBIDDEN', message: 'Not yours.', hint: 'Log in.' },
    });
    expect(errors).toHaveLength(1);
  });

  it.each([
    ['throws', true],
    ['ends early', false],
  ])('breaks the connection when read %s in mid-body', async (_name, throws) => {
    await server.publish('a', async function* () {
      yield bytes.subarray(0, 100);
      if (throws) throw new Error('gone');
    });
    await expect(body(await ask('/a?start=0&end=1000'))).rejects.toThrow();
    expect(errors).toHaveLength(1);
  });

  it('does not know what is not published, or no longer', async () => {
    await server.publish('a', async function* () {});
    for (const target of ['/b?start=0', '/a', '/a?start=-1', '/a?start=0&end=x', '/../a?start=0'])
      expect((await ask(target)).statusCode).toBe(404);
    server.unpublish('a');
    expect((await ask('/a?start=0')).statusCode).toBe(404);
  });

  it('aborts a read that waits, and returns its generator, when the reader closes', async () => {
    const events: string[] = [];
    let done: () => void = () => {};
    const returned = new Promise<void>((resolve) => {
      done = resolve;
    });
    await server.publish('a', async function* (_start, _end, signal) {
      try {
        yield bytes.subarray(0, 10);
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        events.push('aborted');
        yield bytes.subarray(10, 20);
        events.push('went on');
      } finally {
        events.push('returned');
        done();
      }
    });
    const response = await ask('/a?start=0&end=100');
    response.once('data', () => response.destroy());
    response.on('error', () => {});
    await returned;
    expect(events).toEqual(['aborted', 'returned']);
    expect(errors).toEqual([]);
  });

  it('ends reads that never settle when the stream or the server goes', async () => {
    await server.publish('a', async function* () {
      yield bytes.subarray(0, 10);
      await new Promise(() => {});
    });
    const first = await ask('/a?start=0&end=100');
    server.unpublish('a');
    await expect(body(first)).rejects.toThrow();
    await server.publish('a', async function* () {
      yield bytes.subarray(0, 10);
      await new Promise(() => {});
    });
    const second = await ask('/a?start=0&end=100');
    await Promise.all([expect(body(second)).rejects.toThrow(), server.dispose()]);
  });
});
