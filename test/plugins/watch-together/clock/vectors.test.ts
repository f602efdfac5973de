import { describe, expect, it } from 'vitest';
import { measureExchange } from '../../../../plugins/watch-together/src/clock/exchange.ts';
import { SampleWindow } from '../../../../plugins/watch-together/src/clock/sampleWindow.ts';
import { SkewLine } from '../../../../plugins/watch-together/src/clock/skewLine.ts';
import { SlewedOffset } from '../../../../plugins/watch-together/src/clock/slewedOffset.ts';

describe('one exchange', () => {
  const vectors = [
    { of: { c1: 0, r2: 1010, r3: 1010, c4: 20 }, says: { at: 10, offset: 1000, roundTrip: 20 } },
    { of: { c1: 100, r2: 150, r3: 160, c4: 210 }, says: { at: 155, offset: 0, roundTrip: 100 } },
    // 20 ms there, 120 ms back: off by 50.
    { of: { c1: 0, r2: 20, r3: 20, c4: 140 }, says: { at: 70, offset: -50, roundTrip: 140 } },
    { of: { c1: 5000, r2: -995, r3: -994, c4: 5011 }, says: { at: 5005.5, offset: -6000, roundTrip: 10 } },
  ];
  for (const { of, says } of vectors)
    it(`${Object.values(of).join(', ')} is ${says.offset} ± ${says.roundTrip / 2}`, () => {
      expect(measureExchange(of)).toEqual(says);
    });
});

describe('the window of samples', () => {
  const sample = (at: number, offset: number, roundTrip: number) => ({ at, offset, roundTrip });

  it('prefers the fastest, unless it is too old to be worth it', () => {
    const window = new SampleWindow();
    window.add(sample(0, 1, 10));
    window.add(sample(1000, 2, 40));
    expect(window.best(1000)?.offset).toBe(1);
    window.add(sample(110_000, 3, 14));
    // 110 s at 30 ppm are 3.3 ms.
    expect(window.best(110_000)?.offset).toBe(3);
  });

  it('refuses what took more than three times the fastest', () => {
    const window = new SampleWindow();
    expect(window.isSlow(sample(0, 0, 9999))).toBe(false);
    window.add(sample(0, 0, 10));
    expect(window.isSlow(sample(0, 0, 30))).toBe(false);
    expect(window.isSlow(sample(0, 0, 30.1))).toBe(true);
  });

  it('holds 32 samples of two minutes', () => {
    const window = new SampleWindow();
    for (let index = 0; index < 50; index += 1) window.add(sample(index, 0, 10));
    expect(window.size).toBe(32);
    window.add(sample(120_040, 0, 10));
    expect(window.size).toBe(11);
    window.expire(1_000_000);
    expect(window.size).toBe(1);
  });
});

describe('the line through the samples', () => {
  it('says nothing before a minute', () => {
    const line = new SkewLine();
    for (let at = 0; at < 60_000; at += 5000) line.add({ at, offset: at * 1e-4, roundTrip: 10 });
    expect(line.slope).toBe(0);
  });

  it('finds the slope, and looks at fast samples alone', () => {
    const line = new SkewLine();
    for (let at = 0; at <= 300_000; at += 5000) {
      line.add({ at, offset: 7 + at * 50e-6, roundTrip: 10 });
      line.add({ at: at + 2500, offset: 47, roundTrip: 90 });
    }
    expect(line.slope * 1e6).toBeCloseTo(50, 0);
  });

  it('never believes more than 500 ppm', () => {
    const line = new SkewLine();
    for (let at = 0; at <= 300_000; at += 5000) line.add({ at, offset: at * 0.1, roundTrip: 1 });
    expect(line.slope).toBe(500e-6);
  });
});

describe('the offset in force', () => {
  it('slews 0.5 ms a second, both ways, and then stays', () => {
    const offset = new SlewedOffset();
    offset.aim(100, 0, 0, true);
    expect(offset.aim(102, 0, 0, true)).toBe(0);
    expect([0, 1000, 4000, 9000].map((at) => offset.valueAt(at))).toEqual([100, 100.5, 102, 102]);
    offset.aim(101, 0, 10_000, true);
    expect([10_000, 11_000, 12_000, 60_000].map((at) => offset.valueAt(at))).toEqual([102, 101.5, 101, 101]);
  });

  it('steps beyond 50 ms, and where nobody watches', () => {
    const offset = new SlewedOffset();
    offset.aim(0, 0, 0, true);
    expect(offset.aim(50, 0, 0, true)).toBe(0);
    expect(offset.valueAt(0)).toBe(0);
    expect(offset.aim(51, 0, 0, true)).toBe(51);
    expect(offset.valueAt(0)).toBe(51);
    expect(offset.aim(52, 0, 0, false)).toBe(1);
  });

  it('moves on with the skew', () => {
    const offset = new SlewedOffset();
    offset.aim(10, 1e-4, 1000, true);
    expect(offset.valueAt(11_000)).toBeCloseTo(11, 9);
  });
});
