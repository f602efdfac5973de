import type { Clause } from '../clause.ts';
import type { Trial } from '../trial.ts';
import { PATIENCE, type Seat, started } from './stage.ts';
import type { SyncSubject } from './subject.ts';

/** Milliseconds: a silent connection is noticed only by and by. */
const NOTICED = 30_000;
const LONG = 90_000;

/** A connection that is lost, and comes back. */
export const connectionClauses: readonly Clause<SyncSubject>[] = [
  {
    id: 'sync.lost.told',
    title: 'a lost connection is told, and the seat is kept: the others see that it is not connected',
    why: 'People wait for who was lost, and not for who has left.',
    timeout: LONG,
    async run(subject, t: Trial) {
      const { host, guest } = await started(subject, t);
      await cut(subject, t, guest);
      t.equal('how it is in step', guest.room.status.sync, 'lost');
      await host.reach('that the guest is not connected', () => !host.sees(guest.id).connected, NOTICED);
      t.equal('the count of participants', host.room.participants.length, 2);
      t.equal('connected of the host', host.self.connected, true);
    },
  },
  {
    id: 'sync.lost.commands',
    title: 'without a connection commands are refused as that, and the room is not closed: RELAY_UNREACHABLE',
    why: 'A command that is carried out minutes later is worse than none.',
    timeout: LONG,
    async run(subject, t: Trial) {
      const { guest } = await started(subject, t);
      await cut(subject, t, guest);
      await t.rejects('pause', () => guest.room.pause(), 'RELAY_UNREACHABLE');
      await t.rejects('say', () => guest.room.say('Hello?'), 'RELAY_UNREACHABLE');
      t.equal('the count of ends', guest.ends.length, 0);
    },
  },
  {
    id: 'sync.lost.back',
    title: 'when the connection can be had again, it is taken by itself, and the seat is the same',
    why: 'Nobody has to type the code again.',
    timeout: LONG,
    async run(subject, t: Trial) {
      const { host, guest } = await started(subject, t);
      const { id } = guest;
      await cut(subject, t, guest);
      await heal(subject, t, guest);
      t.equal('the id', guest.id, id);
      await host.reach('that the guest is connected', () => host.sees(id).connected, NOTICED);
      t.equal('the count of participants', host.room.participants.length, 2);
      t.equal('the count of ends', guest.ends.length, 0);
      await guest.room.say('Back');
      await t.until('what was said', PATIENCE, () => host.messages.length > 0);
      t.equal('from', host.messages[0]?.from, id);
    },
  },
  {
    id: 'sync.lost.missed',
    title: 'what the others did meanwhile is there when the connection is, and is told once, as the newest',
    why: 'Who was lost is in step again at once.',
    timeout: LONG,
    async run(subject, t: Trial) {
      const { host, guest } = await started(subject, t);
      await cut(subject, t, guest);
      const known = guest.changes.length;
      await host.room.pause();
      await host.room.seek(42);
      await heal(subject, t, guest);
      await guest.reach('the position of the others', ({ timeline }) => timeline.position === 42);
      t.equal('the phase', guest.timeline.phase, 'paused');
      const told = guest.changes.slice(known).map(({ timeline }) => timeline.seq);
      t.equal('the numbers of the timelines that were told', told.join(), String(host.timeline.seq));
    },
  },
  {
    id: 'sync.lost.leave',
    title: 'a room can be left without a connection',
    why: 'Nobody is kept waiting for a network.',
    timeout: LONG,
    async run(subject, t: Trial) {
      const { guest } = await started(subject, t);
      await cut(subject, t, guest);
      await t.within('leave', PATIENCE, guest.room.leave());
      t.equal('the count of ends', guest.ends.length, 1);
      t.equal('the connection', guest.room.status.connection, 'closed');
    },
  },
];

async function cut({ people: [, person] }: SyncSubject, t: Trial, guest: Seat): Promise<void> {
  if (!person.cut || !person.heal) t.skip('nobody cuts a connection and heals it (cut, heal)');
  t.defer(async () => person.heal?.());
  await person.cut();
  await guest.reach('reconnecting', ({ status }) => status.connection === 'reconnecting', NOTICED);
}

async function heal({ people: [, person] }: SyncSubject, t: Trial, guest: Seat): Promise<void> {
  await person.heal?.();
  await guest.reach('connected', ({ status }) => status.connection === 'connected', NOTICED);
  t.equal('the count of ends', guest.ends.length, 0);
}
