import { isKinoportError, sleep, systemClock } from '@kinoport/core';
import { VirtualClock } from '@kinoport/core/testing';
import { describe, expect, it } from 'vitest';

describe('VirtualClock', () => {
  it('stands still until it is moved', () => {
    const clock = new VirtualClock({ now: 5, wall: 100 });
    clock.after(0, () => {
      throw new Error('fired by itself');
    });
    expect([clock.now(), clock.wall(), clock.pendingTimers]).toEqual([5, 100, 1]);
  });

  it('fires timers in order of their instants, each seeing its own time', async () => {
    const clock = new VirtualClock({ now: 0, wall: 1000 });
    const fired: [string, number, number][] = [];
    const note = (name: string) => () => {
      fired.push([name, clock.now(), clock.wall()]);
    };
    clock.after(30, note('late'));
    clock.after(10, note('early'));
    clock.after(10, note('early too'));
    await clock.advance(40);
    expect(fired).toEqual([
      ['early', 10, 1010],
      ['early too', 10, 1010],
      ['late', 30, 1030],
    ]);
    expect([clock.now(), clock.wall()]).toEqual([40, 1040]);
  });

  it('fires what a timer sets up, when it falls due in the same move', async () => {
    const clock = new VirtualClock({ now: 0 });
    const fired: number[] = [];
    clock.after(10, () => {
      fired.push(clock.now());
      clock.after(10, () => {
        fired.push(clock.now());
      });
    });
    await clock.advance(20);
    expect(fired).toEqual([10, 20]);
  });

  it('repeats until disposed, also from within the repeated function', async () => {
    const clock = new VirtualClock({ now: 0 });
    const fired: number[] = [];
    const timer = clock.every(10, () => {
      fired.push(clock.now());
      if (fired.length === 3) void timer.dispose();
    });
    await clock.advance(100);
    expect(fired).toEqual([10, 20, 30]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not fire what was disposed', async () => {
    const clock = new VirtualClock();
    let fired = 0;
    const timer = clock.after(10, () => {
      fired += 1;
    });
    void timer.dispose();
    await clock.advance(20);
    expect(fired).toBe(0);
  });

  it('steps the wall clock without moving time', () => {
    const clock = new VirtualClock({ now: 0, wall: 1000 });
    clock.stepWall(-600);
    expect([clock.now(), clock.wall()]).toEqual([0, 400]);
  });
});

describe('sleep', () => {
  it('resolves when its time has come, not before', async () => {
    const clock = new VirtualClock({ now: 0 });
    let woke: number | undefined;
    const sleeping = sleep(clock, 50).then(() => {
      woke = clock.now();
    });
    await clock.advance(49);
    expect(woke).toBeUndefined();
    await clock.advance(1);
    await sleeping;
    expect(woke).toBe(50);
  });

  it('rejects with ABORTED when its signal fires, and takes its timer along', async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const sleeping = sleep(clock, 50, controller.signal);
    controller.abort();
    const error: unknown = await sleeping.catch((reason: unknown) => reason);
    expect(isKinoportError(error, 'ABORTED')).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it('rejects at once when the signal has fired before', async () => {
    const clock = new VirtualClock();
    await expect(sleep(clock, 50, AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('systemClock', () => {
  it('counts the milliseconds of the machine, the same in every process', () => {
    const before = Number(process.hrtime.bigint()) / 1e6;
    const now = systemClock.now();
    const after = Number(process.hrtime.bigint()) / 1e6;
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(after);
  });

  it('repeats until disposed', async () => {
    let count = 0;
    await new Promise<void>((resolve) => {
      const timer = systemClock.every(1, () => {
        count += 1;
        if (count < 3) return;
        void timer.dispose();
        resolve();
      });
    });
    expect(count).toBe(3);
  });
});
