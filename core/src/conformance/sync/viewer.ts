import type { Clause } from '../clause.ts';
import type { Trial } from '../trial.ts';
import { playing, together } from './stage.ts';
import type { SyncSubject } from './subject.ts';

/** Milliseconds in which an echo would have come. */
const ECHO = 1_500;

/** What a viewer does in the player itself. */
export const viewerClauses: readonly Clause<SyncSubject>[] = [
  {
    id: 'sync.viewer.pause',
    title: 'a pause and a play in the own player are for all, as this viewer’s doing',
    why: 'People use the keys that they know.',
    async run(subject, t: Trial) {
      const seats = await playing(subject, t);
      const { host, guest } = seats;
      await guest.player.pause();
      await host.reach('a pause of the room', ({ timeline }) => timeline.phase === 'paused');
      t.equal('whose doing it is', host.changes.at(-1)?.cause.by, guest.id);
      await together(t, seats, 'paused');
      await guest.player.play();
      await host.reach('the room to play', ({ timeline }) => timeline.phase === 'playing');
      await together(t, seats, 'playing');
    },
  },
  {
    id: 'sync.viewer.seek',
    title: 'a seek in the own player is for all',
    why: 'People use the keys that they know.',
    async run(subject, t: Trial) {
      const seats = await playing(subject, t);
      const { host, guest } = seats;
      await guest.player.seek(40, { exact: true });
      await host.reach('a seek of the room', ({ timeline }) => Math.abs(timeline.position - 40) < 2);
      t.equal('whose doing it is', host.changes.at(-1)?.cause.by, guest.id);
      await together(t, seats, 'playing');
    },
  },
  {
    id: 'sync.viewer.echo',
    title: 'what the room does to a player is not sent back to the room',
    why: 'Two would chase each other through the film for ever.',
    async run(subject, t: Trial) {
      const seats = await playing(subject, t);
      const { host, guest } = seats;
      await host.room.pause();
      await together(t, seats, 'paused');
      await host.room.seek(30);
      await together(t, seats, 'paused');
      await host.room.play();
      await together(t, seats, 'playing');
      await host.room.seek(10);
      await together(t, seats, 'playing');
      await host.room.setRate(1.25);
      await t.sleep(ECHO);
      const done = guest.changes.filter(({ cause }) => cause.by !== null && cause.kind !== 'buffering');
      t.equal(
        'what was done in the room',
        done.map(({ cause }) => `${cause.kind} by ${cause.by === host.id ? 'host' : 'guest'}`).join(),
        ['start', 'pause', 'seek', 'play', 'seek', 'rate'].map((kind) => `${kind} by host`).join(),
      );
    },
  },
  {
    id: 'sync.viewer.forbidden',
    title: 'who may not steer is taken back to where the others are',
    why: 'Else the one sees another film.',
    async run(subject, t: Trial) {
      const seats = await playing(subject, t, { control: 'host' });
      const { host, guest } = seats;
      const { seq } = host.timeline;
      await guest.player.pause();
      await t.sleep(500);
      await together(t, seats, 'playing');
      t.equal('the number of the timeline', host.timeline.seq, seq);
    },
  },
];
