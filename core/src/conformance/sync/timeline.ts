import type { SyncTimelineChange } from '../../sync.ts';
import type { Clause } from '../clause.ts';
import type { Trial } from '../trial.ts';
import { both, create, join, openFilm, PATIENCE, type Seat, same, started, timelineAt } from './stage.ts';
import type { SyncSubject } from './subject.ts';

/** Seconds that a position may be off because the machine was busy. */
const SLACK = 0.3;

/** The timeline that all share. */
export const timelineClauses: readonly Clause<SyncSubject>[] = [
  {
    id: 'sync.start.common',
    title:
      'a start is at one instant of the room’s clock for all, which has not passed, and from the position asked for',
    why: 'Everybody sees the first frame together.',
    async run(subject, t: Trial) {
      const { host, guest } = await both(subject, t);
      const before = await host.roomNow();
      await host.room.start({ force: true, position: 12.5 });
      const timeline = await same(t, host, guest, ({ phase }) => phase === 'playing');
      t.near('the position', timeline.position, 12.5, 0.001);
      const { offsetBound = 0 } = host.room.status;
      t.ok(
        timeline.at >= before - offsetBound - 5,
        `the start was ${before - timeline.at} ms before it was asked for`,
      );
      t.ok(timeline.at <= before + PATIENCE, `the start is ${timeline.at - before} ms ahead`);
      const { cause } = await told(t, guest, timeline.seq);
      t.equal('the kind of the cause', cause.kind, 'start');
      t.equal('whose doing it is', cause.by, host.id);
    },
  },
  {
    id: 'sync.timeline.pause',
    title: 'a pause stops all where the timeline was',
    why: 'Nobody misses a word.',
    async run(subject, t: Trial) {
      const { host, guest } = await started(subject, t);
      await t.sleep(500);
      const expected = timelineAt(guest.timeline, await guest.roomNow());
      await guest.room.pause();
      const timeline = await same(t, guest, host, ({ phase }) => phase === 'paused');
      t.near('the position', timeline.position, expected, SLACK);
      t.equal('the kind of the cause', (await told(t, host, timeline.seq)).cause.kind, 'pause');
    },
  },
  {
    id: 'sync.timeline.play',
    title: 'play goes on where it stood, at an instant that has not passed',
    why: 'All begin to move together again.',
    async run(subject, t: Trial) {
      const { host, guest } = await started(subject, t);
      await host.room.pause();
      const { position } = host.timeline;
      const before = await host.roomNow();
      await host.room.play();
      const timeline = await same(t, host, guest, ({ phase }) => phase === 'playing');
      t.near('the position', timeline.position, position, 0.001);
      const { offsetBound = 0 } = host.room.status;
      t.ok(
        timeline.at >= before - offsetBound - 5,
        `it was to go on ${before - timeline.at} ms before it was asked`,
      );
    },
  },
  {
    id: 'sync.timeline.seek',
    title: 'a seek takes all to the position, and says where the room was before',
    why: 'It can be undone.',
    async run(subject, t: Trial) {
      const { host, guest } = await started(subject, t);
      await host.room.pause();
      const { position } = host.timeline;
      await host.room.seek(33.25);
      const timeline = await same(t, host, guest, (now) => now.position === 33.25);
      t.equal('the phase', timeline.phase, 'paused');
      const { cause } = await told(t, guest, timeline.seq);
      t.equal('the kind of the cause', cause.kind, 'seek');
      t.near('where the room was before', cause.from ?? Number.NaN, position, 0.001);
    },
  },
  {
    id: 'sync.timeline.rate',
    title: 'another rate is of all, and goes on from where the timeline is',
    why: 'A lecture is watched faster.',
    async run(subject, t: Trial) {
      const { host, guest } = await started(subject, t);
      await t.sleep(900);
      const expected = timelineAt(host.timeline, await host.roomNow());
      await host.room.setRate(1.5);
      const timeline = await same(t, host, guest, ({ rate }) => rate === 1.5);
      t.equal('the phase', timeline.phase, 'playing');
      t.near('the position', timelineAt(timeline, await guest.roomNow()), expected, SLACK);
    },
  },
  {
    id: 'sync.timeline.taken',
    title: 'a command resolves when the room has taken it: the timeline shows it then',
    why: 'What is asked next is of what is there.',
    async run(subject, t: Trial) {
      const { host } = await started(subject, t);
      await host.room.pause();
      t.equal('the phase after pause', host.timeline.phase, 'paused');
      await host.room.seek(21);
      t.equal('the position after seek', host.timeline.position, 21);
      await host.room.setRate(2);
      t.equal('the rate after setRate', host.timeline.rate, 2);
    },
  },
  {
    id: 'sync.timeline.order',
    title: 'all changes are told to all, in order, each with a greater number',
    why: 'An old one that is taken for new throws everybody back.',
    async run(subject, t: Trial) {
      const { host, guest } = await started(subject, t);
      await host.room.pause();
      for (const position of [5, 10, 15]) await guest.room.seek(position);
      await host.room.setRate(0.5);
      await same(t, host, guest, ({ rate }) => rate === 0.5);
      for (const { changes } of [host, guest]) {
        const done = changes.filter(({ cause }) => cause.by !== null);
        const kinds = done.map(({ cause }) => cause.kind).join();
        t.equal('what was told', kinds, 'start,pause,seek,seek,seek,rate');
        const seqs = changes.map(({ timeline }) => timeline.seq);
        t.ok(
          seqs.every((seq, index) => index === 0 || seq > (seqs[index - 1] ?? 0)),
          `the numbers are ${seqs}`,
        );
      }
    },
  },
  {
    id: 'sync.timeline.cause',
    title: 'a change says whose doing it is',
    why: 'People ask who paused.',
    async run(subject, t: Trial) {
      const { host, guest } = await started(subject, t);
      await guest.room.pause();
      const byGuest = await same(t, guest, host);
      await host.room.play();
      const byHost = await same(t, host, guest);
      for (const seat of [host, guest]) {
        t.equal('who paused', (await told(t, seat, byGuest.seq)).cause.by, guest.id);
        t.equal('who played', (await told(t, seat, byHost.seq)).cause.by, host.id);
      }
    },
  },
  {
    id: 'sync.timeline.idempotent',
    title: 'what is so already is no change: a second pause, a second play',
    why: 'Two press the key at the same time.',
    async run(subject, t: Trial) {
      const { host, guest } = await started(subject, t);
      for (const command of ['play', 'pause', 'pause'] as const) {
        const [before, { phase }] = [host.timeline.seq, host.timeline];
        await guest.room[command]();
        const after = await same(t, guest, host);
        const isSo = phase === (command === 'play' ? 'playing' : 'paused');
        if (isSo) t.equal(`the number of the timeline after another ${command}`, after.seq, before);
      }
    },
  },
  {
    id: 'sync.timeline.select',
    title: 'another item of the queue is everybody’s, and one that is not in it is refused: ROOM_STATE',
    why: 'The next episode.',
    async run(subject, t: Trial) {
      const player = await openFilm(subject, t, 0);
      const host = await create(subject, t, { playbackId: player.id });
      const guest = await join(subject, t, host.room);
      const [first, second] = guest.room.queue;
      if (!first || !second) t.fail(`the queue of two films has ${guest.room.queue.length} items`);
      t.equal('the item of the timeline', host.timeline.media, first.id);
      await host.room.select(second.id);
      await same(t, host, guest, ({ media }) => media === second.id);
      await t.rejects('select', () => host.room.select('conformance-none'), 'ROOM_STATE');
      t.equal('the item of the timeline', host.timeline.media, second.id);
    },
  },
];

/** The change that brought a timeline about, as a seat was told it. */
async function told(t: Trial, seat: Seat, seq: number): Promise<SyncTimelineChange> {
  const find = (): SyncTimelineChange | undefined =>
    seat.changes.find(({ timeline }) => timeline.seq === seq);
  await t.until(`the change to the timeline ${seq}`, PATIENCE, () => find() !== undefined);
  return find() ?? t.fail('the change was not told');
}
