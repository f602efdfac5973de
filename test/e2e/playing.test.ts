import { afterAll, beforeAll, describe, expect } from 'vitest';
import { needs } from '../support/system.ts';
import { test } from './harness.ts';
import { Media } from './media.ts';
import { eventually, isAlive } from './processes.ts';

describe.skipIf(needs('mpv', 'ffmpeg'))('playing a film', { concurrent: true, timeout: 90_000 }, () => {
  let media: Media;
  beforeAll(() => {
    media = new Media();
  });
  afterAll(() => media.dispose());

  test('goes on where the viewer quit in the window, and says so', async ({ world }) => {
    const film = media.make(world.film('film.mkv'));
    const first = world.play(film, '--start', '20');
    const started = await first.line((l) => l.event === 'started');
    expect(started).toMatchObject({ player: 'mpv', uri: film, start: 20 });
    await first.playing(20.5);
    const place = await (await world.player()).quit();
    expect(await first.exit).toMatchObject({ code: 0, signal: null });
    const ended = await first.line((l) => l.event === 'ended');
    expect(ended).toMatchObject({ reason: 'stopped', watched: false });
    expect(ended.position).toBeGreaterThanOrEqual(place.from);
    expect(ended.position).toBeLessThanOrEqual(place.to);

    const saved = await world.progress(film);
    expect(saved).toMatchObject({ uri: film, itemKey: started.itemKey, watched: false });
    expect(saved.position).toBeCloseTo(ended.position ?? 0, 2);
    expect(saved.percent).toBeCloseTo(((ended.position ?? 0) / 120) * 100, 0);

    const second = world.play(film, '--paused');
    const again = await second.line((l) => l.event === 'started');
    expect(Math.abs((again.start ?? 0) - (ended.position ?? 0))).toBeLessThanOrEqual(0.1);
    await second.line((l) => l.status === 'paused');
    const player = await world.player();
    expect(Math.abs((await player.position()) - (ended.position ?? 0))).toBeLessThanOrEqual(0.1);
    await player.quit();
    await second.exit;

    const third = world.start(['play', film]);
    await eventually(
      'the text',
      () => third.stdout,
      (text) => text.includes('Playing'),
    );
    expect(third.stdout).toMatch(/^Playing film in mpv\. Resuming at 0?:?2\d/m);
    third.kill('SIGINT');
    expect(await third.exit).toMatchObject({ code: 130 });
  });

  test('Ctrl-C ends the film, keeps its place, and exits with 130', async ({ world }) => {
    const film = media.make(world.film('film.mkv'));
    const command = world.play(film, '--start', '30');
    await command.playing(30.5);
    const player = await world.player();
    const before = await player.position();
    command.kill('SIGINT');
    expect(await command.exit).toMatchObject({ code: 130, signal: null });
    await player.closed;
    const ended = await command.line((l) => l.event === 'ended');
    expect(ended.reason).toBe('stopped');
    expect(ended.position).toBeGreaterThanOrEqual(before - 0.05);
    expect((await world.progress(film)).position).toBeCloseTo(ended.position ?? 0, 2);
  });

  test('a closed terminal leaves the film playing and tracked', async ({ world }) => {
    const film = media.make(world.film('film.mkv'));
    const command = world.play(film, '--start', '30');
    await command.playing(30.2);
    command.kill('SIGHUP');
    await command.exit;
    const player = await world.player();
    const left = await player.position();
    await eventually(
      'progress',
      () => world.progress(film),
      ({ position }) => position > left + 1,
    );
    expect(await world.run(['stop'])).toMatchObject({ code: 0 });
    await player.closed;
  });

  test('--detach returns with the film playing, and stop ends both and keeps the place', async ({
    world,
  }) => {
    const film = media.make(world.film('film.mkv'));
    expect(await world.run(['play', film, '--detach', '--start', '10'])).toMatchObject({ code: 0 });
    const player = await world.player();
    const pid = await player.pid();
    const host = world.host?.pid ?? 0;
    await eventually(
      'position',
      () => player.position().catch(() => 0),
      (position) => position > 10.5,
    );
    const before = await player.position();
    expect(await world.json('stop')).toEqual({ stopped: true, pid: host });
    await eventually(
      'processes',
      () => [isAlive(pid), isAlive(host)],
      ([a, b]) => !a && !b,
    );
    expect(await world.json('stop')).toEqual({ stopped: false });
    expect((await world.progress(film)).position).toBeGreaterThanOrEqual(before - 0.05);
  });

  test('starts at a share of the film, or at a time from its end', async ({ world }) => {
    const film = media.make(world.film('film.mkv'));
    const half = world.play(film, '--start', '50%', '--paused');
    const at = await half.line((l) => l.status === 'paused' && (l.position ?? 0) > 1);
    expect(at.position).toBeCloseTo(60, 0);
    half.kill('SIGINT');
    await half.exit;
    const end = world.play(film, '--start', '-0:10', '--paused');
    const near = await end.line((l) => l.status === 'paused' && (l.position ?? 0) > 1);
    expect(near.position).toBeCloseTo(110, 0);
    end.kill('SIGINT');
    await end.exit;
  });

  test('a film that was played to its end is watched, and begins anew', async ({ world }) => {
    const film = media.make(world.film('film.mkv'), 6);
    const command = world.play(film, '--start', '5');
    expect(await command.exit).toMatchObject({ code: 0 });
    expect(await command.line((l) => l.event === 'ended')).toMatchObject({
      reason: 'finished',
      watched: true,
    });
    const record = await world.progress(film);
    expect(record.watched).toBe(true);
    expect(record.percent).toBeGreaterThan(99);
    expect(await world.json('continue')).toEqual([]);
    const again = world.play(film);
    expect(await again.line((l) => l.event === 'started')).toMatchObject({ start: 0 });
    again.kill('SIGINT');
    await again.exit;
    expect(await world.progress(film)).toMatchObject({ watched: true });
  });

  test('of two sessions on one film the one with the later action of the viewer keeps the place', async ({
    world,
  }) => {
    const film = media.make(world.film('film.mkv'));
    const first = world.play(film, '--start', '10');
    await first.playing(10.2);
    const one = await world.player();
    const second = world.play(film, '--start', '60');
    await second.playing(60.2);
    expect((await world.progress(film)).position).toBeGreaterThan(59);

    await one.command('seek', 30, 'absolute+exact');
    await first.playing(30.2);
    await eventually(
      'progress',
      () => world.progress(film),
      ({ position }) => position > 29 && position < 50,
    );
    second.kill('SIGINT');
    await second.exit;
    const alone = await one.position();
    await eventually(
      'progress of the one that still plays',
      () => world.progress(film),
      ({ position }) => position > alone && position < 59,
    );
    first.kill('SIGINT');
    await first.exit;
    const { position } = await world.progress(film);
    expect(position).toBeGreaterThan(30);
    expect(position).toBeLessThan(59);
  });
});
