import { DisposableStore, DisposeError, toDisposable } from '@kinoport/core';
import { describe, expect, it } from 'vitest';

describe('toDisposable', () => {
  it('runs its function once, however often it is disposed', async () => {
    let runs = 0;
    const item = toDisposable(async () => {
      runs += 1;
    });
    const first = item.dispose();
    expect(item.dispose()).toBe(first);
    await first;
    expect(runs).toBe(1);
  });
});

describe('DisposableStore', () => {
  it('gives back in reverse order, each awaited before the next begins', async () => {
    const order: string[] = [];
    const store = new DisposableStore();
    for (const name of ['a', 'b', 'c'])
      store.defer(async () => {
        order.push(`${name} begins`);
        await new Promise((resolve) => setImmediate(resolve));
        order.push(`${name} ends`);
      });
    await store.dispose();
    expect(order).toEqual(['c begins', 'c ends', 'b begins', 'b ends', 'a begins', 'a ends']);
    expect(store.size).toBe(0);
  });

  it('runs every disposer although some fail, and reports all failures in the order they ran', async () => {
    const order: string[] = [];
    const store = new DisposableStore();
    store.defer(() => {
      order.push('a');
      throw new Error('of a');
    });
    store.defer(() => {
      order.push('b');
    });
    store.defer(async () => {
      order.push('c');
      throw new Error('of c');
    });
    const failure = await store.dispose().catch((error: unknown) => error);
    expect(order).toEqual(['c', 'b', 'a']);
    expect(failure).toBeInstanceOf(DisposeError);
    expect((failure as DisposeError).errors.map(String)).toEqual(['Error: of c', 'Error: of a']);
  });

  it('disposes once when disposed twice', async () => {
    let runs = 0;
    const store = new DisposableStore();
    store.defer(() => {
      runs += 1;
    });
    await Promise.all([store.dispose(), store.dispose()]);
    await store.dispose();
    expect(runs).toBe(1);
    expect(store.isDisposed).toBe(true);
  });

  it('disposes at once what is added after its own disposal', async () => {
    const store = new DisposableStore();
    await store.dispose();
    const disposed = new Promise<void>((resolve) => {
      store.defer(resolve);
    });
    await disposed;
    expect(store.size).toBe(0);
  });

  it('keeps away from what was released', async () => {
    let runs = 0;
    const store = new DisposableStore();
    const item = store.defer(() => {
      runs += 1;
    });
    store.release(item);
    await store.dispose();
    expect(runs).toBe(0);
  });

  it('disposes one before its time, and not again with the rest', async () => {
    const order: string[] = [];
    const store = new DisposableStore();
    const early = store.defer(() => {
      order.push('early');
    });
    store.defer(() => {
      order.push('late');
    });
    await store.disposeOf(early);
    expect(order).toEqual(['early']);
    await store.dispose();
    expect(order).toEqual(['early', 'late']);
  });
});
