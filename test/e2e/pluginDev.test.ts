import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { within } from '../support/lab/waiting.ts';
import { inRepository } from '../support/repository.ts';
import { needs } from '../support/system.ts';
import type { CommandLine, JsonLine } from './commandLine.ts';
import { test, type World } from './harness.ts';
import { InspectorClient } from './inspectorClient.ts';
import { Media } from './media.ts';
import { eventually } from './processes.ts';
import { WebServer } from './webServer.ts';

/** One line of `plugin dev --json`. */
interface DevLine extends Omit<JsonLine, 'event'> {
  readonly event?: 'watching' | 'changed' | 'loaded' | 'reloaded' | 'failed' | 'state' | 'log';
  readonly files?: readonly string[];
  readonly generation?: number;
  readonly running?: number | null;
  readonly inspectPort?: number | null;
  readonly fault?: {
    readonly file: string;
    readonly line?: number;
    readonly frames?: readonly string[];
  } | null;
}

const devLine = (command: CommandLine, accept: (line: DevLine) => boolean, from = 0): Promise<DevLine> =>
  command.line((line) => accept(line as DevLine), from) as Promise<DevLine>;

/** What `hi` says comes from a module of its own, in TypeScript. */
function writePlugin(world: World, word: string): string {
  const folder = join(world.folder, 'hi');
  mkdirSync(join(folder, 'src'), { recursive: true });
  const manifest = {
    name: 'kinoport-plugin-hi',
    version: '1.0.0',
    type: 'module',
    exports: { development: './src/index.ts', default: './dist/index.js' },
    engines: { kinoport: '^0.1.0' },
    kinoport: { contributes: { commands: [{ command: 'hi', title: 'Say hi' }] } },
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(
    join(folder, 'src/index.ts'),
    `import { definePlugin, type PluginContext } from '@kinoport/core';
import { word } from './word.ts';
export default definePlugin({
  activate(ctx: PluginContext) {
    ctx.commands.register('hi', async (_input, io) => { io.line(word + ' ' + ctx.generation); return 0; });
  },
});
`,
  );
  write(folder, 'src/word.ts', `export const word: string = '${word}';`);
  return folder;
}

const write = (folder: string, name: string, text: string): void =>
  writeFileSync(join(folder, name), `${text}\n`);

describe('plugin dev', { concurrent: true, timeout: 120_000 }, () => {
  test('loads a folder that no config names, and again with every change; faults keep what ran', async ({
    world,
  }) => {
    const folder = writePlugin(world, 'one');
    const dev = world.start(['plugin', 'dev', folder, '--json']);
    expect(await devLine(dev, (l) => l.event === 'loaded')).toMatchObject({ generation: 1 });
    expect((await world.run(['hi'])).stdout).toBe('one 1\n');
    expect((await world.plugins()).find(({ id }) => id === 'hi')).toMatchObject({
      origin: 'dev',
      state: 'active',
    });

    // Without a config that names it there is nothing to switch, and nothing is written.
    for (const name of ['disable', 'enable']) {
      const refused = await world.run(['plugin', name, 'hi']);
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('INVALID_ARGUMENT') });
    }
    expect((await world.run(['config', 'check'])).code).toBe(0);

    write(folder, 'src/word.ts', "export const word: string = 'two';");
    expect(await devLine(dev, (l) => l.event === 'changed')).toMatchObject({ files: ['src/word.ts'] });
    expect(await devLine(dev, (l) => l.event === 'reloaded')).toMatchObject({ generation: 2 });
    expect((await world.run(['hi'])).stdout).toBe('two 2\n');

    let mark = dev.lines.length;
    write(folder, 'src/word.ts', "\nexport const word: string = 'three' + ;");
    const broken = await devLine(dev, (l) => l.event === 'failed', mark);
    expect(broken).toMatchObject({ code: 'PLUGIN_LOAD_FAILED', running: 2 });
    expect(broken.fault).toMatchObject({ file: join(folder, 'src/word.ts'), line: 2 });
    expect((await world.run(['hi'])).stdout).toBe('two 2\n');

    mark = dev.lines.length;
    write(folder, 'package.json', '{ "name": "kinoport-plugin-hi",');
    expect(await devLine(dev, (l) => l.event === 'failed', mark)).toMatchObject({
      code: 'PLUGIN_MANIFEST_INVALID',
      running: 2,
    });
    expect((await world.run(['hi'])).stdout).toBe('two 2\n');

    mark = dev.lines.length;
    writePlugin(world, 'four');
    await devLine(dev, (l) => l.event === 'reloaded', mark);
    expect((await world.run(['hi'])).stdout).toMatch(/^four \d+\n$/);

    dev.kill('SIGINT');
    expect((await dev.exit).code).toBe(130);
    await eventually(
      'the plugin is gone',
      () => world.plugins(),
      (plugins) => plugins.every(({ id }) => id !== 'hi'),
    );
    expect((await world.run(['hi'])).code).toBe(2);
  });

  test('gives up a generation that hangs as soon as there is a newer one', async ({ world }) => {
    const folder = writePlugin(world, 'one');
    write(
      folder,
      'src/word.ts',
      "await new Promise(() => setInterval(() => {}, 1000)); export const word = '';",
    );
    const dev = world.start(['plugin', 'dev', folder, '--json']);
    await devLine(dev, (l) => l.event === 'watching');
    await eventually(
      'a process that loads',
      () => world.plugins(),
      (plugins) => plugins.some(({ id, state }) => id === 'hi' && state === 'starting'),
    );
    write(folder, 'src/word.ts', "export const word = 'two';");
    await devLine(dev, (l) => l.event === 'loaded');
    expect(dev.lines.some((l) => (l as DevLine).event === 'failed')).toBe(false);
    expect((await world.run(['hi'])).stdout).toMatch(/^two/);
  });

  test('lets only one client work on a plugin, and says what is not a plugin', async ({ world }) => {
    const folder = writePlugin(world, 'one');
    const dev = world.start(['plugin', 'dev', folder, '--json']);
    await devLine(dev, (l) => l.event === 'loaded');
    const second = await world.run(['plugin', 'dev', folder, '--json']);
    expect(second.code).toBe(1);
    expect(second.stdout).toContain('PLUGIN_IN_DEVELOPMENT');
    const none = await world.run(['plugin', 'dev', join(world.folder, 'nothing'), '--json']);
    expect(none.stdout).toContain('PLUGIN_NOT_FOUND');
    const usage = await world.run(['plugin', 'dev', folder, '--inspect=0.0.0.0:9229', '--json']);
    expect(usage).toMatchObject({ code: 2 });
  });

  test('keeps its debugger port over reloads, waits for a debugger, and takes no breakpoint for a hang', async ({
    world,
  }) => {
    const folder = writePlugin(world, 'one');
    const dev = world.start(['plugin', 'dev', folder, '--inspect-brk=0', '--json']);
    const { inspectPort } = await devLine(dev, (l) => l.event === 'watching');
    const port = inspectPort ?? 0;

    const first = await InspectorClient.attach(port);
    await first.call('Debugger.enable');
    const paused = first.next('Debugger.paused');
    await first.call('Runtime.runIfWaitingForDebugger');
    const { callFrames } = await paused;
    expect(first.scriptOf(callFrames?.[0])).toMatch(/hi\/src\/index\.ts$/);
    expect(dev.lines.some((l) => (l as DevLine).event === 'loaded')).toBe(false);
    await first.call('Debugger.resume');
    await devLine(dev, (l) => l.event === 'loaded');

    // A paused process answers nobody, and is left alone nevertheless.
    const held = first.next('Debugger.paused');
    await first.call('Debugger.pause');
    const answered = world.run(['hi']);
    await held;
    expect((await world.plugins()).find(({ id }) => id === 'hi')).toMatchObject({ unresponsive: false });
    await first.call('Debugger.resume');
    expect((await answered).stdout).toBe('one 1\n');

    write(folder, 'src/word.ts', "export const word: string = 'two';");
    await within('the debugger is sent on', 30_000, first.closed);
    const second = await InspectorClient.attach(port);
    await second.call('Debugger.enable');
    const again = second.next('Debugger.paused');
    await second.call('Runtime.runIfWaitingForDebugger');
    expect(second.scriptOf((await again).callFrames?.[0])).toMatch(/hi\/src\/index\.ts$/);
    await second.call('Debugger.resume');
    await devLine(dev, (l) => l.event === 'reloaded');
    const evaluated = await second.call('Runtime.evaluate', { expression: 'process.pid' });
    expect(evaluated.result?.value).toBe(await world.pluginPid('hi'));
    second.close();

    const taken = await world.run([
      'plugin',
      'dev',
      inRepository('plugins/files'),
      `--inspect=${port}`,
      '--json',
    ]);
    expect(taken.code).toBe(1);
    expect(taken.stdout).toContain('PLUGIN_INSPECT_PORT');
  });

  describe.skipIf(needs('mpv', 'ffmpeg'))('in the middle of a film', () => {
    let media: Media;
    beforeAll(() => {
      media = new Media();
    });
    afterAll(() => media.dispose());

    test('replaces player and source, and gives them back: the film goes on', async ({ world }) => {
      media.make(world.film('film.mkv'));
      const server = new WebServer(world.films);
      await server.listen();
      try {
        const film = world.play(server.url('film.mkv'));
        await film.playing(1);
        const mpv = await world.player();
        const pid = await mpv.pid();
        const goesOn = async (): Promise<void> => {
          const from = await mpv.position();
          await film.playing(from + 0.5, film.lines.length);
          expect(await mpv.pid()).toBe(pid);
        };
        const pause = async (): Promise<void> => {
          await command(world, { name: 'pause' });
          expect(await mpv.get('pause')).toBe(true);
          await command(world, { name: 'play' });
          expect(await mpv.get('pause')).toBe(false);
        };
        for (const id of ['mpv', 'files']) {
          const copy = join(world.folder, id);
          cpSync(inRepository(`plugins/${id}`), copy, { recursive: true });
          const dev = world.start(['plugin', 'dev', copy, '--json']);
          await devLine(dev, (l) => l.event === 'loaded');
          expect((await world.plugins()).find((each) => each.id === id)).toMatchObject({ origin: 'dev' });
          await goesOn();
          await pause();
          write(copy, 'dist/another.js', '');
          await devLine(dev, (l) => l.event === 'reloaded');
          await goesOn();
          await pause();
          dev.kill('SIGINT');
          await dev.exit;
          await eventually(
            'the one that comes along is back',
            () => world.plugins(),
            (plugins) =>
              plugins.some((each) => each.id === id && each.origin === 'builtin' && each.pid !== null),
          );
          await goesOn();
          await pause();
        }
        expect(film.lines.some((l) => l.event === 'ended' || l.event === 'error')).toBe(false);
        await mpv.quit();
        expect((await film.exit).code).toBe(0);
      } finally {
        await server.close();
      }
    });
  });
});

/** As a client of the local API does. */
async function command(world: World, command: Readonly<Record<string, unknown>>): Promise<void> {
  const { port, token } = world.host ?? { port: 0, token: '' };
  const response = await fetch(`http://127.0.0.1:${port}/v1/playback.command`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ command }),
  });
  expect(response.status, await response.text()).toBe(200);
}
