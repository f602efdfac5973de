import { expect, it } from 'vitest';
import { inTurns } from '../../../../../plugins/watch-together/relay/src/rooms/inTurns.ts';

it('runs all of them in order, and never more at a time than allowed', async () => {
  const done: number[] = [];
  let [now, most] = [0, 0];
  await inTurns([0, 1, 2, 3, 4, 5, 6], 3, async (item) => {
    now += 1;
    most = Math.max(most, now);
    await Promise.resolve();
    now -= 1;
    done.push(item);
  });
  expect(done).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(most).toBe(3);
  await inTurns([], 3, () => Promise.reject(new Error('never')));
});

it('fails with the first that fails', async () => {
  const failing = inTurns([1, 2, 3], 2, (item) =>
    item === 2 ? Promise.reject(new Error('two')) : Promise.resolve(),
  );
  await expect(failing).rejects.toThrow('two');
});
