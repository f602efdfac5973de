import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { needs } from '../support/system.ts';
import { test, type World } from './harness.ts';
import { Media } from './media.ts';
import { eventually } from './processes.ts';

/** A plugin with one command, which says its id. */
function writePlugin(world: World): void {
  const folder = join(world.folder, 'hi');
  mkdirSync(folder, { recursive: true });
  const manifest = {
    name: 'kinoport-plugin-hi',
    version: '1.0.0',
    type: 'module',
    main: './index.js',
    engines: { kinoport: '^0.1.0' },
    kinoport: { contributes: { commands: [{ command: 'hi there', title: 'Say hi' }] } },
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(
    join(folder, 'index.js'),
    `import { definePlugin } from '@kinoport/core';
export default definePlugin({ activate(ctx) {
  ctx.commands.register('hi there', async (_input, io) => { io.line('hi from ' + ctx.plugin.id); return 0; });
} });
`,
  );
}

describe.skipIf(needs('mpv', 'ffmpeg'))(
  'the config is edited by hand while a film plays',
  { timeout: 90_000 },
  () => {
    let media: Media;
    beforeAll(() => {
      media = new Media();
    });
    afterAll(() => media.dispose());

    test('plugins come, change their name and go; a mistake in between changes nothing', async ({
      world,
    }) => {
      const film = world.play(media.make(world.film('film.mkv')));
      await film.playing(1);
      writePlugin(world);
      const mpv = await world.pluginPid('mpv');
      const known = (id: string, isThere: boolean) =>
        eventually(
          `${id} is ${isThere ? '' : 'not '}there`,
          () => world.plugins(),
          (plugins) => plugins.some((plugin) => plugin.id === id && plugin.state !== 'disabled') === isThere,
        );

      world.configure({ plugins: { '../hi': true } });
      await known('hi', true);
      expect((await world.run(['hi', 'there'])).stdout).toBe('hi from hi\n');
      expect((await world.run(['--help'])).stdout).toMatch(
        /Commands of plugins:\n(?:.+\n)* {2}hi there +Say hi/,
      );
      const alone = await world.run(['hi', '--json']);
      expect(alone.code).toBe(2);
      expect(alone.stdout).toContain('hi there');

      const { pid } = (await world.plugins()).find(({ id }) => id === 'hi') ?? {};
      world.writeConfig('{ "plugins": { "../hi": tru');
      await eventually(
        'the mistake is known',
        () => world.run(['doctor', '--json']),
        ({ stdout }) => stdout.includes('CONFIG_SYNTAX'),
      );
      expect((await world.plugins()).find(({ id }) => id === 'hi')).toMatchObject({ pid });

      world.configure({ plugins: { '../hi': { alias: 'hello' } } });
      await known('hello', true);
      await known('hi', false);
      expect((await world.run(['hi', 'there'])).stdout).toBe('hi from hello\n');

      world.configure({ plugins: { '../hi': { alias: 'hello', enabled: false } } });
      await known('hello', false);
      expect((await world.run(['hi', 'there'])).code).not.toBe(0);

      world.configure({});
      await eventually(
        'it is gone',
        () => world.plugins(),
        (plugins) => plugins.every(({ id }) => id !== 'hello'),
      );
      expect(await world.pluginPid('mpv')).toBe(mpv);
      await film.playing(2, film.lines.length);
      await (await world.player()).quit();
      expect((await film.exit).code).toBe(0);
    });
  },
);

describe('commands of plugin', { concurrent: true, timeout: 60_000 }, () => {
  test('info, enable, disable, reload, profile say how it is, and what is mistyped', async ({ world }) => {
    expect(await world.json('plugin', 'reload', 'files')).toMatchObject({ state: 'active', generation: 1 });
    expect(await world.json('plugin', 'info', 'files')).toMatchObject({
      id: 'files',
      origin: 'builtin',
      error: null,
      memory: { bytes: expect.any(Number) },
    });
    const [profile] = await world.json<readonly Record<string, number>[]>('plugin', 'profile');
    expect(profile).toMatchObject({ id: 'files', generation: 1 });
    for (const name of ['start', 'load', 'activate'] as const) expect(profile?.[name]).toBeGreaterThan(0);
    expect(profile?.ready).toBeGreaterThan(Number(profile?.load));

    expect(await world.json('plugin', 'disable', 'files')).toMatchObject({ state: 'disabled', pid: null });
    expect(await world.json('plugin', 'profile')).toEqual([]);
    expect(await world.json('plugin', 'enable', 'files')).toMatchObject({ state: 'resolved' });
    const mistyped = await world.run(['plugin', 'info', 'fils']);
    expect(mistyped.code).toBe(1);
    expect(mistyped.stderr).toContain('Did you mean "files"?');
  });

  test('a safe mode leaves out what does not come along, and says when a host runs without it', async ({
    world,
  }) => {
    writePlugin(world);
    world.configure({ plugins: { '../hi': true } });
    const plugins = await world.json<readonly { id: string; error: { code: string } | null }[]>(
      '--safe-mode',
      'plugin',
      'list',
    );
    expect(plugins.find(({ id }) => id === 'hi')).toMatchObject({ error: { code: 'PLUGIN_SAFE_MODE' } });
    expect((await world.run(['hi', 'there'])).code).toBe(1);
    await world.run(['stop']);
    expect((await world.run(['hi', 'there'])).stdout).toBe('hi from hi\n');
    const late = await world.run(['plugin', 'list', '--safe-mode']);
    expect(late.code).toBe(1);
    expect(late.stderr).toContain('not in safe mode');
  });
});
