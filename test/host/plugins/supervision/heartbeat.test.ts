import {
  type Clock,
  type KinoportError as Coded,
  type Disposable,
  Emitter,
  KinoportError,
} from '@kinoport/core';
import { VirtualClock } from '@kinoport/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Heartbeat, type HeartbeatOptions } from '../../../../host/src/plugins/supervision/heartbeat.ts';
import { peerPair } from '../../rpc/pipes.ts';

/** Time of a machine that can be suspended: nothing runs meanwhile, and then everything is late. */
class MachineClock implements Clock {
  readonly virtual = new VirtualClock();
  #lost = 0;

  now(): number {
    return this.virtual.now() + this.#lost;
  }

  wall(): number {
    return this.virtual.wall() + this.#lost;
  }

  after(ms: number, run: () => void): Disposable {
    return this.virtual.after(ms, run);
  }

  every(ms: number, run: () => void): Disposable {
    return this.virtual.every(ms, run);
  }

  stall(ms: number): void {
    this.#lost += ms;
  }
}

/** A process at the other end: it answers, is silent, or fails. */
class Process {
  readonly closing = new Emitter<Coded | undefined>();
  asked = 0;
  answer: 'at once' | 'never' | KinoportError = 'at once';
  #waiting: (() => void)[] = [];

  readonly onDidClose = this.closing.event;

  call<T>(
    method: string,
    _params: unknown,
    options: Parameters<HeartbeatOptions['peer']['call']>[2],
  ): Promise<T> {
    expect([method, options?.timeout, options?.urgent]).toEqual(['ping', Number.POSITIVE_INFINITY, true]);
    this.asked += 1;
    if (this.answer instanceof KinoportError) return Promise.reject(this.answer);
    if (this.answer === 'at once') return Promise.resolve(undefined as T);
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => resolve(undefined as T));
      options?.signal?.addEventListener('abort', () => reject(new KinoportError('ABORTED', 'x')));
    });
  }

  wakeUp(): void {
    this.answer = 'at once';
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

let clock: MachineClock;
let process: Process;
let heartbeat: Heartbeat;
let told: (boolean | 'given up')[];

function start(options: Partial<HeartbeatOptions> = {}): void {
  heartbeat = new Heartbeat({ peer: process, clock, ...options });
  heartbeat.onDidChangeResponsive((value) => told.push(value));
  heartbeat.onDidGiveUp(() => told.push('given up'));
}

const pass = (seconds: number): Promise<void> => clock.virtual.advance(seconds * 1000);

beforeEach(() => {
  clock = new MachineClock();
  process = new Process();
  told = [];
});
afterEach(() => {
  heartbeat.dispose();
  expect(clock.virtual.pendingTimers).toBe(0);
});

describe('a process that answers', () => {
  it('is asked once a second, and nothing is told', async () => {
    start();
    await pass(60);
    expect(process.asked).toBe(60);
    expect(told).toEqual([]);
    expect(heartbeat.isResponsive).toBe(true);
  });

  it('costs one timer while nothing is asked', async () => {
    start();
    await pass(5.5);
    expect(clock.virtual.pendingTimers).toBe(1);
  });

  it('is asked at the same instants as every other, whenever it began', async () => {
    start();
    await pass(2.3);
    const instants: number[] = [];
    const late = new Heartbeat({
      peer: { onDidClose: process.onDidClose, call: async () => instants.push(clock.now()) as never },
      clock,
    });
    await pass(3);
    expect(instants.map((instant) => instant % 1000)).toEqual([0, 0, 0]);
    late.dispose();
  });

  it('may answer with an error', async () => {
    process.answer = new KinoportError('METHOD_NOT_FOUND', 'It is of an older version.');
    start();
    await pass(30);
    expect(process.asked).toBe(30);
    expect(told).toEqual([]);
  });

  it('may take its time', async () => {
    start();
    for (let round = 0; round < 5; round += 1) {
      process.answer = 'never';
      await pass(2.9);
      process.wakeUp();
      await pass(0.05);
    }
    expect(told).toEqual([]);
  });
});

describe('a process that is silent', () => {
  it('is unresponsive 3 s after its last answer, and given up 10 s after it', async () => {
    start();
    await pass(4);
    process.answer = 'never';
    await pass(2.9);
    expect(told).toEqual([]);
    await pass(0.1);
    expect(told).toEqual([false]);
    await pass(6.9);
    expect(told).toEqual([false]);
    await pass(0.1);
    expect(told).toEqual([false, 'given up']);
  });

  it('is asked no second time while the first question waits', async () => {
    start();
    process.answer = 'never';
    await pass(9);
    expect(process.asked).toBe(1);
  });

  it('is silent, too, when it reads so little that no question finds room', async () => {
    start();
    process.answer = new KinoportError('PLUGIN_UNRESPONSIVE', 'Too much waits already.');
    await pass(10.5);
    expect(told).toEqual([false, 'given up']);
  });

  it('is responsive again once a question finds room', async () => {
    start();
    process.answer = new KinoportError('PLUGIN_UNRESPONSIVE', 'Too much waits already.');
    await pass(5);
    process.answer = 'at once';
    await pass(5);
    expect(told).toEqual([false, true]);
  });

  it('is told no more after it was given up', async () => {
    start();
    process.answer = 'never';
    await pass(10);
    process.wakeUp();
    await pass(60);
    expect(told).toEqual([false, 'given up']);
    expect(process.asked).toBe(1);
    expect(clock.virtual.pendingTimers).toBe(0);
  });

  it('is responsive again with a late answer, and its silence begins anew', async () => {
    start();
    process.answer = 'never';
    await pass(9.9);
    process.wakeUp();
    await pass(0);
    expect(told).toEqual([false, true]);
    process.answer = 'never';
    await pass(9.9);
    expect(told).toEqual([false, true, false]);
    expect(heartbeat.isResponsive).toBe(false);
  });
});

describe('a host that stands still itself', () => {
  it('counts a suspended machine as one look', async () => {
    start();
    process.answer = 'never';
    await pass(1.5);
    clock.stall(30_000);
    await pass(1.4);
    expect(told).toEqual([]);
    await pass(0.2);
    expect(told).toEqual([false]);
  });

  it('counts nothing of a pause between two questions', async () => {
    start();
    await pass(0.5);
    clock.stall(30_000);
    process.answer = 'never';
    await pass(2.4);
    expect(told).toEqual([]);
  });

  it('reads what came meanwhile before it accuses', async () => {
    start();
    process.answer = 'never';
    await pass(9.8);
    expect(told).toEqual([false]);
    // The look of 10 s comes late; the answer has been there for long.
    clock.stall(30_000);
    await pass(0.2);
    expect(told).toEqual([false]);
    process.wakeUp();
    await pass(0);
    expect(told).toEqual([false, true]);
  });

  it('accuses nobody while it is late all the time', async () => {
    start();
    process.answer = 'never';
    for (let look = 0; look < 100; look += 1) {
      clock.stall(600);
      await pass(0.25);
    }
    expect(told).toEqual([]);
  });
});

describe('the end', () => {
  it.each([
    ['while it rests', 0.5, 'at once'],
    ['while a question waits', 5, 'never'],
  ] as const)('of the pipe %s is the end of the questions', async (_when, seconds, answer) => {
    start();
    process.answer = answer;
    await pass(seconds);
    const before = [...told];
    process.closing.fire(undefined);
    expect(clock.virtual.pendingTimers).toBe(0);
    await pass(60);
    expect(told).toEqual(before);
    expect(process.asked).toBe(seconds > 1 ? 1 : 0);
  });

  it('by dispose in a listener is the end, too', async () => {
    start();
    heartbeat.onDidChangeResponsive(() => heartbeat.dispose());
    process.answer = 'never';
    await pass(60);
    expect(told).toEqual([false]);
    expect(clock.virtual.pendingTimers).toBe(0);
  });
});

it('a process under a debugger is never asked', async () => {
  start({ debugged: true });
  process.answer = 'never';
  await pass(60);
  expect([process.asked, told, clock.virtual.pendingTimers]).toEqual([0, [], 0]);
});

it('gets through to a process in which as many calls as allowed are under way', async () => {
  const { near, far } = await peerPair(clock);
  try {
    far.handle('hang', () => new Promise(() => undefined));
    const asked = Promise.withResolvers<void>();
    far.handle('ping', async () => asked.resolve());
    for (let call = 0; call < 256; call += 1) near.call('hang', {}).catch(() => undefined);
    await expect(near.call('hang', {})).rejects.toMatchObject({ code: 'PLUGIN_BUSY' });
    start({ peer: near });
    await pass(1);
    await asked.promise;
  } finally {
    near.dispose();
    far.dispose();
  }
});
