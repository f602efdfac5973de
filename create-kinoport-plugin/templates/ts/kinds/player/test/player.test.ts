import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { type PlayerEnd, type PlayerSession, type Processes, positionAt } from '@kinoport/core';
import { TestContext, VirtualClock } from '@kinoport/core/testing';
import plugin from '../src/index.ts';

/** An ffprobe that knows one film of a minute. */
const processes: Partial<Processes> = {
  run: async (_command, args) => {
    const isFilm = args.at(-1) === '/film.mkv';
    return { exitCode: isFilm ? 0 : 1, signal: null, stdout: '60.0\n', stderr: 'No such file' };
  },
  which: async () => '/usr/bin/ffprobe',
};
const film = { title: 'Film', path: '/film.mkv' };
const options = { sessionId: 'session', itemToken: 'item', start: 0, paused: false };

let clock: VirtualClock;
let context: TestContext;
let session: PlayerSession;
let ends: PlayerEnd[];

beforeEach(async () => {
  clock = new VirtualClock();
  context = new TestContext({ clock, members: { processes } });
  await context.activate(plugin);
  const player = context.players.get('{{id}}');
  assert.ok(player);
  session = await player.open(film, options);
  ends = [];
  session.onDidEnd((end) => ends.push(end));
});
afterEach(() => context.dispose());

const position = () => Math.round(positionAt(session.state, clock.now()) * 1000) / 1000;

test('time goes by, at the rate that was set, and stands still while paused', async () => {
  await clock.advance(2_000);
  assert.equal(position(), 2);
  await session.setRate(2);
  await clock.advance(2_000);
  assert.equal(position(), 6);
  await session.pause({ id: 'me' });
  await clock.advance(2_000);
  assert.deepEqual([position(), session.state.status, session.state.cause], [6, 'paused', 'me']);
});

test('a seek has a new epoch and stays within the film', async () => {
  const { epoch } = session.state;
  await session.seek(90);
  assert.deepEqual([session.state.position, session.state.epoch], [60, epoch + 1]);
});

test('ends once, as finished, when the film is over', async () => {
  await session.seek(59);
  await clock.advance(5_000);
  assert.deepEqual(
    ends.map(({ reason, position }) => [reason, position]),
    [['finished', 60]],
  );
});

test('the next item ends the one before', async () => {
  await session.load(film, { ...options, itemToken: 'next', start: 10 });
  assert.deepEqual(
    ends.map(({ reason, itemToken }) => [reason, itemToken]),
    [['stopped', 'item']],
  );
  assert.deepEqual([session.state.itemToken, session.state.position], ['next', 10]);
});

test('after stop it is gone, and says so', async () => {
  await session.stop();
  assert.equal(session.state.status, 'gone');
  await assert.rejects(session.play(), { code: 'PLAYER_GONE' });
  assert.equal(clock.pendingTimers, 0);
});

test('what cannot be played is refused', async () => {
  const player = context.players.get('{{id}}');
  await assert.rejects(async () => player?.open({ title: 'None', path: '/none' }, options), {
    code: 'MEDIA_UNRECOGNIZED',
  });
});
