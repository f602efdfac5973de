import type { Clause } from '../clause.ts';
import type { Trial } from '../trial.ts';
import { attach, needs, newId, nextGeneration, open, PATIENCE } from './stage.ts';
import type { PlayerSubject } from './subject.ts';

/** The end of a player, and what outlives the process that drives it. */
export const survivalClauses: readonly Clause<PlayerSubject>[] = [
  {
    id: 'player.stop.gone',
    title: 'when stop resolves, the program is gone',
    why: 'A film that goes on after stop is heard through the whole house.',
    async run(subject, t: Trial) {
      needs(t, subject.isAlive, 'nobody can tell whether the program is there (isAlive)');
      const { isAlive } = subject;
      const stage = await open(subject, t);
      await stage.playing();
      t.ok(await isAlive(stage), 'the program is not there while it plays');
      await stage.session.stop();
      await t.until('the end of the program', 1_500, async () => !(await isAlive(stage)));
    },
  },
  {
    id: 'player.stop.state',
    title: 'gone is the last state, and nothing is told after it',
    why: 'The session is closed with it.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t);
      await stage.playing();
      await stage.session.stop();
      await stage.reach('to be gone', ({ status }) => status === 'gone', 3_000);
      await t.sleep(500);
      t.equal('the status of the last state', stage.heard.at(-1)?.state.status, 'gone');
      const gone = stage.heard.filter(({ state }) => state.status === 'gone').length;
      t.equal('the count of states that say gone', gone, 1);
    },
  },
  {
    id: 'player.stop.idempotent',
    title: 'stop of what is stopped already does nothing, and does not fail',
    why: 'Two ask for it at the same time: the viewer and the end of the queue.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t);
      await stage.playing();
      await stage.session.stop();
      await t.allow(t.within('the second stop', PATIENCE, stage.session.stop()), 'PLAYER_GONE');
    },
  },
  {
    id: 'player.stop.commands',
    title: 'a command to a player that is gone rejects with PLAYER_GONE',
    why: 'The host ends the session on it instead of trying again.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t);
      await stage.playing();
      await stage.session.stop();
      await t.rejects('pause', () => stage.session.pause(), 'PLAYER_GONE');
      await t.rejects('seek', () => stage.session.seek(3), 'PLAYER_GONE');
    },
  },
  {
    id: 'player.detach.undisturbed',
    title: 'detach leaves the player playing',
    why: 'A plugin is replaced in the middle of a film, and nobody notices.',
    async run(subject, t: Trial) {
      needs(t, subject.player.capabilities.attach, 'it cannot be attached to (attach)');
      const stage = await open(subject, t, { start: 2 });
      await stage.playing();
      const { epoch } = stage.state;
      await stage.session.detach();
      await t.sleep(600);
      const second = await attach(subject, t, stage, epoch);
      await second.reach('to be playing still', ({ status }) => status === 'playing', 3_000);
    },
  },
  {
    id: 'player.detach.silent',
    title: 'after detach a session tells nothing more, and no end of its item',
    why: 'News of an old generation would overwrite those of the next.',
    async run(subject, t: Trial) {
      needs(t, subject.player.capabilities.attach, 'it cannot be attached to (attach)');
      const stage = await open(subject, t);
      await stage.playing();
      const { epoch } = stage.state;
      await stage.session.detach();
      // So that the player is stopped at the end of the clause.
      await attach(subject, t, stage, epoch);
      await t.sleep(50);
      const count = stage.heard.length;
      await t.sleep(700);
      t.equal('the count of later states', stage.heard.length - count, 0);
      t.equal('the count of ends', stage.ends.length, 0);
    },
  },
  {
    id: 'player.attach.item',
    title: 'attach finds the item that plays, where it plays',
    why: 'Progress goes on to the same item after a crash.',
    async run(subject, t: Trial) {
      needs(t, subject.player.capabilities.attach, 'it cannot be attached to (attach)');
      const start = subject.media.film.duration * 0.4;
      const stage = await open(subject, t, { start });
      await stage.playing();
      const { epoch, position: before } = stage.state;
      await stage.session.detach();
      const second = await attach(subject, t, stage, epoch);
      await second.reach('the position', ({ position }) => position >= before - 0.5, 3_000);
      t.equal('itemToken', second.state.itemToken, stage.token);
    },
  },
  {
    id: 'player.attach.epoch',
    title: 'the epoch goes on from the one that the host has seen',
    why: 'Otherwise everything after a replacement looks late.',
    async run(subject, t: Trial) {
      needs(t, subject.player.capabilities.attach, 'it cannot be attached to (attach)');
      const stage = await open(subject, t);
      await stage.playing();
      await stage.session.detach();
      const second = await attach(subject, t, stage, 41);
      t.ok(second.state.epoch >= 41, `the epoch is ${second.state.epoch}, the host has seen 41`);
    },
  },
  {
    id: 'player.attach.commands',
    title: 'commands work after attach as before',
    why: 'The remote control outlives the crash as well.',
    async run(subject, t: Trial) {
      needs(t, subject.player.capabilities.attach, 'it cannot be attached to (attach)');
      const stage = await open(subject, t);
      await stage.playing();
      const { epoch } = stage.state;
      await stage.session.detach();
      const second = await attach(subject, t, stage, epoch);
      await second.session.pause();
      await second.reach('to be paused', ({ status }) => status === 'paused', 3_000);
      await second.session.seek(subject.media.film.duration * 0.7);
      await t.until('the new place', 3_000, () => second.state.position > subject.media.film.duration * 0.4);
    },
  },
  {
    id: 'player.attach.gone',
    title: 'attach to a player that is not there any more rejects with PLAYER_GONE',
    why: 'The session is ended and its progress kept; any other error is tried again.',
    async run(subject, t: Trial) {
      needs(t, subject.player.capabilities.attach, 'it cannot be attached to (attach)');
      const stage = await open(subject, t);
      await stage.playing();
      const { endpoint, sessionId } = stage;
      await stage.session.stop();
      const player = await nextGeneration(subject);
      const options = { sessionId, epoch: 1 };
      await t.rejects('attach', () => player.attach?.(endpoint, options), 'PLAYER_GONE');
      const foreign = { sessionId: newId('session'), epoch: 1 };
      const made = { made: 'up' };
      await t.rejects('attach to a made-up endpoint', () => player.attach?.(made, foreign), 'PLAYER_GONE');
    },
  },
  {
    id: 'player.recover.position',
    title: 'recover knows where the item was when everything died',
    why: 'It is what is left after a power cut.',
    async run(subject, t: Trial) {
      const { kill, player } = subject;
      needs(t, player.recover, 'it keeps no journal (recover)');
      needs(t, kill, 'the program cannot be killed from outside (kill)');
      const stage = await open(subject, t, { start: 8 });
      await stage.playing();
      await t.sleep(2_500);
      const { position } = stage;
      await kill(stage);
      await t.sleep(200);
      const known = await (await nextGeneration(subject)).recover?.(stage.endpoint);
      t.ok(known !== undefined, 'nothing is known');
      t.equal('itemToken', known.itemToken ?? stage.token, stage.token);
      t.near('the position', known.position, position, 3);
    },
  },
  {
    id: 'player.recover.unknown',
    title: 'recover of what nobody knows is undefined, not an error',
    why: 'A host that starts after a long time asks for all that it finds.',
    async run(subject, t: Trial) {
      const { player } = subject;
      needs(t, player.recover, 'it keeps no journal (recover)');
      const stage = await open(subject, t, { paused: true });
      const lost = changed(stage.endpoint);
      const known = await player.recover?.(lost);
      t.ok(known === undefined || known === null, 'something is known of an endpoint that never was');
    },
  },
];

/** The same endpoint with other texts in it: one that no player has. */
function changed(endpoint: PlayerEndpoint): PlayerEndpoint {
  const entries = Object.entries(endpoint).map(([key, value]) => [
    key,
    typeof value === 'string' ? `${value}-never` : value,
  ]);
  return Object.fromEntries(entries) as PlayerEndpoint;
}

type PlayerEndpoint = Parameters<NonNullable<PlayerSubject['player']['recover']>>[0];
