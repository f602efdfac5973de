import { once, type PlayerEnd, systemClock } from '@kinoport/core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  createMpv,
  ended,
  type MpvFixture,
  makeClips,
  playing,
  positionAt,
  reach,
  tell,
} from './mpvFixture.ts';

let clips: ReturnType<typeof makeClips>;
let mpv: MpvFixture;
let next: MpvFixture;
beforeAll(() => {
  clips = makeClips();
});
afterAll(() => clips.dispose());
beforeEach(async () => {
  mpv = await createMpv();
  next = await mpv.again();
});
afterEach(async () => {
  await next.dispose();
  await mpv.dispose();
});

test('a new generation takes a running film over without disturbing it', async () => {
  const session = await mpv.open({ path: clips.clip, title: 'A clip' }, { start: 4, itemToken: 'tok' });
  const before = await reach(session, (state) => playing(state) && state.position > 4.3);
  const states: string[] = [];
  session.onDidChangeState(({ status }) => states.push(status));
  await mpv.context.deactivate();
  expect(states.filter((status) => status !== 'playing')).toEqual([]);

  const taken = await next.player.attach(session.endpoint, { sessionId: 'x', epoch: before.epoch });
  expect(taken.endpoint).toEqual(session.endpoint);
  expect(taken.state).toMatchObject({ status: 'playing', epoch: before.epoch + 1, cause: 'user' });
  const now = systemClock.now();
  expect(Math.abs(positionAt(taken.state, now) - positionAt(before, now))).toBeLessThan(0.1);
  expect(taken.state.tracks).toHaveLength(2);
  await taken.seek(20, { exact: true, id: 'after' });
  expect(taken.state.cause).toBe('after');
  await taken.load({ path: clips.clip, title: 'Next' }, { start: 1, paused: true, itemToken: 'tok-2' });
  await reach(taken, ({ status }) => status === 'paused');
  const ends: PlayerEnd[] = [];
  const told = once(taken.onDidEnd, (end) => ends.push(end) === 2);
  await taken.stop();
  await told;
  expect(ends).toMatchObject([
    { reason: 'stopped', itemToken: 'tok' },
    { reason: 'stopped', itemToken: 'tok-2' },
  ]);
});

test('a paused film stays paused', async () => {
  const session = await mpv.open({ path: clips.clip, title: 'A clip' }, { start: 9, paused: true });
  await reach(session, ({ status }) => status === 'paused');
  await session.detach();
  await session.detach();
  await expect(session.play()).rejects.toMatchObject({ code: 'PLAYER_GONE' });
  const taken = await next.player.attach(session.endpoint, { sessionId: 'x', epoch: 7 });
  expect(taken.state).toMatchObject({ status: 'paused', epoch: 8 });
  expect(taken.state.position).toBeCloseTo(9, 1);
  await taken.stop();
});

test('an end that came while nobody was there is told', async () => {
  const session = await mpv.open({ path: clips.clip, title: 'A clip' }, { start: 28.5, itemToken: 'late' });
  await reach(session, playing);
  await session.detach();
  await expect
    .poll(() => next.player.recover(session.endpoint), { timeout: 10_000 })
    .toMatchObject({
      ended: true,
    });
  const taken = await next.player.attach(session.endpoint, { sessionId: 'x', epoch: 1 });
  expect(taken.state.status).toBe('ended');
  expect(await ended(taken)).toMatchObject({ reason: 'finished', itemToken: 'late' });
  await taken.stop();
});

test('a viewer who closed the film while nobody was there has stopped it', async () => {
  const session = await mpv.open({ path: clips.clip, title: 'A clip' }, { start: 3, itemToken: 'away' });
  await reach(session, (state) => playing(state) && state.position > 3.5);
  await session.detach();
  await tell(session, 'stop');
  await expect
    .poll(async () => (await next.player.attach(session.endpoint, { sessionId: 'x', epoch: 1 })).state.status)
    .toBe('ended');
  const taken = await next.player.attach(session.endpoint, { sessionId: 'x', epoch: 1 });
  const end: PlayerEnd = await ended(taken);
  expect(end).toMatchObject({ reason: 'stopped', itemToken: 'away' });
  expect(end.position).toBeGreaterThan(3.4);
  await taken.stop();
});

test('another player at the same place is not taken', async () => {
  const session = await mpv.open({ path: clips.clip, title: 'A clip' });
  await reach(session, playing);
  const foreign = { ...session.endpoint, session: 'another' };
  await expect(next.player.attach(foreign, { sessionId: 'x', epoch: 1 })).rejects.toMatchObject({
    code: 'PLAYER_GONE',
  });
  await expect(next.player.recover(foreign)).resolves.toBeUndefined();
  await expect(next.player.attach({}, { sessionId: 'x', epoch: 1 })).rejects.toMatchObject({
    code: 'PLAYER_GONE',
  });
  await reach(session, playing);
  await session.stop();
});

test('a player that dies after it was taken over is noticed', async () => {
  const session = await mpv.open({ path: clips.clip, title: 'A clip' });
  await reach(session, playing);
  await session.detach();
  const taken = await next.player.attach(session.endpoint, { sessionId: 'x', epoch: 1 });
  const gone = once(taken.onDidChangeState, ({ status }) => status === 'gone');
  const end = ended(taken);
  process.kill(mpv.context.spawned[0]?.pid ?? 0, 'SIGKILL');
  expect(await end).toMatchObject({ reason: 'killed' });
  await gone;
});
