import type { Clause } from '../clause.ts';
import type { Trial } from '../trial.ts';
import { both, create, join, QUIET, same } from './stage.ts';
import type { SyncSubject } from './subject.ts';

/** Who is there, and from the lobby to the film. */
export const lobbyClauses: readonly Clause<SyncSubject>[] = [
  {
    id: 'sync.roster.told',
    title: 'who comes and goes is told, with all that are there in the order of their coming',
    why: 'People look who is here.',
    async run(subject, t: Trial) {
      const { host, guest } = await both(subject, t);
      const told = host.rosters.at(-1) ?? t.fail('nothing was told');
      t.equal('who is there', told.map(({ name }) => name).join(), 'Ann,Bob');
      await guest.room.leave();
      await host.reach('one participant', ({ participants }) => participants.length === 1);
      t.equal('the count of participants that was told', host.rosters.at(-1)?.length, 1);
    },
  },
  {
    id: 'sync.roster.names',
    title: 'two of the same name are two, and are called so, if with a number behind it',
    why: 'There are many Bobs.',
    async run(subject, t: Trial) {
      const host = await create(subject, t, { name: 'Bob' });
      const guest = await join(subject, t, host.room, { name: 'Bob' });
      await host.reach('two participants', ({ participants }) => participants.length === 2);
      t.ok(host.id !== guest.id, 'both have the same id');
      for (const id of [host.id, guest.id])
        t.ok(/^Bob\b/.test(host.sees(id).name), `the name is "${host.sees(id).name}"`);
    },
  },
  {
    id: 'sync.lobby.ready',
    title: 'ready, and not any more, is seen by all',
    why: 'The host waits for it.',
    async run(subject, t: Trial) {
      const { host, guest } = await both(subject, t);
      for (const ready of [true, false]) {
        await guest.room.setReady(ready);
        t.equal('isReady of oneself', guest.self.isReady, ready);
        await host.reach(`isReady ${ready} of the other`, () => host.sees(guest.id).isReady === ready);
        t.equal('isReady of the host', host.self.isReady, false);
      }
    },
  },
  {
    id: 'sync.lobby.wait',
    title: 'whether the room is to wait for somebody is seen by all',
    why: 'A slow line need not hold up the others.',
    async run(subject, t: Trial) {
      const { host, guest } = await both(subject, t);
      t.equal('waitForMe at first', host.sees(guest.id).waitForMe, true);
      await guest.room.setWaitForMe(false);
      await host.reach('waitForMe of the other', () => !host.sees(guest.id).waitForMe);
      t.equal('waitForMe of the host', host.self.waitForMe, true);
    },
  },
  {
    id: 'sync.lobby.idle',
    title: 'in the lobby nothing can be played, paused or sought: ROOM_STATE',
    why: 'It would begin without those who are not there yet.',
    async run(subject, t: Trial) {
      const { room } = await create(subject, t);
      await t.rejects('play', () => room.play(), 'ROOM_STATE');
      await t.rejects('pause', () => room.pause(), 'ROOM_STATE');
      await t.rejects('seek', () => room.seek(5), 'ROOM_STATE');
      t.equal('the phase', room.timeline.phase, 'idle');
    },
  },
  {
    id: 'sync.start.ready',
    title: 'start waits for all to be ready: ROOM_NOT_READY; force does not',
    why: 'Somebody is still fetching something to drink.',
    async run(subject, t: Trial) {
      const { host, guest } = await both(subject, t);
      await host.room.setReady(true);
      await t.rejects('start', () => host.room.start(), 'ROOM_NOT_READY');
      t.equal('the phase', host.timeline.phase, 'idle');
      await host.room.start({ force: true });
      await same(t, host, guest, ({ phase }) => phase !== 'idle');
    },
  },
  {
    id: 'sync.start.host',
    title: 'start is for the host: ROOM_FORBIDDEN',
    why: 'Somebody has to say when.',
    async run(subject, t: Trial) {
      const { host, guest } = await both(subject, t);
      await t.rejects('start', () => guest.room.start({ force: true }), 'ROOM_FORBIDDEN');
      await t.sleep(QUIET);
      t.equal('the phase', host.timeline.phase, 'idle');
    },
  },
  {
    id: 'sync.start.again',
    title: 'what has been started is not started again: ROOM_STATE',
    why: 'All would be thrown back to the beginning.',
    async run(subject, t: Trial) {
      const { room } = await create(subject, t);
      await room.setReady(true);
      await room.start({ position: 7 });
      const { seq } = room.timeline;
      await t.rejects('start', () => room.start(), 'ROOM_STATE');
      t.equal('the number of the timeline', room.timeline.seq, seq);
    },
  },
];
