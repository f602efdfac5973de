import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { once, type PlayerState, systemClock } from '@kinoport/core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  ask,
  createMpv,
  ended,
  type MpvFixture,
  makeClip,
  makeClips,
  playing,
  positionAt,
  reach,
  tell,
} from './mpvFixture.ts';

let clips: ReturnType<typeof makeClips>;
let mpv: MpvFixture;
beforeAll(() => {
  clips = makeClips();
});
afterAll(() => clips.dispose());
beforeEach(async () => {
  mpv = await createMpv();
});
afterEach(() => mpv.dispose());

const FRAME = 1 / 24;

test('starts paused at the exact place, and says so', async () => {
  const session = await mpv.open({ path: clips.clip, title: 'A clip' }, { start: 12.5, paused: true });
  expect(['opening', 'paused']).toContain(session.state.status);
  const state = await reach(session, ({ status }) => status === 'paused');
  expect(Math.abs(state.position - 12.5)).toBeLessThan(FRAME + 0.005);
  expect(state.duration).toBeCloseTo(30, 0);
  expect(state.seekable).toBe(true);
  expect(state.tracks.map(({ type, selected }) => [type, selected])).toEqual([
    ['video', true],
    ['audio', true],
  ]);
  await session.stop();
  expect(session.state.status).toBe('gone');
});

test('needs no process besides the player itself', async () => {
  const session = await mpv.open({ path: clips.clip, title: 'A clip' });
  await reach(session, playing);
  expect(mpv.context.ran).toEqual([]);
  expect(mpv.context.spawned).toHaveLength(1);
  const [record] = mpv.context.spawned;
  expect(record?.options.lifetime).toBe('session');
  expect(record?.options.endpoint).toEqual(session.endpoint);
  expect(record?.args.join(' ')).not.toContain('clip.mkv');
  await session.stop();
});

test('needs no folder of sockets that somebody has cleaned away', async () => {
  rmSync(mpv.context.ctx.folders.runtime, { recursive: true, force: true });
  const session = await mpv.open({ path: clips.clip, title: 'A clip' });
  await reach(session, playing);
  await session.stop();
});

test('a reported position is right to the frame while it plays', async () => {
  const session = await mpv.open({ path: clips.clip, title: 'A clip' }, { start: 3 });
  await reach(session, (state) => playing(state) && state.position > 3.6);
  const errors: number[] = [];
  let last: PlayerState = session.state;
  while (errors.length < 25) {
    const next = await once(session.onDidChangeState, playing);
    errors.push(Math.abs(positionAt(last, next.at) - next.position));
    last = next;
  }
  errors.sort((a, b) => a - b);
  expect(errors[Math.floor(errors.length * 0.9)]).toBeLessThan(FRAME);
  const sample = await session.samplePosition();
  expect(sample.uncertainty).toBeLessThan(0.02);
  expect(Math.abs(positionAt(session.state, sample.at) - sample.position)).toBeLessThan(FRAME);
  await session.stop();
});

test('says nothing while it is paused', async () => {
  const session = await mpv.open({ path: clips.clip, title: 'A clip' }, { start: 5 });
  await reach(session, (state) => playing(state) && state.position > 5.2);
  await session.pause({ id: 'p' });
  const paused = session.state;
  let said = 0;
  const listener = session.onDidChangeState(() => {
    said += 1;
  });
  // Twelve frames' worth of the player's own time, told by the player.
  await session.showMessage('still', 1);
  await new Promise<void>((resolve) => systemClock.after(500, resolve));
  expect(said).toBe(0);
  expect(session.state).toBe(paused);
  await listener.dispose();
  await session.stop();
});

test('commands resolve when they have come true, and the state names them', async () => {
  const session = await mpv.open({ path: clips.clip, title: 'A clip' });
  await reach(session, playing);
  await session.pause({ id: 'c-pause' });
  expect(session.state).toMatchObject({ status: 'paused', cause: 'c-pause' });
  await session.pause({ id: 'c-again' });
  expect(session.state).toMatchObject({ status: 'paused', cause: 'c-pause' });
  await tell(session, 'cycle', 'pause');
  expect(await reach(session, playing)).toMatchObject({ cause: 'user' });
  await session.setRate(1.05, { id: 'c-rate' });
  expect(session.state).toMatchObject({ rate: 1.05, cause: 'c-rate' });
  const epoch = session.state.epoch;
  await session.seek(20, { id: 'c-seek', exact: true });
  expect(session.state).toMatchObject({ cause: 'c-seek', epoch: epoch + 1 });
  expect(Math.abs(positionAt(session.state, systemClock.now()) - 20)).toBeLessThan(0.25);
  await session.setVolume({ volume: 42, muted: true });
  await reach(session, ({ volume, muted }) => volume === 42 && muted);
  await tell(session, 'seek', -5);
  expect(await reach(session, (state) => state.epoch === epoch + 2)).toMatchObject({ cause: 'user' });
  await session.selectTrack('audio', null);
  await reach(session, ({ tracks }) => tracks.every(({ type, selected }) => type === 'video' || !selected));
  const before = session.state.position;
  await reach(session, (state) => playing(state) && state.position > before + 0.3);
  await session.selectTrack('audio', 1);
  await expect(session.selectTrack('subtitle', 9)).rejects.toMatchObject({ code: 'PLAYER_COMMAND_FAILED' });
  await session.stop();
});

test('seeks that overtake one another all resolve, at the place of the last', async () => {
  const session = await mpv.open({ path: clips.clip, title: 'A clip' }, { paused: true });
  await reach(session, ({ status }) => status === 'paused');
  await Promise.all([5, 25, 11, 17].map((position) => session.seek(position, { exact: true })));
  expect(Math.abs(session.state.position - 17)).toBeLessThan(FRAME + 0.005);
  await session.seek(1000, { exact: true });
  expect(session.state.position).toBeGreaterThan(29);
  await session.seek(-4, { exact: false });
  expect(session.state.position).toBeLessThan(0.1);
  await session.stop();
});

test('plays and pauses at an instant', async () => {
  const session = await mpv.open({ path: clips.clip, title: 'A clip' }, { start: 2, paused: true });
  await reach(session, ({ status }) => status === 'paused');
  const at = systemClock.now() + 300;
  await session.play({ at, id: 'together' });
  const late = systemClock.now() - at;
  expect(late).toBeGreaterThanOrEqual(0);
  expect(late).toBeLessThan(50);
  expect(await reach(session, playing)).toMatchObject({ cause: 'together' });
  const overtaken = session.pause({ at: systemClock.now() + 60_000 });
  const rejected = expect(overtaken).rejects.toMatchObject({ code: 'ABORTED' });
  await session.play();
  await rejected;
  expect(session.state.status).toBe('playing');
  await session.stop();
});

test('the next item comes into the same window, and the one before has ended', async () => {
  const session = await mpv.open({ path: clips.clip, title: 'First' }, { start: 4, itemToken: 'one' });
  const first = await reach(session, (state) => playing(state) && state.position > 4.2);
  const end = ended(session);
  const pid = await ask(session, 'pid');
  await session.load(
    { path: clips.clip, title: 'Second' },
    { start: 9, paused: true, itemToken: 'two', rate: 1.5 },
  );
  expect(await end).toMatchObject({ reason: 'stopped', itemToken: 'one' });
  const second = await reach(session, ({ status }) => status === 'paused');
  expect(second.epoch).toBeGreaterThan(first.epoch);
  expect(Math.abs(second.position - 9)).toBeLessThan(FRAME + 0.005);
  expect(second.rate).toBe(1.5);
  expect(second.duration).toBeCloseTo(30, 0);
  expect(await ask(session, 'pid')).toBe(pid);
  expect(await ask(session, 'media-title')).toBe('Second');
  const last = ended(session);
  await session.stop();
  expect(await last).toMatchObject({ reason: 'stopped', itemToken: 'two' });
});

test.each([
  '-dash.mkv',
  'a b.mkv',
  `quote'"s.mkv`,
  '100%20, =x;$HOME `id`.mkv',
  'line\nbreak.mkv',
  'ünïcødé 映画 🎬.mkv',
  '$' + '{pause}.mkv',
])('plays a file called %j', async (name) => {
  const folder = join(clips.folder, 'odd');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  makeClip(path, 2);
  const session = await mpv.open({ path, title: name }, { start: 0.5 });
  await reach(session, playing);
  expect(await ask(session, 'media-title')).toBe(name.replace('\n', ' '));
  await session.stop();
});

test('adds subtitles beside the media and shows the wanted language', async () => {
  const subtitle = join(clips.folder, 'words.srt');
  writeFileSync(subtitle, '1\n00:00:00,000 --> 00:00:20,000\nHello\n');
  const session = await mpv.open(
    {
      path: clips.clip,
      title: 'A clip',
      subtitles: [
        { path: subtitle, language: 'de', title: 'Deutsch' },
        { path: join(clips.folder, 'none.srt'), language: 'fr' },
        { path: subtitle, language: 'en', title: 'English' },
      ],
    },
    { subtitleLanguages: ['en'] },
  );
  const state = await reach(session, ({ tracks }) => tracks.some(({ language }) => language === 'en'));
  expect(state.tracks.filter(({ type }) => type === 'subtitle')).toMatchObject([
    { language: 'de', title: 'Deutsch', selected: false, external: true },
    { language: 'en', title: 'English', selected: true, external: true },
  ]);
  await session.addSubtitle({ path: subtitle, language: 'it', select: true });
  await reach(session, ({ tracks }) => tracks.some((track) => track.language === 'it' && track.selected));
  await session.selectTrack('subtitle', null);
  await reach(session, ({ tracks }) => tracks.every((track) => track.type !== 'subtitle' || !track.selected));
  await session.stop();
});

test('keys for next and previous are asked of the queue', async () => {
  const session = await mpv.open({ path: clips.clip, title: 'A clip' });
  await reach(session, playing);
  const next = once(session.onDidRequest);
  await tell(session, 'keypress', '>');
  expect(await next).toBe('next');
  const previous = once(session.onDidRequest);
  await tell(session, 'keypress', '<');
  expect(await previous).toBe('previous');
  expect(session.state.status).toBe('playing');
  await session.stop();
});

test('several players at once do not know of one another', async () => {
  const sessions = await Promise.all(
    [3, 9, 15].map((start) => mpv.open({ path: clips.clip, title: `At ${start}` }, { start, paused: true })),
  );
  const states = await Promise.all(sessions.map((one) => reach(one, ({ status }) => status === 'paused')));
  expect(states.map(({ position }) => Math.round(position))).toEqual([3, 9, 15]);
  await sessions[0]?.stop();
  await sessions[1]?.play();
  expect(sessions.map(({ state }) => state.status)).toEqual(['gone', 'playing', 'paused']);
  await Promise.all(sessions.map((one) => one.stop()));
});

test('without a screen it plays all the same and says so once', async () => {
  const bare = await createMpv({ config: { args: ['--ao=null'] } });
  const environment = { DISPLAY: '', WAYLAND_DISPLAY: '' };
  const session = await bare.open({ path: clips.clip, title: 'A clip' }, { environment });
  await reach(session, playing);
  expect(await ask(session, 'current-vo')).toBe('null');
  await session.stop();
  const again = await bare.open({ path: clips.clip, title: 'A clip' }, { environment });
  await again.stop();
  expect(bare.context.log.filter(({ message }) => message.includes('no display'))).toHaveLength(1);
  await bare.dispose();
});

test('the journal follows the film and is whole at every moment', async () => {
  const session = await mpv.open({ path: clips.clip, title: 'A clip' }, { start: 7, itemToken: 'tok-1' });
  await reach(session, (state) => playing(state) && state.position > 7.1);
  await session.pause();
  await session.seek(21, { exact: true });
  const journal = String(session.endpoint.journal);
  await expect
    .poll(() => JSON.parse(readFileSync(journal, 'utf8')))
    .toMatchObject({ item: 'tok-1', paused: true, eof_reached: false, ended: null });
  await expect.poll(() => JSON.parse(readFileSync(journal, 'utf8')).position).toBeGreaterThan(20.9);
  await session.stop();
  // mpv closes its socket without waiting for the script that writes.
  await expect
    .poll(() => JSON.parse(readFileSync(journal, 'utf8')))
    .toMatchObject({ item: 'tok-1', ended: 'quit' });
  expect(JSON.parse(readFileSync(journal, 'utf8')).position).toBeGreaterThan(20.9);
});
