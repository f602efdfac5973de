import { Emitter, once } from '@kinoport/core';
import { describe, expect, it } from 'vitest';

describe('Emitter', () => {
  it('calls listeners in order of subscription until they are disposed', () => {
    const emitter = new Emitter<number>();
    const heard: string[] = [];
    const first = emitter.event((value) => heard.push(`first ${value}`));
    emitter.event((value) => heard.push(`second ${value}`));
    emitter.fire(1);
    void first.dispose();
    emitter.fire(2);
    expect(heard).toEqual(['first 1', 'second 1', 'second 2']);
  });

  it('reports a listener that throws and goes on with the others', () => {
    const errors: unknown[] = [];
    const emitter = new Emitter<number>({ onError: (error) => errors.push(error) });
    const heard: number[] = [];
    emitter.event(() => {
      throw new Error('of a listener');
    });
    emitter.event((value) => heard.push(value));
    emitter.fire(7);
    expect(heard).toEqual([7]);
    expect(errors.map(String)).toEqual(['Error: of a listener']);
  });

  it('subscribes one function twice as two subscriptions', () => {
    const emitter = new Emitter<number>();
    let calls = 0;
    const listener = (): void => {
      calls += 1;
    };
    const first = emitter.event(listener);
    emitter.event(listener);
    void first.dispose();
    emitter.fire(1);
    expect(calls).toBe(1);
  });

  it('knows whether anyone listens, and nobody does after its disposal', () => {
    const emitter = new Emitter<number>();
    const heard: number[] = [];
    expect(emitter.hasListeners).toBe(false);
    emitter.event((value) => heard.push(value));
    expect(emitter.hasListeners).toBe(true);
    emitter.dispose();
    emitter.fire(1);
    expect(emitter.hasListeners).toBe(false);
    expect(heard).toEqual([]);
  });
});

describe('once', () => {
  it('resolves with the first value that is accepted and lets go', async () => {
    const emitter = new Emitter<number>();
    const value = once(emitter.event, (n) => n > 2);
    for (const n of [1, 2, 3, 4]) emitter.fire(n);
    await expect(value).resolves.toBe(3);
    expect(emitter.hasListeners).toBe(false);
  });

  it('rejects with the reason of its signal and lets go', async () => {
    const emitter = new Emitter<number>();
    const controller = new AbortController();
    const value = once(emitter.event, undefined, controller.signal);
    const reason = new Error('no longer wanted');
    controller.abort(reason);
    await expect(value).rejects.toBe(reason);
    expect(emitter.hasListeners).toBe(false);
  });

  it('rejects at once when the signal has fired before', async () => {
    const emitter = new Emitter<number>();
    const reason = new Error('too late');
    await expect(once(emitter.event, undefined, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(emitter.hasListeners).toBe(false);
  });
});
