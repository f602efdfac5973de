import { KinoportError, once } from '@kinoport/core';
import { VirtualClock } from '@kinoport/core/testing';
import { afterEach, describe, expect, it } from 'vitest';
import type { Peer } from '../../../host/src/rpc/peer.ts';
import { peerPair } from './pipes.ts';

const open: Peer[] = [];

async function pair(clock?: VirtualClock) {
  const made = await peerPair(clock);
  open.push(made.near, made.far);
  return made;
}

afterEach(() => {
  for (const peer of open.splice(0)) peer.dispose();
});

/** A handler that never answers, and tells when it was called and when it was cancelled. */
function hanging(peer: Peer) {
  const called = Promise.withResolvers<void>();
  const cancelled = Promise.withResolvers<unknown>();
  peer.handle('hang', (_params, signal) => {
    signal.addEventListener('abort', () => cancelled.resolve(signal.reason), { once: true });
    called.resolve();
    return new Promise(() => undefined);
  });
  return { called: called.promise, cancelled: cancelled.promise };
}

describe('a call', () => {
  it.each([
    ['an object', { a: [1, { b: null }] }],
    ['a list of one', [1]],
    ['a list', [1, 2]],
    ['text', 'x'],
    ['nothing', null],
  ])('carries and brings back %s', async (_what, value) => {
    const { near, far } = await pair();
    far.handle('echo', async (params) => ({ got: (params as { value: unknown }).value }));
    expect(await near.call('echo', { value })).toEqual({ got: value });
  });

  it('brings a coded error whole, without the stack of the other side', async () => {
    const { near, far } = await pair();
    far.handle('fail', async () => {
      throw new KinoportError('SOURCE_FORBIDDEN', 'No.', { hint: 'Ask.', data: { status: 403, list: [1] } });
    });
    const error = await near.call('fail', {}).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KinoportError);
    expect(error).toMatchObject({
      code: 'SOURCE_FORBIDDEN',
      message: 'No.',
      hint: 'Ask.',
      data: { status: 403, list: [1] },
    });
  });

  it("makes any other error INTERNAL, and one of a plugin's own code keeps it", async () => {
    const { near, far } = await pair();
    far.handle('fail', async () => {
      throw new TypeError('x is not a function');
    });
    far.handle('own', async () => {
      throw new KinoportError('DEMO_QUOTA', 'Full.');
    });
    await expect(near.call('fail', {})).rejects.toMatchObject({
      code: 'INTERNAL',
      message: 'x is not a function',
    });
    await expect(near.call('own', {})).rejects.toMatchObject({ code: 'DEMO_QUOTA' });
    await expect(near.call('nothing', {})).rejects.toMatchObject({ code: 'METHOD_NOT_FOUND' });
  });

  it('is rejected at once when cancelled, and the other side is told', async () => {
    const { near, far } = await pair();
    const { called, cancelled } = hanging(far);
    const abort = new AbortController();
    const call = near.call('hang', {}, { signal: abort.signal });
    await called;
    abort.abort();
    await expect(call).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await cancelled).toMatchObject({ code: 'ABORTED' });
  });

  it('that was cancelled before it began is not sent', async () => {
    const { near, far } = await pair();
    const seen: string[] = [];
    far.handle('first', async () => void seen.push('first'));
    far.handle('second', async () => void seen.push('second'));
    await expect(near.call('first', {}, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    });
    await near.call('second', {});
    expect(seen).toEqual(['second']);
  });

  it('has a deadline, after which the other side is told to stop', async () => {
    const clock = new VirtualClock();
    const { near, far } = await pair(clock);
    const { called, cancelled } = hanging(far);
    const call = near.call('hang', {}, { timeout: 5_000 });
    const failed = expect(call).rejects.toMatchObject({
      code: 'PLUGIN_CALL_TIMEOUT',
      message: 'the other side did not answer "hang" within 5 s.',
    });
    await called;
    await clock.advance(5_000);
    await failed;
    await cancelled;
    expect(clock.pendingTimers).toBe(0);
  });

  it('leaves no timer behind when it was answered', async () => {
    const clock = new VirtualClock();
    const { near, far } = await pair(clock);
    far.handle('quick', async () => 1);
    await near.call('quick', {});
    expect(clock.pendingTimers).toBe(0);
  });

  it('is refused when 256 are under way, and taken again when one has ended', async () => {
    const { near, far } = await pair();
    const waiting: (() => void)[] = [];
    const full = Promise.withResolvers<void>();
    far.handle('wait', () => {
      return new Promise((resolve) => {
        waiting.push(() => resolve(null));
        if (waiting.length === 256) full.resolve();
      });
    });
    far.handle('quick', async () => 1);
    const calls = Array.from({ length: 256 }, () => near.call('wait', {}));
    await full.promise;
    await expect(near.call('quick', {})).rejects.toMatchObject({ code: 'PLUGIN_BUSY' });
    waiting[0]?.();
    await calls[0];
    expect(await near.call('quick', {})).toBe(1);
    for (const end of waiting) end();
    await Promise.all(calls);
  });
});

describe('a connection that ends', () => {
  it('rejects what is under way and what comes later', async () => {
    const { near, far } = await pair();
    const { called } = hanging(far);
    const call = near.call('hang', {});
    const failed = expect(call).rejects.toMatchObject({ code: 'PLUGIN_CRASHED' });
    await called;
    far.dispose();
    await failed;
    await expect(near.call('hang', {})).rejects.toMatchObject({ code: 'PLUGIN_CRASHED' });
    await expect(near.notify('x', {})).rejects.toMatchObject({ code: 'PLUGIN_CRASHED' });
    expect(near.isClosed).toBe(true);
  });

  it.each([
    ['garbage', 'this is no message\n'],
    ['a message without end', 'x'.repeat(5 * 1024 * 1024)],
  ])('by %s says so, once, and closes', async (_what, bytes) => {
    const { near, raw } = await pair();
    raw.on('error', () => undefined);
    const closed = once(near.onDidClose);
    raw.write(bytes);
    expect(await closed).toMatchObject({ code: 'PLUGIN_PROTOCOL' });
    expect(near.isClosed).toBe(true);
  });

  it('cancels what is being done for it', async () => {
    const { near, far } = await pair();
    const { called, cancelled } = hanging(far);
    near.call('hang', {}).catch(() => undefined);
    await called;
    near.dispose();
    expect(await cancelled).toMatchObject({ code: 'ABORTED' });
  });
});

it('a response that is longer than the limit fails its call and not the connection', async () => {
  const { near, far } = await pair();
  far.handle('long', async () => 'x'.repeat(5 * 1024 * 1024));
  far.handle('short', async () => 1);
  await expect(near.call('long', {}, { timeout: 5_000 })).rejects.toMatchObject({ code: 'PLUGIN_PROTOCOL' });
  expect(await near.call('short', {})).toBe(1);
});

it('a request that is longer than the limit fails at once', async () => {
  const { near, far } = await pair();
  far.handle('take', async () => 1);
  await expect(near.call('take', 'x'.repeat(5 * 1024 * 1024))).rejects.toMatchObject({
    code: 'PLUGIN_PROTOCOL',
  });
  expect(await near.call('take', {})).toBe(1);
});

it('an urgent call goes out to a reader that does not read, and another is refused', async () => {
  const { near, far, raw } = await peerPair();
  open.push(near, far);
  far.handle('urgent', async () => 'here');
  far.handle('any', async () => 1);
  raw.pause();
  const long = 'x'.repeat(2 * 1024 * 1024);
  const errors: unknown[] = [];
  const calls: Promise<unknown>[] = [];
  while (errors.length === 0) {
    calls.push(near.call('any', { long }).catch((error: unknown) => errors.push(error)));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(errors).toEqual([expect.objectContaining({ code: 'PLUGIN_UNRESPONSIVE' })]);
  expect(calls.length).toBeLessThan(20);
  const urgent = near.call('urgent', {}, { urgent: true });
  expect(near.isClosed).toBe(false);
  raw.resume();
  expect(await urgent).toBe('here');
  await Promise.all(calls);
});
