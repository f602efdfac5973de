/** What somebody has who knows nothing of this repository but docs/plugins. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CliHome, lines } from '../host/plugins/support/cliHome.ts';
import { inRepository } from '../support/repository.ts';
import { needs } from '../support/system.ts';
import { filesOf } from './documentation.ts';
import { packed, withCore } from './packing.ts';

interface Note {
  readonly event: string;
  readonly title: string;
  readonly key: string;
  readonly player?: string;
  readonly reason?: string;
  readonly position: number;
  readonly watched?: boolean;
}

let outside: string;
let plugin: string;
let home: CliHome;

beforeAll(() => {
  outside = mkdtempSync(join(tmpdir(), 'kp-outside-'));
  const written = join(outside, 'written');
  for (const [name, text] of filesOf('docs/plugins')) {
    mkdirSync(dirname(join(written, name)), { recursive: true });
    writeFileSync(join(written, name), text);
  }
  plugin = packed(written, outside, join(outside, 'kinoport-plugin-demo'));
  mkdirSync(join(outside, 'media'));
  copyFileSync(inRepository('host/media/demo.mkv'), join(outside, 'media/short film.mkv'));
}, 60_000);

afterAll(() => {
  rmSync(outside, { recursive: true, force: true });
});

beforeEach(() => {
  home = new CliHome();
  home.config({
    plugins: { [plugin]: { config: { folder: join(outside, 'media'), length: 1.5 } } },
  });
});

afterEach(() => home.dispose());

describe('the plugin of docs/plugins, packed, unpacked outside and named in the config', () => {
  it('is found with what it contributes, and its manifest and config are valid', async () => {
    expect((await home.run('config', 'check')).code).toBe(0);
    const [list] = await home.json<{ id: string; state: string; contributes: object }[]>('plugin', 'list');
    expect(list?.find(({ id }) => id === 'demo')).toMatchObject({
      state: 'resolved',
      contributes: { players: ['null'], sources: ['demo'], commands: ['hello', 'played list'] },
    });
  });

  it('greets, and asks where there is a terminal only', async () => {
    expect(await home.run('hello', 'Ada')).toMatchObject({ code: 0, stdout: 'Hello, Ada!\n' });
    expect(await home.run('hello', 'Ada', '--shout')).toMatchObject({ code: 0, stdout: 'HELLO, ADA!\n' });
    const asked = await home.run('hello');
    expect(asked.code).toBe(2);
    expect(asked.stderr).toContain('NOT_INTERACTIVE');
  });

  it.skipIf(needs('tmux'))('asks on a terminal', () => {
    const socket = join(home.folder, 'tmux');
    const tmux = (...args: string[]): string =>
      execFileSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], { env: home.env, encoding: 'utf8' });
    const command = `'${process.execPath}' '${home.entry}' hello > '${home.folder}/out'; tmux -S '${socket}' wait-for -S done; cat`;
    try {
      tmux('new-session', '-d', '-s', 'ask', command);
      tmux('send-keys', '-t', 'ask', 'Grace', 'Enter');
      tmux('wait-for', 'done');
      expect(home.read('out')).toBe('Hello, Grace!\n');
    } finally {
      tmux('kill-server');
    }
  });

  it('says what to do about an item that is not there', async () => {
    const { code, stderr } = await home.run('play', 'demo:missing.mkv', '--player', 'null');
    expect(code).toBe(1);
    expect(stderr).toContain('There is no missing.mkv in the demo folder.');
    expect(stderr).toContain('SOURCE_NOT_FOUND');
  });

  it('plays its item in its own player, to the end, and hears of it', async () => {
    const events = await home.json<Record<string, unknown>>(
      'play',
      'demo:short%20film.mkv',
      '--player',
      'null',
    );
    expect(events.find(({ event }) => event === 'started')).toMatchObject({
      player: 'null',
      uri: 'demo:short%20film.mkv',
    });
    expect(events.find(({ event }) => event === 'ended')).toMatchObject({
      reason: 'finished',
      watched: true,
    });
    expect(home.read('data/plugins/demo/null-player.log')).toMatch(
      /^short film 0 http:\/\/127\.0\.0\.1:\d+\//,
    );
    const notes = await home.json<Note>('played', 'list');
    expect(notes.map(({ event, title }) => [event, title])).toEqual([
      ['started', 'short film'],
      ['ended', 'short film'],
    ]);
    expect(notes[1]).toMatchObject({ reason: 'finished', position: 1.5, watched: true });
    expect(await home.json('progress', 'demo:short%20film.mkv')).toMatchObject([
      { itemKey: notes[0]?.key, watched: true },
    ]);
    const [list] = await home.json<{ id: string; generation: number; state: string }[]>('plugin', 'list');
    expect(list?.find(({ id }) => id === 'demo')).toMatchObject({ generation: 1, state: 'active' });
    expect(home.read('logs/plugin-demo.log')).toContain('info ready {"generation":1}');
  });

  it('is steered, and stopped by Ctrl-C with its progress kept', async () => {
    home.config({
      plugins: { [plugin]: { config: { folder: join(outside, 'media'), length: 600 } } },
    });
    const run = home.start('play', 'demo:short film.mkv', '--player', 'null', '--json', '--start', '100');
    await run.printed('"status":"playing"');
    run.child.kill('SIGINT');
    const { code, stdout } = await run.ended;
    expect(code).toBe(130);
    expect(JSON.parse(lines(stdout).at(-1) ?? '')).toMatchObject({ event: 'ended', reason: 'stopped' });
    const [progress] = await home.json<{ position: number }>('progress', 'demo:short film.mkv');
    expect(progress?.position).toBeGreaterThanOrEqual(100);
    expect(progress?.position).toBeLessThan(110);
  });

  it.skipIf(needs('mpv'))('has its bytes played by the real mpv', async () => {
    const events = await home.json<Record<string, unknown>>('play', 'demo:short film.mkv', '--start', '-1');
    expect(events.find(({ event }) => event === 'started')).toMatchObject({
      player: 'mpv',
      uri: 'demo:short film.mkv',
    });
    expect(events.find(({ event }) => event === 'ended')).toMatchObject({
      reason: 'finished',
      watched: true,
    });
    const notes = await home.json<Note>('played', 'list');
    expect(notes.map(({ event }) => event)).toEqual(['started', 'ended']);
  });
});

it('the smallest plugin of docs/plugins says hi', async () => {
  home.config({ plugins: { [join(outside, 'written/hi')]: true } });
  expect(await home.run('hi')).toEqual({ code: 0, stdout: 'Hi from hi 1.0.0.\n', stderr: '' });
});

it('passes the compiler in strict mode, with the packed types', () => {
  withCore(plugin, outside);
  const options = {
    compilerOptions: {
      strict: true,
      noUncheckedIndexedAccess: true,
      checkJs: true,
      noEmit: true,
      target: 'es2024',
      module: 'nodenext',
      types: ['node'],
    },
    include: ['*.js'],
  };
  writeFileSync(join(plugin, 'tsconfig.json'), JSON.stringify(options));
  const tsc = inRepository('node_modules/typescript/bin/tsc');
  expect(run(process.execPath, [tsc, '-p', plugin])).toEqual({ code: 0, output: '' });
}, 60_000);

function run(file: string, args: readonly string[]): { readonly code: number; readonly output: string } {
  try {
    return { code: 0, output: execFileSync(file, args, { cwd: plugin, encoding: 'utf8', stdio: 'pipe' }) };
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string };
    return { code: status, output: `${stdout}${stderr}` };
  }
}
