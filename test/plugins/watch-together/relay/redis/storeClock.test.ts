import { VirtualClock } from '@kinoport/core/testing';
import { expect, it } from 'vitest';
import { StoreClock } from '../../../../../plugins/watch-together/relay/src/redis/storeClock.ts';

it('is set by a server of which only the first answer was quick', async () => {
  const clock = new VirtualClock();
  let trip = 1;
  const time = (): Promise<number> => {
    const at = clock.now() + 5000 + trip / 2;
    const answer = new Promise<number>((resolve) => void clock.after(trip, () => resolve(at)));
    trip = 200;
    return answer;
  };
  const store = new StoreClock(clock, time);
  try {
    let isSet = false;
    const set = store.set().then(() => {
      isSet = true;
    });
    for (let ms = 0; ms < 15_000 && !isSet; ms += 10) await clock.advance(10);
    await set;
    expect(store.now() - clock.now()).toBeCloseTo(5000, 0);
  } finally {
    await store.dispose();
  }
});
