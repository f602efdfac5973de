import { VirtualClock } from '@kinoport/core/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { type ClockAnswer, RoomClock } from '../../../../plugins/watch-together/src/clock/roomClock.ts';
import type { ClockFault } from '../../../../plugins/watch-together/src/clock/suspicion.ts';
import { Random } from '../../../support/random.ts';
import { MachineClock } from '../control/machine.ts';

interface Way {
  readonly up: number;
  readonly down: number;
  readonly jitter?: number;
}

/** A relay whose clock is 5000 ms ahead, and a member that asks it. */
class Setup {
  readonly time = new VirtualClock();
  readonly local: MachineClock;
  readonly relay: MachineClock;
  readonly clock: RoomClock;
  readonly asked: number[] = [];
  readonly faults: ClockFault[] = [];
  /** Changes what the relay says. */
  lie: (answer: ClockAnswer) => ClockAnswer | undefined = (answer) => answer;
  ahead = 5000;
  isPlaying = true;

  constructor(way: Way = { up: 20, down: 20 }, ppm = 0, seed = 1) {
    const random = new Random(seed);
    const delay = (base: number): number => base - (way.jitter ?? 0) * Math.log(1 - random.next());
    this.local = new MachineClock(this.time);
    this.relay = new MachineClock(this.time, { ppm });
    this.clock = new RoomClock({
      clock: this.local,
      random: () => random.next(),
      isPlaying: () => this.isPlaying,
      send: (c1) => {
        this.asked.push(this.time.now());
        this.time.after(delay(way.up), () => {
          const now = this.relay.now() + this.ahead;
          this.time.after(delay(way.down), () => {
            const answer = this.lie({ c1, r2: now, r3: now });
            if (answer !== undefined) this.clock.receive(answer);
          });
        });
      },
    });
    this.clock.onDidDoubt(({ fault }) => this.faults.push(fault));
    this.clock.connected('relay 1');
  }

  /** What the conversion is wrong by now, milliseconds. */
  get error(): number {
    return this.clock.toRoom(this.local.now()) - (this.relay.now() + this.ahead);
  }
}

let setup: Setup;
afterEach(() => setup.clock.dispose());

describe('when the relay is asked', () => {
  it('asks eight times 50 to 100 ms apart, then every 5 to 10 s', async () => {
    setup = new Setup();
    await setup.time.advance(60_000);
    const gaps = setup.asked.slice(1).map((at, index) => at - (setup.asked[index] ?? 0));
    expect(gaps.slice(0, 7).every((gap) => gap >= 50 && gap <= 100)).toBe(true);
    expect(gaps.slice(7).every((gap) => gap >= 5000 && gap <= 10_000)).toBe(true);
    expect(gaps.length).toBeGreaterThan(11);
  });

  it('asks a burst again after the machine has slept', async () => {
    setup = new Setup();
    await setup.time.advance(20_000);
    const before = setup.asked.length;
    setup.ahead += 30_000;
    setup.time.stepWall(30_000);
    await setup.time.advance(2000);
    expect(setup.asked.length - before).toBeGreaterThanOrEqual(8);
    expect(setup.error).toBeCloseTo(0, 3);
    expect(setup.faults).toEqual([]);
  });

  it('asks nobody after the connection is lost, and goes on with what it knows', async () => {
    setup = new Setup();
    await setup.time.advance(2000);
    setup.clock.disconnected();
    const before = setup.asked.length;
    setup.time.stepWall(-5000);
    await setup.time.advance(60_000);
    expect(setup.asked.length).toBe(before);
    expect(setup.clock.isSet).toBe(true);
  });

  it('takes the clock of another relay at its first answer', async () => {
    setup = new Setup();
    await setup.time.advance(30_000);
    setup.ahead = 1_000_000;
    setup.clock.connected('relay 2');
    expect(setup.error).toBeCloseTo(5000 - 1_000_000, 3);
    await setup.time.advance(60);
    expect(setup.error).toBeCloseTo(0, 3);
    expect(setup.faults).toEqual([]);
  });
});

describe('what it makes of the answers', () => {
  it('knows nothing before the first', () => {
    setup = new Setup();
    expect(setup.clock.isSet).toBe(false);
    expect(setup.clock.estimate).toBeUndefined();
  });

  it('tells offset, bound and round trip', async () => {
    setup = new Setup({ up: 20, down: 120 });
    await setup.time.advance(5000);
    const estimate = setup.clock.estimate;
    // Nobody can see that the way back is the longer one; the error is within the bound.
    expect(estimate?.offset).toBeCloseTo(5000 - 50, 3);
    expect(estimate?.bound).toBeCloseTo(70, 3);
    expect(estimate?.roundTrip).toBeCloseTo(140, 3);
  });

  it('converts there and back', async () => {
    setup = new Setup({ up: 30, down: 30, jitter: 10 }, 200);
    await setup.time.advance(100_000);
    for (const local of [setup.local.now() - 5000, setup.local.now(), setup.local.now() + 60_000])
      expect(setup.clock.toLocal(setup.clock.toRoom(local))).toBeCloseTo(local, 4);
  });

  it('is within 4 ms through 50/50 ms with 10 ms of jitter', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      setup = new Setup({ up: 50, down: 50, jitter: 10 }, 0, seed);
      await setup.time.advance(60_000);
      expect(Math.abs(setup.error)).toBeLessThan(4);
    }
  });

  it('learns how much faster the relay runs, and needs no answer to go on', async () => {
    setup = new Setup({ up: 20, down: 20, jitter: 2 }, 80);
    await setup.time.advance(400_000);
    expect(setup.clock.estimate?.skew).toBeGreaterThan(60);
    expect(setup.clock.estimate?.skew).toBeLessThan(100);
    setup.clock.disconnected();
    await setup.time.advance(120_000);
    // 80 ppm would be 9.6 ms.
    expect(Math.abs(setup.error)).toBeLessThan(4);
  });

  it('moves the clock by half a millisecond a second at most while somebody watches', async () => {
    setup = new Setup({ up: 20, down: 20, jitter: 15 }, 0, 5);
    await setup.time.advance(700);
    let before = setup.clock.toRoom(setup.local.now()) - setup.local.now();
    for (let second = 0; second < 120; second += 1) {
      await setup.time.advance(1000);
      const now = setup.clock.toRoom(setup.local.now()) - setup.local.now();
      expect(Math.abs(now - before)).toBeLessThan(0.6);
      before = now;
    }
  });

  it('steps where nobody watches', async () => {
    setup = new Setup({ up: 20, down: 120 });
    setup.isPlaying = false;
    await setup.time.advance(2000);
    expect(setup.error).toBeCloseTo(-50, 3);
    // Now a quick answer comes in.
    setup.lie = (answer) => ({ ...answer, r2: answer.r2 - 0.001 });
    setup.clock.connected('relay 1');
    await setup.time.advance(1000);
    expect(Math.abs(setup.error + 50)).toBeLessThan(0.01);
  });
});

describe('a relay that lies', () => {
  const lies: readonly (readonly [string, ClockFault, (answer: ClockAnswer) => ClockAnswer])[] = [
    ['says NaN', 'malformed', (answer) => ({ ...answer, r2: Number.NaN })],
    ['says infinity', 'malformed', (answer) => ({ ...answer, r3: Number.POSITIVE_INFINITY })],
    ['says huge numbers', 'malformed', (answer) => ({ ...answer, r2: 1e300, r3: 1e300 })],
    ['answers before it was asked', 'backwards', (answer) => ({ ...answer, r3: answer.r3 - 10 })],
    ['has worked longer than it took', 'impossible', (answer) => ({ ...answer, r3: answer.r3 + 500 })],
    ['answers nobody', 'unasked', (answer) => ({ ...answer, c1: answer.c1 + 0.5 })],
  ];
  for (const [name, fault, lie] of lies)
    it(`and ${name} changes nothing, for ever`, async () => {
      setup = new Setup();
      await setup.time.advance(20_000);
      setup.lie = lie;
      await setup.time.advance(60_000);
      expect(new Set(setup.faults)).toEqual(new Set([fault]));
      expect(setup.error).toBeCloseTo(0, 3);
    });

  it('once is not believed', async () => {
    setup = new Setup();
    await setup.time.advance(20_000);
    let left = 2;
    setup.lie = (answer) => {
      left -= 1;
      return left >= 0 ? { ...answer, r2: answer.r2 + 400, r3: answer.r3 + 400 } : answer;
    };
    await setup.time.advance(60_000);
    expect(setup.faults).toEqual(['jumped', 'jumped']);
    expect(setup.error).toBeCloseTo(0, 3);
  });

  it('and whose clock has gone back for good is believed after three answers', async () => {
    setup = new Setup();
    await setup.time.advance(20_000);
    setup.ahead = -3_600_000;
    await setup.time.advance(60_000);
    expect(setup.faults).toEqual(['backwards', 'backwards', 'rebased']);
    expect(setup.error).toBeCloseTo(0, 3);
  });

  it('and says something else each time changes nothing', async () => {
    setup = new Setup();
    await setup.time.advance(20_000);
    let by = 0;
    setup.lie = (answer) => {
      by += 10_000;
      return { ...answer, r2: answer.r2 + by, r3: answer.r3 + by };
    };
    await setup.time.advance(600_000);
    expect(new Set(setup.faults)).toEqual(new Set(['jumped']));
    expect(setup.error).toBeCloseTo(0, 3);
  });
});
