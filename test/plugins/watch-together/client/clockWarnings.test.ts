import { VirtualClock } from '@kinoport/core/testing';
import { expect, it } from 'vitest';
import { ClockWarnings } from '../../../../plugins/watch-together/src/client/clockWarnings.ts';
import { RoomClock } from '../../../../plugins/watch-together/src/clock/roomClock.ts';

/** A minute and more of a relay whose time is `lie` at each answer. */
async function warnings(lie: (now: number) => number): Promise<readonly string[]> {
  const clock = new VirtualClock();
  const told: string[] = [];
  const time: RoomClock = new RoomClock({
    clock,
    random: () => 0.5,
    send: (c1) => {
      clock.after(1, () => {
        const now = lie(clock.now());
        clock.after(1, () => time.receive({ c1, r2: now, r3: now }));
      });
    },
  });
  const watch = new ClockWarnings(clock, time, ({ code, message }) => told.push(`${code}: ${message}`));
  time.connected();
  await clock.advance(100_000);
  await watch.dispose();
  await time.dispose();
  return told;
}

const LATER = 10_000;

it('says nothing of an honest relay, nor of what nobody notices', async () => {
  expect(await warnings((now) => now + 5000)).toEqual([]);
  expect(await warnings((now) => now + (now > LATER ? 200 : 0))).toEqual([]);
});

it('tells of a relay that goes back in time, once a minute', async () => {
  let answers = 0;
  const told = await warnings((now) => {
    answers += 1;
    return now > LATER ? now - 60_000 * answers : now;
  });
  expect(told).toHaveLength(2);
  expect(told[0]).toMatch(/^RELAY_CLOCK: The time that the relay tells is not believed: it is off by \d+/);
});

it('tells of a time that is none', async () => {
  const [first] = await warnings((now) => (now > LATER ? 1e300 : now));
  expect(first).toMatch(/it is no time at all/);
});
