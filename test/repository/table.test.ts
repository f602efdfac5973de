import { describe, expect, it } from 'vitest';
import { interleave, runFlags, summarize, Table } from '../support/table.ts';

describe('summarize', () => {
  it.each([
    [[3, 1, 2], { median: 2, min: 1, max: 3, count: 3 }],
    [[4, 1, 3, 2], { median: 2.5, min: 1, max: 4, count: 4 }],
    [[10, 9], { median: 9.5, min: 9, max: 10, count: 2 }],
    [[7], { median: 7, min: 7, max: 7, count: 1 }],
  ])('of %j', (values, summary) => {
    expect(summarize(values)).toEqual(summary);
  });

  it('refuses nothing at all', () => {
    expect(() => summarize([])).toThrow(RangeError);
  });
});

describe('interleave', () => {
  it('runs each once a round, the order turning', async () => {
    const order: string[] = [];
    const run = (name: string) => async (): Promise<number> => order.push(name);
    const figures = await interleave(3, { a: run('a'), b: run('b') });
    expect(order.join('')).toBe('abbaab');
    expect(figures).toEqual({ a: [1, 4, 5], b: [2, 3, 6] });
  });
});

describe('Table', () => {
  it('prints one JSON object a line with the agreed members', () => {
    const lines: string[] = [];
    const table = new Table({ title: 'Playback', json: true, print: (line) => lines.push(line) });
    table.add('first frame', 200, 'ms', { peer: { name: 'mpv', value: 100 }, atMost: 250 });
    table.add('writes', 0, '1/min');
    expect(table.end()).toBe(true);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        name: 'first frame',
        value: 200,
        unit: 'ms',
        peer: 'mpv',
        peerValue: 100,
        ratio: 2,
        target: 250,
        met: true,
      },
      {
        name: 'writes',
        value: 0,
        unit: '1/min',
        peer: null,
        peerValue: null,
        ratio: null,
        target: null,
        met: null,
      },
    ]);
  });

  it('aligns a table, leaves empty columns out, and tells a missed target', () => {
    const lines: string[] = [];
    const table = new Table({ title: 'Front', json: false, print: (line) => lines.push(line) });
    table.add('throughput', 512.34567, 'MB/s', { atLeast: 600 });
    table.add('x', 3, 'ms');
    expect(table.end()).toBe(false);
    expect(lines).toEqual([
      'Front',
      '',
      '            value  unit  target  met',
      '------------------------------------',
      'throughput  512.3  MB/s   ≥ 600  NO',
      'x               3  ms',
    ]);
  });
});

describe('runFlags', () => {
  it('reads the flags of a run', () => {
    expect(runFlags(['--quick'])).toEqual({ quick: true, json: false });
    expect(runFlags(['--json', '--quick'])).toEqual({ quick: true, json: true });
  });
});
