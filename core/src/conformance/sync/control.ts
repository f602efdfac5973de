import type { Clause } from '../clause.ts';
import type { Trial } from '../trial.ts';
import { both, QUIET, same, started } from './stage.ts';
import type { SyncSubject } from './subject.ts';

/** Who may steer, and who is the host. */
export const controlClauses: readonly Clause<SyncSubject>[] = [
  {
    id: 'sync.control.everyone',
    title: 'where everyone may steer, everyone does',
    why: 'Whoever the doorbell rings for has to be able to pause.',
    async run(subject, t: Trial) {
      const { host, guest } = await started(subject, t, { control: 'everyone' });
      await guest.room.pause();
      await guest.room.seek(20);
      await guest.room.setRate(1.5);
      await same(t, guest, host, ({ position, rate }) => position === 20 && rate === 1.5);
      await guest.room.play();
      await same(t, guest, host, ({ phase }) => phase === 'playing');
    },
  },
  {
    id: 'sync.control.host',
    title: 'where the host alone may steer, others are refused and nothing changes: ROOM_FORBIDDEN',
    why: 'A lecture is not paused by its audience.',
    async run(subject, t: Trial) {
      const { host, guest } = await started(subject, t, { control: 'host' });
      const { seq } = host.timeline;
      await t.rejects('pause', () => guest.room.pause(), 'ROOM_FORBIDDEN');
      await t.rejects('seek', () => guest.room.seek(20), 'ROOM_FORBIDDEN');
      await t.rejects('setRate', () => guest.room.setRate(2), 'ROOM_FORBIDDEN');
      await t.sleep(QUIET);
      t.equal('the number of the timeline', host.timeline.seq, seq);
      await host.room.pause();
      await t.rejects('play', () => guest.room.play(), 'ROOM_FORBIDDEN');
    },
  },
  {
    id: 'sync.control.configure',
    title: 'the host changes the settings of the room for all, and nobody else does: ROOM_FORBIDDEN',
    why: 'Who may steer would be for everybody to say.',
    async run(subject, t: Trial) {
      const { host, guest } = await both(subject, t, { control: 'everyone', buffering: 'off' });
      await t.rejects('configure', () => guest.room.configure({ control: 'host' }), 'ROOM_FORBIDDEN');
      t.equal('control', host.room.settings.control, 'everyone');
      let told = 0;
      const subscription = guest.room.onDidChangeRoom(() => {
        told += 1;
      });
      t.defer(() => subscription.dispose());
      await host.room.configure({ control: 'host' });
      for (const seat of [host, guest])
        await seat.reach('control by the host', ({ settings }) => settings.control === 'host');
      t.equal('buffering', guest.room.settings.buffering, 'off');
      t.ok(told > 0, 'onDidChangeRoom has not told');
    },
  },
  {
    id: 'sync.control.transfer',
    title: 'the host makes another the host, who alone is it then; nobody else can',
    why: 'Somebody has to go and the others want to go on.',
    async run(subject, t: Trial) {
      const { host, guest } = await both(subject, t);
      await t.rejects('transferHost', () => guest.room.transferHost(guest.id), 'ROOM_FORBIDDEN');
      await host.room.transferHost(guest.id);
      for (const seat of [host, guest])
        await seat.reach(
          'the guest as the host',
          () => seat.sees(guest.id).isHost && !seat.sees(host.id).isHost,
        );
      await t.rejects('start', () => host.room.start({ force: true }), 'ROOM_FORBIDDEN');
      await guest.room.start({ force: true });
      await same(t, guest, host, ({ phase }) => phase !== 'idle');
    },
  },
  {
    id: 'sync.control.left',
    title: 'when the host leaves, somebody else is the host, and the room goes on',
    why: 'Nobody could start the film.',
    async run(subject, t: Trial) {
      const { host, guest } = await both(subject, t);
      await host.room.leave();
      await guest.reach('the guest as the host', () => guest.self.isHost);
      t.equal('the count of participants', guest.room.participants.length, 1);
      await guest.room.start({ force: true });
    },
  },
  {
    id: 'sync.control.kick',
    title: 'the host sends somebody out, for whom the room is closed as that; nobody else can',
    why: 'A stranger has found the code.',
    async run(subject, t: Trial) {
      const { host, guest } = await both(subject, t);
      await t.rejects('kick', () => guest.room.kick(host.id), 'ROOM_FORBIDDEN');
      await t.rejects('kick of nobody', () => host.room.kick('conformance-nobody'));
      await host.room.kick(guest.id);
      await t.until('the end of the room for the guest', 5_000, () => guest.ends.length > 0);
      t.equal('the reason', guest.ends.join(), 'kicked');
      await host.reach('one participant', ({ participants }) => participants.length === 1);
      t.equal('the count of ends for the host', host.ends.length, 0);
    },
  },
];
