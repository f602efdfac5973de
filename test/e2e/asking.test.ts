import { describe, expect } from 'vitest';
import { needs } from '../support/system.ts';
import { test } from './harness.ts';

interface Check {
  readonly name: string;
  readonly status: string;
  readonly code?: string;
  readonly hint?: string;
}

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  torrent: ['torrent list', 'torrent remove', 'torrent limits'],
  'watch-together': [
    'relay',
    ...[
      'create',
      'join',
      'status',
      'ready',
      'start',
      'play',
      'pause',
      'seek',
      'chat',
      'kick',
      'transfer',
      'set',
      'leave',
    ].map((word) => `room ${word}`),
  ],
};

describe.skipIf(needs('mpv'))(
  'asking the program about itself',
  { concurrent: true, timeout: 90_000 },
  () => {
    test('plugin list tells what is there, as scripts rely on it', async ({ world }) => {
      const plugins = await world.plugins();
      expect(plugins).toEqual(
        ['mpv', 'files', 'torrent', 'watch-together'].map((id) => ({
          id,
          version: expect.stringMatching(/^\d+\.\d+\.\d+/),
          state: 'resolved',
          isolation: 'process',
          origin: 'builtin',
          generation: 0,
          pid: null,
          contributes: {
            players: id === 'mpv' ? ['mpv'] : [],
            sources: ['files', 'torrent'].includes(id) ? [id] : [],
            syncs: id === 'watch-together' ? ['room'] : [],
            commands: COMMANDS[id] ?? [],
          },
          unresponsive: false,
          attention: null,
          error: null,
        })),
      );
    });

    test('doctor says what is there and what is missing', async ({ world }) => {
      const whole = await world.json<{ ok: boolean; checks: Check[] }>('doctor');
      expect(whole.ok).toBe(true);
      expect(whole.checks.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['Node.js', 'Home', 'Config', 'Database', 'Host', 'Player']),
      );
      expect(whole.checks.find(({ name }) => name === 'Player')).toMatchObject({ status: 'ok' });

      await world.run(['stop']);
      world.configure({ plugins: { mpv: { config: { path: '/nonexistent/mpv' } } } });
      const { code, stdout } = await world.run(['doctor', '--json']);
      expect(code).toBe(1);
      const broken = JSON.parse(stdout) as { ok: boolean; checks: Check[] };
      expect(broken.ok).toBe(false);
      expect(broken.checks.find(({ code }) => code === 'PLAYER_NOT_FOUND')?.hint).toMatch(/path|install/i);
    });

    test('config check names file, line and what was expected, without a host', async ({ world }) => {
      expect(await world.json('config', 'check')).toMatchObject({ ok: true, problems: [] });
      expect(await world.run(['config', 'path'])).toMatchObject({ stdout: `${world.configFile}\n` });
      const check = async (text: string) => {
        world.writeConfig(text);
        const { code, stdout } = await world.run(['config', 'check', '--json']);
        return { code, ...(JSON.parse(stdout) as { ok: boolean; problems: readonly object[] }) };
      };
      expect(await check('{\n  "player": "mpv",\n  "autoplayNext": "sometimes",\n}\n')).toMatchObject({
        code: 2,
        ok: false,
        problems: [{ code: 'CONFIG_INVALID', line: 3, message: expect.stringContaining('episodes') }],
      });
      expect(
        await check(
          '{ "plugins": {\n  "mvp": true,\n  "files": { "config": { "folderDepth": "deep" } }\n} }',
        ),
      ).toMatchObject({
        code: 2,
        ok: false,
        problems: [
          { code: 'CONFIG_UNKNOWN_PLUGIN', line: 2, hint: expect.stringContaining('mpv') },
          { code: 'CONFIG_INVALID', line: 3, message: expect.stringMatching(/folderDepth.*number|integer/) },
        ],
      });
      expect(
        await check('{ "plugins": {\n  "mpv": true,\n  "./nothing": { "config": { "key": 1 } }\n} }'),
      ).toMatchObject({ code: 1, ok: false, problems: [{ code: 'PLUGIN_NOT_FOUND', line: 3 }] });
      expect(await check('{ "player": }')).toMatchObject({
        code: 2,
        problems: [{ code: 'CONFIG_SYNTAX', line: 1 }],
      });
      expect(world.host).toBeUndefined();
    });

    test('help and version need no host and no home', async ({ world }) => {
      expect(await world.run(['--version'])).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^\d+\.\d+/),
      });
      for (const args of [
        ['--help'],
        ['play', '--help'],
        ['progress', 'mark', '--help'],
        ['help', 'continue'],
      ]) {
        expect(await world.run(args)).toMatchObject({
          code: 0,
          stderr: '',
          stdout: expect.stringContaining('Usage: kinoport'),
        });
      }
      expect(world.host).toBeUndefined();
    });
  },
);
