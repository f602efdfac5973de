import { mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { ProgressView } from '../../host/src/api/protocol.ts';
import { needs } from '../support/system.ts';
import { expectError, test, type World } from './harness.ts';
import { Media } from './media.ts';
import { WebServer } from './webServer.ts';

describe.skipIf(needs('mpv', 'ffmpeg'))('progress', { concurrent: true, timeout: 90_000 }, () => {
  let media: Media;
  beforeAll(() => {
    media = new Media();
  });
  afterAll(() => media.dispose());

  /** Plays from `start` for a moment; gives the place where it was left. */
  async function playFrom(world: World, uri: string, start: number): Promise<number> {
    const command = world.play(uri, '--start', String(start));
    await command.playing(start + 0.2);
    command.kill('SIGINT');
    expect(await command.exit).toMatchObject({ code: 130 });
    const { position } = await command.line((l) => l.event === 'ended');
    return position ?? 0;
  }

  test('stays with a film that is renamed and moved', async ({ world }) => {
    const film = media.make(world.film('film.mkv'));
    const place = await playFrom(world, film, 40);
    const folder = world.film('Elsewhere');
    mkdirSync(folder);
    const moved = join(folder, 'Another name (1999).mkv');
    renameSync(film, moved);
    const again = world.play(moved, '--paused');
    const started = await again.line((l) => l.event === 'started');
    expect(started.uri).toBe(moved);
    expect(Math.abs((started.start ?? 0) - place)).toBeLessThanOrEqual(0.1);
    again.kill('SIGINT');
    await again.exit;
    expect(await world.json<ProgressView[]>('progress')).toHaveLength(1);
  });

  test('is one for a film on disk and the same film on the web', async ({ world }) => {
    const film = media.make(world.film('film.mkv'));
    const server = new WebServer(world.films);
    await server.listen();
    try {
      const place = await playFrom(world, server.url('film.mkv'), 50);
      const local = world.play(film, '--paused');
      const started = await local.line((l) => l.event === 'started');
      expect(started.uri).toBe(film);
      expect(Math.abs((started.start ?? 0) - place)).toBeLessThanOrEqual(0.1);
      local.kill('SIGINT');
      await local.exit;
      expect(await world.json<ProgressView[]>('progress')).toHaveLength(1);
    } finally {
      await server.close();
    }
  });

  test('a film on the web plays and seeks by ranges, its address never given to the player', async ({
    world,
  }) => {
    const film = media.make(world.film('film.mkv'));
    const server = new WebServer(world.films);
    await server.listen();
    try {
      const command = world.play(server.url('film.mkv'));
      await command.playing(0.2);
      const player = await world.player();
      const path = String(await player.get('path'));
      expect(path).toMatch(/^http:\/\/127\.0\.0\.1:\d+\//);
      expect(path).not.toContain(server.url(''));
      expect(await player.get('media-title')).toBe('film');
      const mark = command.lines.length;
      await player.command('seek', 100, 'absolute+exact');
      await command.playing(100.1, mark);
      // At 100 of 120 s; the head and tail of a file are asked for its content key as well.
      const { size } = statSync(film);
      const share = server.asked.map(({ from }) => from / size);
      expect(share.filter((at) => at > 0.7 && at < 0.9)).not.toEqual([]);
      await player.quit();
      expect(await command.exit).toMatchObject({ code: 0 });
      expect((await world.progress(server.url('film.mkv'))).position).toBeGreaterThan(100);
    } finally {
      await server.close();
    }
  });

  test('continue lists what was begun, newest first, and plays by number and words', async ({ world }) => {
    const alien = media.make(world.film('Alien (1979).mkv'));
    const heat = media.make(world.film('Heat (1995).mkv'));
    const early = media.make(world.film('Barely begun.mkv'));
    await playFrom(world, alien, 40);
    await playFrom(world, heat, 50);
    await playFrom(world, early, 1);
    const list = await world.json<ProgressView[]>('continue');
    expect(list.map(({ uri }) => uri)).toEqual([heat, alien]);

    for (const [wanted, uri, from] of [
      ['2', alien, 40],
      ['heat', heat, 50],
    ] as const) {
      const command = world.start(['continue', wanted, '--json']);
      expect(await command.line((l) => l.event === 'started')).toMatchObject({ uri });
      // Only what moves on becomes the newest.
      await command.playing(from + 0.5);
      command.kill('SIGINT');
      await command.exit;
    }
    const { stdout } = await world.run([]);
    expect(stdout).toMatch(/Continue:[\s\S]*Heat[\s\S]*Alien[\s\S]*Commands:/);
  });

  test('can be marked, forgotten, exported and imported', async ({ world }) => {
    const film = media.make(world.film('film.mkv'));
    const other = media.make(world.film('other.mkv'));
    const place = await playFrom(world, film, 40);
    expect(await world.json<ProgressView[]>('progress', 'mark', other)).toMatchObject([
      { uri: other, watched: true },
    ]);
    expect(await world.progress(other)).toMatchObject({ watched: true });
    await world.json('progress', 'mark', '--unwatched', other);
    expect(await world.progress(other)).toMatchObject({ watched: false });
    await world.json('progress', 'mark', other);

    const file = world.film('backup.json');
    expect(await world.json('progress', 'export', file)).toEqual({ file, items: 2 });
    const printed = await world.run(['progress', 'export']);
    expect(JSON.parse(printed.stdout)).toEqual(JSON.parse(readFileSync(file, 'utf8')));

    for (const one of [film, other])
      expect(await world.json('progress', 'forget', one)).toEqual({ forgotten: 1 });
    expect(await world.json('progress')).toEqual([]);
    await expectError(world, ['progress', film], {
      code: 'PROGRESS_NONE',
      exit: 1,
      message: /film\.mkv/,
      hint: /kinoport progress/,
    });

    expect(await world.json('progress', 'import', file)).toEqual({ added: 2, updated: 0, kept: 0 });
    expect(await world.json('progress', 'import', file)).toEqual({ added: 0, updated: 0, kept: 2 });
    expect((await world.progress(film)).position).toBeCloseTo(place, 2);
    expect(await world.progress(other)).toMatchObject({ watched: true });

    // A file that is gone is still known by its name.
    rmSync(film);
    expect((await world.progress(film)).position).toBeCloseTo(place, 2);
  });
});
