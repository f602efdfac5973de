import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KINDS, TAKEN } from 'create-kinoport-plugin';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OWN_COMMANDS } from '../../host/src/plugins/discovery.ts';
import { readManifest } from '../../host/src/plugins/manifest.ts';
import { CliHome, CliRun } from '../host/plugins/support/cliHome.ts';
import { inRepository, repositoryFiles } from '../support/repository.ts';
import { needs } from '../support/system.ts';

const bin = inRepository('create-kinoport-plugin/bin/create-kinoport-plugin.js');
let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'kp-create-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function run(...args: readonly string[]): CliRun['ended'] {
  const child = spawn(process.execPath, [bin, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  return new CliRun(child).ended;
}

const made = (path: string): string => readFileSync(join(cwd, path), 'utf8');

describe('a new plugin', () => {
  it('is named by its folder, and has a manifest with the least of permissions', async () => {
    const { code, stdout } = await run('--yes', '--kind', 'source,playback', 'kinoport-plugin-web-radio');
    expect(code).toBe(0);
    expect(stdout).toContain('cd kinoport-plugin-web-radio');
    expect(JSON.parse(made('kinoport-plugin-web-radio/package.json'))).toMatchObject({
      name: 'kinoport-plugin-web-radio',
      keywords: ['kinoport-plugin'],
      exports: { '.': { development: './src/index.ts', default: './dist/index.js' } },
      files: ['dist'],
      kinoport: {
        id: 'web-radio',
        displayName: 'Web radio',
        activationEvents: ['onPlayback'],
        permissions: { net: ['loopback'], playback: 'observe' },
        contributes: { sources: [{ id: 'web-radio', schemes: ['web-radio'] }] },
      },
    });
  });

  it.each(KINDS)('of kind %s has only the files of that kind, and a valid manifest', async (kind) => {
    await run('--yes', '--kind', kind, '--language', 'js', '--id', 'mine', '.');
    const files = readdirSync(cwd, { recursive: true, encoding: 'utf8' });
    expect(KINDS.filter((each) => files.includes(`src/${each}.js`))).toEqual([kind]);
    expect(files).toEqual(
      expect.arrayContaining(['.gitignore', '.vscode/launch.json', 'jsconfig.json', 'README.md']),
    );
    expect(readManifest(cwd).id).toBe('mine');
    const left = files.filter((path) => statSync(join(cwd, path)).isFile()).map((path) => [path, made(path)]);
    expect(left.filter(([path = '', text = '']) => /^_|\/_/.test(path) || /\{\{\w+\}\}/.test(text))).toEqual(
      [],
    );
  });

  it.skipIf(needs('tmux'))('asks on a terminal, and asks again after a wrong answer', () => {
    const socket = join(cwd, 's');
    const tmux = (...args: string[]): string =>
      execFileSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], { cwd, encoding: 'utf8' });
    try {
      tmux(
        'new-session',
        '-d',
        '-s',
        'ask',
        `'${process.execPath}' '${bin}'; tmux -S '${socket}' wait-for -S done; cat`,
      );
      for (const answer of ['banana', 'player, command', 'Not An Id', 'asked', 'Asked', 'js'])
        tmux('send-keys', '-t', 'ask', answer, 'Enter');
      execFileSync('tmux', ['-S', socket, 'wait-for', 'done'], { timeout: 20_000 });
      const screen = tmux('capture-pane', '-p', '-t', 'ask', '-S', '-');
      expect(screen).toContain('There is no kind "banana".');
      expect(screen).toContain('"Not An Id" cannot be the id');
      expect(existsSync(join(cwd, 'kinoport-plugin-asked/src/player.js'))).toBe(true);
    } finally {
      tmux('kill-server');
    }
  });

  it('is made by the program in the same way', async () => {
    const home = new CliHome();
    try {
      const target = join(cwd, 'made');
      const args = ['plugin', 'create', target, '--yes', '--kind', 'command', '--id', 'made'];
      expect(await home.run(...args)).toMatchObject({ code: 0, stderr: '' });
      expect(await home.run(...args)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('FILE_EXISTS'),
      });
      const [json] = await home.json<object>(...args.slice(0, 2), `${target}-2`, ...args.slice(3));
      expect(json).toMatchObject({
        id: 'made',
        folder: `${target}-2`,
        files: expect.arrayContaining(['src/index.ts']),
      });
      await run('--yes', '--kind', 'command', '--id', 'made', 'made-3');
      expect(made('made-3/src/index.ts')).toBe(made('made/src/index.ts'));
    } finally {
      await home.dispose();
    }
  });
});

describe('refused, with nothing written', () => {
  it.each([
    [['--kind', 'command', '--id', 'x1'], 2, 'NOT_INTERACTIVE'],
    [['--yes'], 2, 'INVALID_ARGUMENT'],
    [['--yes', '--id', 'Big'], 2, 'INVALID_ARGUMENT'],
    [['--yes', '--id', '../up'], 2, 'INVALID_ARGUMENT'],
    [['--yes', '--id', 'play'], 2, 'INVALID_ARGUMENT'],
    [['--yes', '--id', 'x1', '--kind', 'sync'], 2, 'INVALID_ARGUMENT'],
    [['--yes', '--id', 'x1', '--kind', ','], 2, 'INVALID_ARGUMENT'],
    [['--yes', '--id', 'x1', '--language', 'coffee'], 2, 'INVALID_ARGUMENT'],
    [['--yes', '--id', 'x1', '--name', 'a\nb'], 2, 'INVALID_ARGUMENT'],
    [['--yes', '--colour', 'red'], 2, 'USAGE'],
    [['--yes', 'one', 'two'], 2, 'USAGE'],
  ])('%j', async (args, code, error) => {
    expect(await run(...args)).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(error) });
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('a folder with something in it, and a file', async () => {
    mkdirSync(join(cwd, 'full'));
    writeFileSync(join(cwd, 'full/README.md'), 'mine');
    for (const target of ['full', 'full/README.md'])
      expect(await run('--yes', '--id', 'x1', target)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('FILE_EXISTS'),
      });
    expect(readdirSync(join(cwd, 'full'))).toEqual(['README.md']);
    expect(made('full/README.md')).toBe('mine');
  });

  it('an empty folder under version control is taken', async () => {
    mkdirSync(join(cwd, '.git'));
    expect(await run('--yes', '--id', 'x1', '.')).toMatchObject({ code: 0 });
  });
});

it('an id that would clash with the program is known as taken', () => {
  const builtin = repositoryFiles()
    .map((path) => /^plugins\/([^/]+)\/package\.json$/.exec(path)?.[1])
    .filter((id) => id !== undefined);
  expect([...OWN_COMMANDS, ...builtin].filter((id) => !TAKEN.has(id))).toEqual([]);
});
