import { VirtualClock } from '@kinoport/core/testing';
import { describe, expect, it } from 'vitest';
import { Passwords } from '../../../../../plugins/watch-together/relay/src/rooms/passwords.ts';

const ANY = { salt: 'c2FsdA', cost: 2, blockSize: 1, parallelization: 1 };

/** Derivations that take as long as the test says. */
function slow() {
  const clock = new VirtualClock();
  const under: string[] = [];
  const passwords = new Passwords(clock, async (password) => {
    under.push(password);
    await new Promise<void>((resolve) => clock.after(40, resolve));
    return password;
  });
  return { clock, under, passwords };
}

describe('passwords', () => {
  it('are kept with a salt of their own and what they were derived by', async () => {
    const passwords = new Passwords(new VirtualClock());
    const kept = await passwords.hash('Pass\u0061\u030a', 'a');
    expect(kept).toMatchObject({ cost: 16_384, blockSize: 8, parallelization: 1 });
    expect(await passwords.derive('Pass\u00e5', kept, 'a')).toEqual(kept);
    expect((await passwords.derive('Passa', kept, 'a')).hash).not.toBe(kept.hash);
    const again = await passwords.hash('Pass\u00e5', 'a');
    expect([again.salt === kept.salt, again.hash === kept.hash]).toEqual([false, false]);
    passwords.dispose();
  });

  it('are derived one at a time, each address in turn, with a rest as long as it took', async () => {
    const { clock, under, passwords } = slow();
    const all = [
      passwords.derive('1', ANY, 'greedy'),
      passwords.derive('2', ANY, 'greedy'),
      passwords.derive('3', ANY, 'greedy'),
      passwords.derive('other', ANY, 'modest'),
    ];
    await clock.advance(79);
    expect(under).toEqual(['1']);
    await clock.advance(1);
    expect(under).toEqual(['1', '2']);
    await clock.advance(240);
    expect(under).toEqual(['1', '2', 'other', '3']);
    expect((await Promise.all(all)).map(({ hash }) => hash)).toEqual(['1', '2', '3', 'other']);
    passwords.dispose();
    expect(clock.pendingTimers).toBe(0);
  });

  it('are refused when too many of an address wait, and when the relay ends', async () => {
    const { clock, under, passwords } = slow();
    const waiting = Array.from({ length: 51 }, () => passwords.derive('x', ANY, 'greedy'));
    const late = Promise.allSettled(waiting.slice(1));
    await expect(passwords.derive('x', ANY, 'greedy')).rejects.toMatchObject({
      code: 'RELAY_RATE_LIMITED',
      data: { retryAfter: 5000 },
    });
    const modest = passwords.derive('x', ANY, 'modest').catch((error: unknown) => error);
    await clock.advance(40);
    await waiting[0];
    passwords.dispose();
    for (const end of await late) expect(end).toMatchObject({ reason: { code: 'RELAY_DRAINING' } });
    expect(await modest).toMatchObject({ code: 'RELAY_DRAINING' });
    await expect(passwords.hash('x', 'late')).rejects.toMatchObject({ code: 'RELAY_DRAINING' });
    await clock.advance(1000);
    expect(under).toHaveLength(1);
  });

  it('are refused when it is their turn, where those before were guesses', async () => {
    const { clock, under, passwords } = slow();
    let tries = 1;
    const check = (): void => {
      if (tries === 0) throw new Error('guessed too often');
    };
    const first = passwords.derive('1', ANY, 'eve', check).then(() => {
      tries -= 1;
    });
    const second = passwords.derive('2', ANY, 'eve', check).catch((error: unknown) => error);
    const other = passwords.derive('3', ANY, 'ann');
    await clock.advance(200);
    await first;
    expect(await second).toEqual(new Error('guessed too often'));
    expect((await other).hash).toBe('3');
    expect(under).toEqual(['1', '3']);
  });

  it('are derived again soon after the process was stopped in the middle of one', async () => {
    const clock = new VirtualClock();
    let stood = 3_600_000;
    const passwords = new Passwords(clock, async (password) => {
      await new Promise<void>((resolve) => clock.after(stood, resolve));
      return password;
    });
    const first = passwords.derive('1', ANY, 'a');
    const next = passwords.derive('2', ANY, 'a');
    await clock.advance(stood);
    await first;
    stood = 40;
    await clock.advance(2000);
    expect((await next).hash).toBe('2');
  });
});
