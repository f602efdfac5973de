import type { Clause } from '../clause.ts';
import type { Trial } from '../trial.ts';
import { ahead, create, join, openFilm, playing, QUIET, together, type Watching, watching } from './stage.ts';
import type { SyncSubject } from './subject.ts';

/** Players that follow the room. */
export const followingClauses: readonly Clause<SyncSubject>[] = [
  {
    id: 'sync.player.lobby',
    title: 'a room that was opened with a player has its queue, and in the lobby the players stand',
    why: 'The film begins with the start, not before.',
    async run(subject, t: Trial) {
      const { host, guest } = await watching(subject, t);
      t.equal('the count of items in the queue', guest.room.queue.length, 2);
      const [first] = guest.room.queue;
      t.equal('the item of the timeline', guest.timeline.media, first?.id);
      await t.sleep(QUIET);
      for (const { player } of [host, guest])
        t.equal('the player', (await player.snapshot()).state.status, 'paused');
    },
  },
  {
    id: 'sync.player.match',
    title: 'two with the same film match; one without a film is not known',
    why: 'Nobody wants to find out after half an hour.',
    async run(subject, t: Trial) {
      const player = await openFilm(subject, t, 0);
      const second = await openFilm(subject, t, 1);
      const host = await create(subject, t, { playbackId: player.id });
      const guest = await join(subject, t, host.room);
      await host.reach('the guest', ({ participants }) => participants.length === 2);
      t.equal('the match of one without a player', host.sees(guest.id).match, 'unknown');
      await guest.room.bind(second.id);
      for (const id of [host.id, guest.id])
        await host.reach('the same film', () => host.sees(id).match === 'same');
    },
  },
  {
    id: 'sync.player.start',
    title: 'after a start both players play, and are where the timeline is',
    why: 'That is what rooms are for.',
    async run(subject, t: Trial) {
      const seats = await playing(subject, t);
      await t.sleep(1_000);
      await together(t, seats, 'playing');
    },
  },
  {
    id: 'sync.player.commands',
    title: 'pause, play, seek and rate of the room reach both players',
    why: 'All see the same.',
    async run(subject, t: Trial) {
      const seats = await playing(subject, t);
      const { host, guest } = seats;
      await host.room.pause();
      await together(t, seats, 'paused');
      await guest.room.seek(30);
      await together(t, seats, 'paused');
      await host.room.play();
      await together(t, seats, 'playing');
      await guest.room.seek(10);
      await together(t, seats, 'playing');
      await host.room.setRate(1.5);
      await t.sleep(1_000);
      await together(t, seats, 'playing');
      for (const { player } of [host, guest])
        t.near('the rate of a player', (await player.snapshot()).state.rate, 1.5, 0.1);
    },
  },
  {
    id: 'sync.player.late',
    title: 'the player of who comes late is placed where the others are',
    why: 'Somebody is always late.',
    async run(subject, t: Trial) {
      const [first, second] = [await openFilm(subject, t, 0), await openFilm(subject, t, 1)];
      const host = await create(subject, t, { playbackId: first.id });
      await host.room.start({ force: true, position: 15 });
      await t.sleep(1_500);
      const guest = await join(subject, t, host.room, { playbackId: second.id });
      const seats = {
        host: Object.assign(host, { player: first }) as Watching,
        guest: Object.assign(guest, { player: second }) as Watching,
      };
      await together(t, seats, 'playing');
    },
  },
  {
    id: 'sync.player.corrected',
    title: 'a player that has fallen behind is brought back',
    why: 'A second that was lost to a busy machine would stay for ever.',
    async run(subject, t: Trial) {
      const { slip } = subject.people[1];
      if (!slip) t.skip('nobody moves a player (slip)');
      const seats = await playing(subject, t);
      await together(t, seats, 'playing');
      await slip(seats.guest.player.id, -1);
      await together(t, seats, 'playing');
    },
  },
  {
    id: 'sync.player.offset',
    title: 'an own offset puts the own player so much ahead, and moves nobody else',
    why: 'A slow screen or sound.',
    async run(subject, t: Trial) {
      const { host, guest } = await playing(subject, t);
      const { seq } = host.timeline;
      await guest.room.setOffset(0.5);
      await t.until('the player half a second ahead', 8_000, async () => {
        const { off } = await ahead(guest, t);
        return Math.abs(off - 0.5) <= 0.1;
      });
      t.near('how far ahead the other is', (await ahead(host, t)).off, 0, 0.1);
      t.equal('the number of the timeline', host.timeline.seq, seq);
    },
  },
  {
    id: 'sync.player.next',
    title: 'another item of the queue comes into both players',
    why: 'The next episode.',
    async run(subject, t: Trial) {
      const seats = await playing(subject, t);
      const [, second] = seats.host.room.queue;
      if (!second) t.fail('the queue of two films has one item');
      await seats.host.room.select(second.id);
      for (const { player } of [seats.host, seats.guest])
        await t.until('the second film in the player', 8_000, async () => {
          const { item, queue } = await player.snapshot();
          return item.key === queue.at(-1)?.key;
        });
      await together(t, seats, 'playing');
    },
  },
  {
    id: 'sync.player.unbound',
    title: 'a player that is let go goes on alone, and the seat is kept',
    why: 'The room is not done with the person.',
    async run(subject, t: Trial) {
      const { host, guest } = await playing(subject, t);
      await guest.room.bind(undefined);
      await host.room.pause();
      await t.sleep(QUIET);
      t.equal('the player that was let go', (await guest.player.snapshot()).state.status, 'playing');
      await t.until('the other player to stand', 5_000, async () => {
        const { state } = await host.player.snapshot();
        return state.status === 'paused';
      });
      t.equal('the count of participants', host.room.participants.length, 2);
    },
  },
];
