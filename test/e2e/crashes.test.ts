import { afterAll, beforeAll, describe, expect } from 'vitest';
import { needs } from '../support/system.ts';
import { test } from './harness.ts';
import { Media } from './media.ts';
import { eventually, isAlive } from './processes.ts';
import { WebServer } from './webServer.ts';

describe.skipIf(needs('mpv', 'ffmpeg'))(
  'a process dies in the middle of a film',
  { concurrent: true, timeout: 90_000 },
  () => {
    let media: Media;
    beforeAll(() => {
      media = new Media();
    });
    afterAll(() => media.dispose());

    test('the player: the end is called killed, and the place is kept', async ({ world }) => {
      const film = media.make(world.film('film.mkv'));
      const command = world.play(film, '--start', '30');
      await command.playing(31);
      const player = await world.player();
      const pid = await player.pid();
      const before = await player.position();
      process.kill(pid, 'SIGKILL');
      const { code } = await command.exit;
      expect(code).toBe(1);
      const ended = await command.line((l) => l.event === 'ended');
      expect(ended).toMatchObject({ reason: 'killed', watched: false });
      expect(ended.position).toBeGreaterThanOrEqual(before - 0.5);
      expect(await command.line((l) => l.event === 'error')).toMatchObject({ code: 'PLAYER_GONE' });
      expect((await world.progress(film)).position).toBeCloseTo(ended.position ?? 0, 2);
    });

    test('the host: the watching command finds a new one, and the film goes on', async ({ world }) => {
      const film = media.make(world.film('film.mkv'));
      const command = world.play(film, '--start', '30');
      await command.playing(30.5);
      const player = await world.player();
      const pid = await player.pid();
      const host = world.host?.pid ?? 0;
      const plugin = await world.pluginPid('mpv');
      const before = command.lines.length;
      process.kill(host, 'SIGKILL');
      await command.said(/Connected again/);
      const mark = command.lines.length;
      const next = await command.playing(0, mark);
      expect(Math.abs((await player.position()) - (next.position ?? 0))).toBeLessThan(2);
      expect(command.lines.slice(before).some((l) => l.event === 'ended' || l.event === 'error')).toBe(false);
      expect(world.host?.pid).not.toBe(host);
      expect(await (await world.player()).pid()).toBe(pid);
      await eventually(
        'the plugin of the dead host',
        () => isAlive(plugin),
        (alive) => !alive,
      );

      const place = await (await world.player()).quit();
      expect(await command.exit).toMatchObject({ code: 0 });
      const saved = (await world.progress(film)).position;
      expect(saved).toBeGreaterThanOrEqual(place.from);
      expect(saved).toBeLessThanOrEqual(place.to);
    });

    test('the plugin of the player: the film goes on and is tracked and steered again', async ({ world }) => {
      const film = media.make(world.film('film.mkv'));
      const command = world.play(film, '--start', '30');
      await command.playing(30.5);
      const player = await world.player();
      const pid = await player.pid();
      const plugin = await world.pluginPid('mpv');
      process.kill(plugin, 'SIGKILL');
      await eventually(
        'a new generation',
        () => world.plugins(),
        (plugins) =>
          plugins.some(({ id, pid, state }) => id === 'mpv' && state === 'active' && pid !== plugin),
      );
      await player.command('seek', 80, 'absolute+exact');
      await command.playing(80.2);
      expect(await player.pid()).toBe(pid);
      const place = await player.quit();
      expect(await command.exit).toMatchObject({ code: 0 });
      const saved = (await world.progress(film)).position;
      expect(saved).toBeGreaterThanOrEqual(place.from);
      expect(saved).toBeLessThanOrEqual(place.to);
    });

    test('the plugin of the player, again and again: the film goes on, and the viewer is told', async ({
      world,
    }) => {
      const film = media.make(world.film('film.mkv'));
      const command = world.play(film, '--start', '30');
      await command.playing(30.5);
      const player = await world.player();
      const pid = await player.pid();
      const last = async () => (await world.plugins()).find(({ id }) => id === 'mpv');
      for (let known: unknown; (await last())?.state !== 'failed'; ) {
        const running = await eventually('it runs or is given up', last, (plugin) => {
          return plugin?.state === 'failed' || (plugin?.state === 'active' && plugin.pid !== known);
        });
        if (running?.state === 'failed' || typeof running?.pid !== 'number') break;
        known = running.pid;
        process.kill(running.pid, 'SIGKILL');
      }
      await command.said(/broke down 5 times .* The film goes on .*kinoport plugin reload mpv/);
      expect(await player.pid()).toBe(pid);
      await player.command('seek', 80, 'absolute+exact');
      await world.run(['plugin', 'reload', 'mpv']);
      await command.playing(80.2);
      await player.quit();
      expect(await command.exit).toMatchObject({ code: 0 });
    });

    test('the plugin of the source: a film on the web goes on, through a seek as well', async ({ world }) => {
      media.make(world.film('film.mkv'));
      const server = new WebServer(world.films);
      await server.listen();
      try {
        const command = world.play(server.url('film.mkv'));
        await command.playing(0.5);
        const player = await world.player();
        const plugin = await world.pluginPid('files');
        process.kill(plugin, 'SIGKILL');
        await player.command('seek', 100, 'absolute+exact');
        await command.playing(100.2);
        expect(await world.pluginPid('files')).not.toBe(plugin);
        await player.quit();
        expect(await command.exit).toMatchObject({ code: 0 });
        expect(await command.line((l) => l.event === 'ended')).toMatchObject({ reason: 'stopped' });
      } finally {
        await server.close();
      }
    });

    test('two commands that start at the same time share one host', async ({ world }) => {
      const films = ['a.mkv', 'b.mkv', 'c.mkv'].map((name) => media.make(world.film(name)));
      const commands = films.map((film) => world.play(film, '--start', '10'));
      await Promise.all(commands.map((command) => command.playing(10.2)));
      expect(await world.players()).toHaveLength(3);
      const host = world.host?.pid;
      expect(await world.json('stop')).toEqual({ stopped: true, pid: host });
      const exits = await Promise.all(commands.map((command) => command.exit));
      expect(exits.map(({ code }) => code)).toEqual([0, 0, 0]);
    });
  },
);
