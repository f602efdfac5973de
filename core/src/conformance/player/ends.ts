import type { Clause } from '../clause.ts';
import type { Trial } from '../trial.ts';
import { nearby } from './opening.ts';
import { isShown, needs, newId, open, PATIENCE } from './stage.ts';
import type { PlayerSubject } from './subject.ts';

/** How items end, and how the next one begins in the same window. */
export const endClauses: readonly Clause<PlayerSubject>[] = [
  {
    id: 'player.end.finished',
    title: 'an item that played to its end is finished, with its token and a position at the end',
    why: '"Watched" is set by it.',
    async run(subject, t: Trial) {
      const { duration } = subject.media.film;
      const stage = await open(subject, t, { start: duration - 2 });
      await stage.playing();
      const end = await stage.end();
      t.equal('the reason', end.reason, 'finished');
      t.equal('itemToken', end.itemToken, stage.token);
      t.near('the position', end.position, duration, 1.2);
    },
  },
  {
    id: 'player.end.once',
    title: 'an item ends once',
    why: 'Each end goes on with the queue.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t, { start: subject.media.film.duration - 2 });
      await stage.playing();
      await stage.end();
      await stage.session.stop();
      await t.sleep(300);
      t.equal('the count of ends', stage.ends.length, 1);
    },
  },
  {
    id: 'player.end.stopped',
    title: 'an item that a command stopped half way ends as stopped',
    why: 'A film that was not seen to its end is not watched.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t, { start: 3 });
      await stage.playing();
      await stage.session.stop();
      const { reason, itemToken } = await stage.end();
      t.equal('the reason', reason, 'stopped');
      t.equal('itemToken', itemToken, stage.token);
    },
  },
  {
    id: 'player.end.position',
    title: 'the end has the last position that was known, not the one of a player that closes',
    why: 'A position of 0 would be where the viewer goes on.',
    async run(subject, t: Trial) {
      const start = subject.media.film.duration * 0.4;
      const stage = await open(subject, t, { start, paused: true });
      const { position } = await stage.paused();
      await stage.session.stop();
      const end = await stage.end();
      t.near('the position', end.position, position, 1);
    },
  },
  {
    id: 'player.end.interrupted',
    title: 'an item whose bytes end before it does is interrupted, not finished',
    why: 'A broken connection must not make a film watched.',
    timeout: 90_000,
    async run(subject, t: Trial) {
      const { cut } = subject.media;
      needs(t, cut, 'no medium that breaks off was given');
      const stage = await open(subject, t, { media: cut });
      await stage.playing();
      const { reason, position } = await stage.end(80_000);
      t.ok(reason === 'interrupted' || reason === 'failed', `the reason is "${reason}" at ${position} s`);
    },
  },
  {
    id: 'player.end.killed',
    title: 'an item whose player dies ends as killed, with the last position',
    why: 'The viewer is told, and goes on from there.',
    async run(subject, t: Trial) {
      needs(t, subject.kill, 'the program cannot be killed from outside (kill)');
      const stage = await open(subject, t, { start: 5 });
      await stage.playing();
      await t.sleep(500);
      const { position } = stage.state;
      await subject.kill(stage);
      const end = await stage.end();
      t.equal('the reason', end.reason, 'killed');
      t.near('the position', end.position, position, 2.5);
    },
  },
  {
    id: 'player.load.token',
    title: 'load puts the next item into the same window, under its token',
    why: 'Episodes follow each other without a window that opens and closes.',
    async run(subject, t: Trial) {
      needs(t, subject.player.capabilities.load, 'one item a window (load)');
      const stage = await open(subject, t);
      await stage.playing();
      const itemToken = newId('next');
      await stage.session.load(subject.media.film, { start: 0, paused: false, itemToken });
      await stage.reach('the token of the next item', (state) => state.itemToken === itemToken);
      await stage.reach('the next item to be shown', ({ status }) => isShown(status));
    },
  },
  {
    id: 'player.load.epoch',
    title: 'the epoch grows with a load',
    why: 'A late position of the item before is not taken for one of the next.',
    async run(subject, t: Trial) {
      needs(t, subject.player.capabilities.load, 'one item a window (load)');
      const stage = await open(subject, t);
      const { epoch } = await stage.playing();
      await stage.session.load(subject.media.film, { start: 0, paused: true, itemToken: newId('next') });
      await stage.reach('a higher epoch', (state) => state.epoch > epoch, 3_000);
    },
  },
  {
    id: 'player.load.start',
    title: 'start and paused hold for a load as they do for open',
    why: 'The next episode resumes, too.',
    async run(subject, t: Trial) {
      needs(t, subject.player.capabilities.load, 'one item a window (load)');
      const stage = await open(subject, t);
      await stage.playing();
      const start = subject.media.film.duration * 0.5;
      const itemToken = newId('next');
      await stage.session.load(subject.media.film, { start, paused: true, itemToken });
      const state = await stage.reach(
        'the next item, paused',
        (each) => each.status === 'paused' && (each.itemToken === itemToken || each.position > 1),
      );
      t.near('the position', state.position, start, nearby(subject));
    },
  },
  {
    id: 'player.load.ends',
    title: 'the item before a load ends as stopped, under its own token',
    why: 'Its progress is closed before the next begins.',
    async run(subject, t: Trial) {
      needs(t, subject.player.capabilities.load, 'one item a window (load)');
      const stage = await open(subject, t, { start: 3 });
      await stage.playing();
      await stage.session.load(subject.media.film, { start: 0, paused: true, itemToken: newId('next') });
      const { reason, itemToken } = await stage.end(3_000);
      t.equal('the reason', reason, 'stopped');
      t.equal('itemToken', itemToken, stage.token);
    },
  },
  {
    id: 'player.finish.resolves',
    title: 'finish after the end of the last item resolves',
    why: 'It is how every queue ends.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t, { start: subject.media.film.duration - 2 });
      await stage.playing();
      await stage.end();
      await t.within('finish', PATIENCE, stage.session.finish());
      const { status } = stage.state;
      t.ok(['ended', 'paused', 'gone'].includes(status), `the status is "${status}"`);
    },
  },
];
