import { KinoportError, systemClock } from '@kinoport/core';
import { expect, test } from 'vitest';
import type { CliContext } from '../../../host/src/cli/context.ts';
import { installPlayer } from '../../../host/src/cli/install/installPlayer.ts';
import { Output } from '../../../host/src/cli/terminal/output.ts';
import { resolveHome } from '../../../host/src/home/resolveHome.ts';

const ctx: CliContext = {
  cwd: '/',
  environment: {},
  clock: systemClock,
  version: '0.1.0',
  hostVersion: '0.1.0',
  hostEntry: '',
  safeMode: false,
  demoFile: '',
  home: resolveHome({}, 'linux', '/home/me'),
};
const silent = { write: () => true };
const output = new Output({
  stdout: silent,
  stderr: silent,
  environment: {},
  json: false,
  quiet: false,
  verbose: false,
});
const error = new KinoportError('PLAYER_NOT_FOUND', 'mpv is not installed.');
const debian = { platform: 'linux', osRelease: 'ID=debian\n', isRoot: true } as const;

test('as root on Debian it fetches the list and installs, when that was agreed to', async () => {
  const ran: string[] = [];
  const run = async (command: readonly string[]): Promise<number> => {
    ran.push(command.join(' '));
    // A list that cannot be fetched is no reason to give up.
    return command.includes('update') ? 100 : 0;
  };
  await installPlayer(ctx, output, { error, yes: true, facts: debian, run });
  expect(ran).toEqual(['apt-get update -q', 'apt-get install -y --no-install-recommends mpv']);
});

test('otherwise the error names the command, and nothing is run', async () => {
  const run = async (): Promise<number> => expect.unreachable();
  const facts = { ...debian, isRoot: false };
  await expect(installPlayer(ctx, output, { error, yes: true, facts, run })).rejects.toMatchObject({
    code: 'PLAYER_NOT_FOUND',
    message: 'mpv is not installed.',
    hint: 'Install mpv: sudo apt-get install -y --no-install-recommends mpv',
  });
  const mac = { platform: 'darwin', osRelease: '', isRoot: false } as const;
  await expect(installPlayer(ctx, output, { error, yes: true, facts: mac, run })).rejects.toMatchObject({
    hint: 'Install mpv: brew install mpv',
  });
});

test('an installation that fails says so', async () => {
  await expect(
    installPlayer(ctx, output, { error, yes: true, facts: debian, run: async () => 100 }),
  ).rejects.toMatchObject({ code: 'PLAYER_NOT_FOUND', hint: expect.stringContaining('code 100') });
});
