import { describe, expect, it } from 'vitest';
import { WireEstimate } from '../../../../plugins/torrent/src/schedule/wireEstimate.ts';
import { BLOCK_LENGTH } from '../../../../plugins/torrent/src/torrent.ts';

const RTT = 60;

/** Has a wire answer `count` blocks, one every `gap` milliseconds, from a full queue. @returns when the last came */
function answer(estimate: WireEstimate, count: number, gap: number, from = 0): number {
  let now = from + RTT;
  for (let i = 0; i < count; i++) {
    now += gap;
    estimate.answered(now, now - RTT - gap, BLOCK_LENGTH, 4);
  }
  return now;
}

describe('an estimate', () => {
  it('follows a wire that becomes slower, and one that becomes faster', () => {
    const estimate = new WireEstimate();
    const slow = answer(estimate, 100, 20);
    expect(estimate.rate / (BLOCK_LENGTH / 20)).toBeCloseTo(1, 1);
    const fast = answer(estimate, 30, 100, slow);
    expect(estimate.rate).toBeLessThan(BLOCK_LENGTH / 80);
    answer(estimate, 300, 10, fast);
    expect(estimate.rate).toBeGreaterThan(BLOCK_LENGTH / 14);
  });

  it('falls with silence, and is what it was after the next answer but for the time that was lost', () => {
    const estimate = new WireEstimate();
    const last = answer(estimate, 200, 10);
    estimate.silence(last + 90, last, 4);
    expect(estimate.rate / (BLOCK_LENGTH / 10)).toBeCloseTo(1, 1);
    estimate.silence(last + 2100, last, 4);
    expect(estimate.rate).toBeCloseTo(BLOCK_LENGTH / 2000, 0);
    expect(estimate.drainAt).toBeGreaterThan(last + 2100 + 4 * 1900);
    estimate.answered(last + 2110, last + 2040, BLOCK_LENGTH, 3);
    expect(estimate.rate).toBeGreaterThan(BLOCK_LENGTH / 2000);
  });

  it('knows a wire as slow that never answered and lost a race', () => {
    const estimate = new WireEstimate();
    expect(estimate.isProven).toBe(false);
    estimate.asked(0, BLOCK_LENGTH, RTT);
    estimate.lost(200, 0, 0);
    expect(estimate.isProven).toBe(true);
    expect(estimate.hasAnswered).toBe(false);
    expect(estimate.etaOf(200, BLOCK_LENGTH, RTT)).toBeGreaterThanOrEqual(700);
  });

  it('grows its queue until 150 ms wait in it, and no further', () => {
    const estimate = new WireEstimate();
    let now = 0;
    const blockTime = 8;
    const sent: number[] = [];
    for (let i = 0; i < 2000; i++) {
      while (sent.length < estimate.window) sent.push(now);
      const sentAt = sent.shift() ?? now;
      now = Math.max(now + blockTime, sentAt + RTT);
      estimate.answered(now, sentAt, BLOCK_LENGTH, sent.length);
    }
    expect(estimate.window * blockTime).toBeGreaterThan(RTT + 120);
    expect(estimate.window * blockTime).toBeLessThan(RTT + 200);
  });
});
