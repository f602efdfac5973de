import type { Clause } from '../clause.ts';
import type { Trial } from '../trial.ts';
import { both, join, PATIENCE, playing, QUIET, started } from './stage.ts';
import type { SyncSubject } from './subject.ts';

/** The end. */
export const leavingClauses: readonly Clause<SyncSubject>[] = [
  {
    id: 'sync.leave.told',
    title: 'who leaves is told so once, and is gone for the others at once',
    why: 'Nobody waits for who has left.',
    async run(subject, t: Trial) {
      const { host, guest } = await both(subject, t);
      await t.within('leave', PATIENCE, guest.room.leave());
      await host.reach('one participant', ({ participants }) => participants.length === 1, 3_000);
      await t.sleep(QUIET);
      t.equal('the ends that were told', guest.ends.join(), 'left');
      t.equal('the connection', guest.room.status.connection, 'closed');
    },
  },
  {
    id: 'sync.leave.closed',
    title: 'after the end of the room its methods are refused: ROOM_CLOSED',
    why: 'Nothing is done that nobody sees.',
    async run(subject, t: Trial) {
      const { guest } = await started(subject, t);
      const { room, id } = guest;
      await room.leave();
      const calls: Readonly<Record<string, () => Promise<void>>> = {
        play: () => room.play(),
        pause: () => room.pause(),
        seek: () => room.seek(1),
        setRate: () => room.setRate(2),
        setReady: () => room.setReady(true),
        setWaitForMe: () => room.setWaitForMe(false),
        say: () => room.say('Hello'),
        start: () => room.start(),
        select: () => room.select('1'),
        configure: () => room.configure({ control: 'host' }),
        kick: () => room.kick(id),
        transferHost: () => room.transferHost(id),
        setOffset: () => room.setOffset(1),
        bind: () => room.bind(undefined),
      };
      for (const [name, call] of Object.entries(calls)) await t.rejects(name, call, 'ROOM_CLOSED');
    },
  },
  {
    id: 'sync.leave.again',
    title: 'a room can be left and disposed of again and again',
    why: 'Two owners clear up.',
    async run(subject, t: Trial) {
      const { guest } = await both(subject, t);
      await guest.room.leave();
      await t.within('leave', PATIENCE, guest.room.leave());
      await t.within('dispose', PATIENCE, Promise.resolve(guest.room.dispose()));
      await t.within('dispose', PATIENCE, Promise.resolve(guest.room.dispose()));
    },
  },
  {
    id: 'sync.leave.back',
    title: 'who has left can come again, into a seat of its own',
    why: 'It was a slip.',
    async run(subject, t: Trial) {
      const { host, guest } = await both(subject, t);
      const { id } = guest;
      await guest.room.leave();
      const again = await join(subject, t, host.room);
      t.ok(again.id !== id, 'it has the seat that it has given up');
      await host.reach('two participants', ({ participants }) => participants.length === 2);
    },
  },
  {
    id: 'sync.leave.alone',
    title: 'the film of who leaves goes on alone',
    why: 'One may want to see the end.',
    async run(subject, t: Trial) {
      const { host, guest } = await playing(subject, t);
      await guest.room.leave();
      await host.room.pause();
      await t.sleep(QUIET);
      t.equal('the player', (await guest.player.snapshot()).state.status, 'playing');
    },
  },
  {
    id: 'sync.dispose.left',
    title: 'disposal gives the seat up and closes the room',
    why: 'A plugin that ends leaves nobody waiting.',
    async run(subject, t: Trial) {
      const { host, guest } = await both(subject, t);
      await t.within('dispose', PATIENCE, Promise.resolve(guest.room.dispose()));
      t.equal('the connection', guest.room.status.connection, 'closed');
      await host.reach('one participant', ({ participants }) => participants.length === 1, 3_000);
    },
  },
  {
    id: 'sync.dispose.quiet',
    title: 'after its end a room tells nothing any more and drives no player',
    why: 'What was cleared up stays so.',
    async run(subject, t: Trial) {
      const { host, guest } = await started(subject, t);
      await guest.room.dispose();
      const before = guest.heard;
      await host.room.pause();
      await host.room.say('Anybody?');
      await host.room.configure({ buffering: 'off' });
      // Longer than any status that is told by the clock.
      await t.sleep(1_500);
      t.equal('how often something was told afterwards', guest.heard - before, 0);
    },
  },
];
