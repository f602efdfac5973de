import type { SyncStatus } from '../../sync.ts';
import type { Clause } from '../clause.ts';
import type { Trial } from '../trial.ts';
import { both, PATIENCE, playing, together } from './stage.ts';
import type { SyncSubject } from './subject.ts';

/** How far the clocks of two members on one machine may seem apart beside what they say themselves, milliseconds. */
const CLOCK_SLACK = 10;

/** How this machine is in step. */
export const statusClauses: readonly Clause<SyncSubject>[] = [
  {
    id: 'sync.status.synced',
    title: 'a room that was just heard of is connected and synced, and stays so while nothing happens',
    why: 'A quiet film is no lost one.',
    timeout: 40_000,
    async run(subject, t: Trial) {
      const { host } = await both(subject, t);
      await host.reach('synced', ({ status }) => status.sync === 'synced');
      for (let second = 0; second < 6; second += 1) {
        await t.sleep(1_000);
        t.equal('the connection', host.room.status.connection, 'connected');
        t.equal('how it is in step', host.room.status.sync, 'synced');
      }
    },
  },
  {
    id: 'sync.status.clock',
    title: 'the clock of the room is known in milliseconds, with a bound that holds, and the round trip',
    why: 'Without it nobody can start at one instant.',
    async run(subject, t: Trial) {
      const { host, guest } = await both(subject, t);
      await host.roomNow();
      await guest.roomNow();
      const [mine, theirs] = [figures(t, host.room.status), figures(t, guest.room.status)];
      // Both are on one machine, so their clocks are one.
      const bound = mine.bound + theirs.bound + CLOCK_SLACK;
      t.near('what is between the offsets of the two (ms)', mine.offset - theirs.offset, 0, bound);
      await host.room.start({ force: true });
      const { at } = host.timeline;
      t.near('the instant of a start that was asked for now (ms)', at - (await host.roomNow()), 0, 3_000);
    },
  },
  {
    id: 'sync.status.told',
    title: 'a change of the status is told, and what is told is the status',
    why: 'The line at the bottom is made of it.',
    async run(subject, t: Trial) {
      const { guest } = await both(subject, t);
      const heard: SyncStatus[] = [];
      const subscription = guest.room.onDidChangeStatus((status) => heard.push(status));
      t.defer(() => subscription.dispose());
      await t.until('a status', PATIENCE, () => heard.length > 0);
      t.equal('the connection', heard[0]?.connection, 'connected');
      await guest.room.leave();
      t.ok(
        heard.some(({ connection }) => connection === 'closed'),
        'that the room was closed was not told',
      );
    },
  },
  {
    id: 'sync.status.drift',
    title: 'the drift is told in milliseconds, ahead of the timeline as positive',
    why: 'Nobody believes that it is in sync who cannot see it.',
    async run(subject, t: Trial) {
      const { slip } = subject.people[1];
      if (!slip) t.skip('nobody moves a player (slip)');
      const seats = await playing(subject, t);
      await together(t, seats, 'playing');
      await seats.guest.reach('a drift', ({ status }) => status.drift !== undefined);
      t.ok(Math.abs(seats.guest.room.status.drift ?? 0) <= 100, `it is ${seats.guest.room.status.drift} ms`);
      const seen: number[] = [];
      await slip(seats.guest.player.id, 0.2);
      await t.until('a drift of 200 ms', 3_000, () => {
        const { drift = 0 } = seats.guest.room.status;
        seen.push(drift);
        return drift > 100 && drift < 300;
      });
    },
  },
];

function figures(t: Trial, { offset, offsetBound, roundTrip }: SyncStatus) {
  if (offset === undefined || offsetBound === undefined || roundTrip === undefined)
    t.fail('offset, offsetBound or roundTrip is not told');
  t.ok(offsetBound >= 0 && offsetBound < 1_000, `offsetBound is ${offsetBound} ms`);
  t.ok(roundTrip >= 0 && roundTrip < 1_000, `roundTrip is ${roundTrip} ms`);
  return { offset, bound: offsetBound };
}
