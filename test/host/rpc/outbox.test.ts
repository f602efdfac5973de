import type { KinoportError } from '@kinoport/core';
import { describe, expect, it } from 'vitest';
import { Outbox } from '../../../host/src/rpc/outbox.ts';

/** A reader that takes a message when it is told to. */
function reader() {
  const sent: [string, unknown][] = [];
  const overflows: KinoportError[] = [];
  let taken: (() => void) | undefined;
  let broken: ((error: Error) => void) | undefined;
  const outbox = new Outbox({
    send: (method, params) => {
      sent.push([method, params]);
      return new Promise((resolve, reject) => {
        taken = resolve;
        broken = reject;
      });
    },
    onOverflow: (error) => overflows.push(error),
  });
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    outbox,
    sent,
    overflows,
    take: async (count = 1) => {
      for (let i = 0; i < count; i += 1) {
        taken?.();
        await settle();
      }
    },
    breakOff: async () => {
      broken?.(new Error('closed'));
      await settle();
    },
  };
}

describe('Outbox', () => {
  it('has one write under way', async () => {
    const { outbox, sent, take } = reader();
    outbox.fact('a', 1);
    outbox.fact('b', 2);
    expect(sent).toEqual([['a', 1]]);
    await take();
    expect(sent).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
  });

  it('keeps facts in order and leaves none out, the latest state of each key behind what came since', async () => {
    const { outbox, sent, take } = reader();
    outbox.fact('first', 0);
    outbox.state('x', 'state', 'x1');
    outbox.fact('fact', 1);
    outbox.state('y', 'state', 'y1');
    outbox.state('x', 'state', 'x2');
    outbox.fact('fact', 2);
    outbox.state('x', 'state', 'x3');
    await take(10);
    expect(sent.map(([, value]) => value)).toEqual([0, 1, 'y1', 2, 'x3']);
  });

  it('sends ten thousand states of a slow reader as one', async () => {
    const { outbox, sent, take, overflows } = reader();
    for (let i = 0; i < 10_000; i += 1) outbox.state('s', 'state', i);
    expect(outbox.waiting).toBe(1);
    await take(3);
    expect(sent.map(([, value]) => value)).toEqual([0, 9_999]);
    expect(overflows).toEqual([]);
  });

  it('calls a reader unresponsive when more than 1000 facts wait, once, and drops them', async () => {
    const { outbox, sent, take, overflows } = reader();
    for (let i = 0; i < 1_001; i += 1) outbox.fact('f', i);
    expect(overflows).toEqual([]);
    outbox.fact('f', 1_001);
    outbox.fact('f', 1_002);
    expect(overflows.map(({ code }) => code)).toEqual(['PLUGIN_UNRESPONSIVE']);
    expect(outbox.waiting).toBe(0);
    await take(3);
    expect(sent.length).toBe(1);
  });

  it('is silent after the connection has broken', async () => {
    const { outbox, sent, breakOff } = reader();
    outbox.fact('a', 1);
    outbox.fact('b', 2);
    await breakOff();
    outbox.fact('c', 3);
    outbox.state('d', 'd', 4);
    expect(sent).toEqual([['a', 1]]);
    expect(outbox.waiting).toBe(0);
  });
});
