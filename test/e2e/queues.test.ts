import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { needs } from '../support/system.ts';
import type { CommandLine } from './commandLine.ts';
import { test, type World } from './harness.ts';
import { Media } from './media.ts';

describe.skipIf(needs('mpv', 'ffmpeg'))('playing several', { concurrent: true, timeout: 90_000 }, () => {
  let media: Media;
  beforeAll(() => {
    media = new Media();
  });
  afterAll(() => media.dispose());

  /** Three episodes of 20 seconds. */
  function show(world: World): { readonly folder: string; readonly episodes: readonly string[] } {
    const folder = world.film('Show');
    mkdirSync(folder);
    const episodes = [1, 2, 10].map((n) => media.make(join(folder, `Show.S01E${n}.mkv`), 20));
    return { folder, episodes };
  }

  function starts(command: CommandLine): readonly (string | undefined)[] {
    return command.lines.filter((l) => l.event === 'started').map((l) => l.uri);
  }

  test('a folder begins with the first episode not yet watched and goes on in the same window', async ({
    world,
  }) => {
    const { folder, episodes } = show(world);
    const [first = '', second, third] = episodes;
    await world.json('progress', 'mark', first);
    const command = world.play(folder, '--start', '18');
    expect(await command.line((l) => l.event === 'started')).toMatchObject({ uri: second, start: 18 });
    await command.playing(18);
    const pid = await (await world.player()).pid();
    const next = await command.line((l) => l.event === 'started' && l.uri !== second);
    expect(next).toMatchObject({ uri: third, start: 0 });
    expect(await command.line((l) => l.event === 'ended')).toMatchObject({
      reason: 'finished',
      watched: true,
    });
    await command.playing(0.2, command.lines.indexOf(next));
    const player = await world.player();
    expect(await player.pid()).toBe(pid);
    await player.quit();
    expect(await command.exit).toMatchObject({ code: 0 });

    const again = world.play(folder);
    expect(await again.line((l) => l.event === 'started')).toMatchObject({ uri: third });
    again.kill('SIGINT');
    await again.exit;
  });

  test('autoplayNext: never plays one and closes the window', async ({ world }) => {
    world.configure({ autoplayNext: 'never' });
    const { folder, episodes } = show(world);
    const command = world.play(folder, '--start', '19');
    expect(await command.exit).toMatchObject({ code: 0 });
    expect(starts(command)).toEqual(episodes.slice(0, 1));
    expect(await world.players()).toEqual([]);
  });

  test('a playlist plays in its order, to its end', async ({ world }) => {
    const a = media.make(world.film('a.mkv'), 2);
    const b = media.make(world.film('b.mkv'), 2);
    const list = world.film('list.m3u');
    writeFileSync(list, '#EXTM3U\n#EXTINF:2,The second\nb.mkv\n\na.mkv\n');
    const command = world.play(list);
    expect(await command.exit).toMatchObject({ code: 0 });
    expect(starts(command)).toEqual([b, a]);
    expect(command.lines.filter((l) => l.event === 'ended').map((l) => l.reason)).toEqual([
      'finished',
      'finished',
    ]);
  });

  test('next and previous change the film in the same window, each where it was left', async ({ world }) => {
    const { episodes } = show(world);
    const [first = '', second = ''] = episodes;
    const command = world.play(first, second, '--start', '2', '--paused');
    await command.line((l) => l.status === 'paused');
    const pid = await (await world.player()).pid();

    let mark = command.lines.length;
    expect(await world.run(['next'])).toMatchObject({ code: 0 });
    expect(await command.line((l) => l.event === 'started', mark)).toMatchObject({ uri: second, start: 0 });
    await command.line((l) => l.status === 'playing' || l.status === 'paused', mark);

    mark = command.lines.length;
    expect(await world.run(['previous'])).toMatchObject({ code: 0 });
    const back = await command.line((l) => l.event === 'started', mark);
    expect(back.uri).toBe(first);
    expect(back.start).toBeCloseTo(2, 1);
    expect(await (await world.player()).pid()).toBe(pid);

    const none = await world.run(['previous', '--json']);
    expect(none.code).toBe(1);
    expect(JSON.parse(none.stdout)).toMatchObject({ error: { code: 'NO_NEXT_ITEM' } });
    command.kill('SIGINT');
    await command.exit;
    expect(await world.run(['next'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('NOTHING_PLAYING'),
    });
  });

  test('--file takes one of a folder by number or words', async ({ world }) => {
    const { folder, episodes } = show(world);
    const list = await world.json<{ file: number; uri: string }[]>('files', folder);
    expect(list.map(({ file, uri }) => [file, uri])).toEqual(episodes.map((uri, i) => [i, uri]));
    for (const wanted of ['2', 'E10']) {
      const command = world.play(folder, '--file', wanted);
      expect(await command.line((l) => l.event === 'started')).toMatchObject({ uri: episodes[2] });
      command.kill('SIGINT');
      await command.exit;
    }
  });
});
