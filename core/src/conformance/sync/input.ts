import type { Clause } from '../clause.ts';
import type { Trial } from '../trial.ts';
import { create, QUIET, same, started } from './stage.ts';
import type { SyncSubject } from './subject.ts';

const NO_NUMBERS = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

/** What nobody should ask for. */
export const inputClauses: readonly Clause<SyncSubject>[] = [
  {
    id: 'sync.input.position',
    title: 'a seek to what is no number is refused and changes nothing: INVALID_ARGUMENT',
    why: 'All players would be sent nowhere.',
    async run(subject, t: Trial) {
      const { host, guest } = await started(subject, t);
      await host.room.pause();
      const { seq } = await same(t, host, guest);
      for (const position of NO_NUMBERS)
        await t.rejects(`seek to ${position}`, () => host.room.seek(position), 'INVALID_ARGUMENT');
      await t.sleep(QUIET);
      t.equal('the number of the timeline', guest.timeline.seq, seq);
    },
  },
  {
    id: 'sync.input.bounds',
    title: 'a seek before the beginning goes to 0, and one to a huge position to one that is finite, for all',
    why: 'Ten seconds back, at the beginning.',
    async run(subject, t: Trial) {
      const { host, guest } = await started(subject, t);
      await host.room.pause();
      await host.room.seek(30);
      await host.room.seek(-10);
      t.equal('the position', (await same(t, host, guest)).position, 0);
      await host.room.seek(1e300);
      const { position } = await same(t, host, guest);
      t.ok(Number.isFinite(position) && position < 1e9, `the position is ${position}`);
    },
  },
  {
    id: 'sync.input.start',
    title: 'a start at what is no number is refused, and leaves the room in the lobby: INVALID_ARGUMENT',
    why: 'The film would begin nowhere.',
    async run(subject, t: Trial) {
      const { room } = await create(subject, t);
      for (const position of NO_NUMBERS)
        await t.rejects(
          `start at ${position}`,
          () => room.start({ force: true, position }),
          'INVALID_ARGUMENT',
        );
      t.equal('the phase', room.timeline.phase, 'idle');
    },
  },
  {
    id: 'sync.input.rate',
    title: 'a rate that is no number or not from 0.25 to 4 is refused and changes nothing: INVALID_ARGUMENT',
    why: 'A film does not run backwards, or not at all.',
    async run(subject, t: Trial) {
      const { host, guest } = await started(subject, t);
      const { seq } = await same(t, host, guest);
      for (const rate of [...NO_NUMBERS, 0, -1, 0.1, 100])
        await t.rejects(`the rate ${rate}`, () => host.room.setRate(rate), 'INVALID_ARGUMENT');
      await t.sleep(QUIET);
      t.equal('the number of the timeline', guest.timeline.seq, seq);
      t.equal('the rate', guest.timeline.rate, 1);
    },
  },
  {
    id: 'sync.input.offset',
    title: 'an own offset that is no number or above a minute is refused: INVALID_ARGUMENT',
    why: 'It was meant in milliseconds.',
    async run(subject, t: Trial) {
      const { room } = await create(subject, t);
      for (const offset of [...NO_NUMBERS, 61, -3_600])
        await t.rejects(`the offset ${offset}`, () => room.setOffset(offset), 'INVALID_ARGUMENT');
      await room.setOffset(0.2);
      await room.setOffset(-60);
    },
  },
  {
    id: 'sync.input.many',
    title: 'a room on which all of this was tried is as it was, for all that are in it',
    why: 'One broken program must not end the evening of others.',
    async run(subject, t: Trial) {
      const { host, guest } = await started(subject, t);
      const tried = Array.from({ length: 25 }, async () => {
        await guest.room.seek(Number.NaN).catch(() => undefined);
        await guest.room.setRate(-1).catch(() => undefined);
        await guest.room.say('').catch(() => undefined);
      });
      await Promise.all(tried);
      await t.sleep(QUIET);
      for (const { ends, room } of [host, guest]) {
        t.equal('the count of ends', ends.length, 0);
        t.equal('the connection', room.status.connection, 'connected');
      }
      await guest.room.pause();
      await same(t, guest, host, ({ phase }) => phase === 'paused');
    },
  },
];
