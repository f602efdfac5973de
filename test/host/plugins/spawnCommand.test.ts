/** A standalone command that a plugin runs in the background. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { until } from '../../support/lab/waiting.ts';
import { CliHome } from './support/cliHome.ts';

let home: CliHome;
let pids: number[];

beforeEach(() => {
  home = new CliHome();
  pids = [];
});
afterEach(async () => {
  await home.dispose();
  for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
});

const log = (): string => {
  try {
    return home.read('logs/command-meeting.log');
  } catch {
    return '';
  }
};

const ENTRY = `
import { readFileSync } from 'node:fs';
export default {
  activate(ctx) {
    ctx.commands.register('meet begin', async ({ args }, io) => {
      const file = ctx.folders.data + '/told.json';
      const child = await ctx.processes.spawnCommand('meet here', { args: { file }, options: { loud: true } });
      io.json({ pid: child.pid, file });
      if (args.wait) io.json(await child.exited);
      return 0;
    });
    ctx.commands.register('meet other', async () => {
      await ctx.processes.spawnCommand('play', {});
      return 0;
    });
  },
};`;

const HERE = `
import { writeFileSync } from 'node:fs';
import { defineCommand } from '@kinoport/core';
export default defineCommand(async ({ args, options }, io, ctx) => {
  const secret = Object.keys(process.env).filter((name) => /SECRET|ORDER/.test(name));
  writeFileSync(args.file, JSON.stringify({ options, config: ctx.config, secret, json: io.wantsJson }));
  let denied = '';
  try { writeFileSync(process.env.HOME + '/left-behind', ''); } catch (error) { denied = error.code; }
  io.json({ denied });
  ctx.onDidAskToReload(() => process.exit(5));
  await new Promise((resolve) => io.signal.addEventListener('abort', resolve, { once: true }));
  return 0;
});`;

function plugin(): void {
  const command = (name: string, more: object = {}) => ({ command: name, title: 'Meets', ...more });
  const folder = home.plugin(
    'meeting',
    {
      permissions: {},
      contributes: {
        commands: [
          command('meet begin', { args: [{ name: 'wait' }] }),
          command('meet other'),
          command('meet here', { standalone: './here.js', args: [{ name: 'file' }] }),
        ],
        configuration: { type: 'object', properties: { size: { type: 'number', default: 4 } } },
      },
    },
    ENTRY,
  );
  writeFileSync(join(folder, 'here.js'), HERE);
  home.config({ plugins: { [folder]: true } });
}

it('has the permissions of the plugin and no more, and outlives plugin and host', async () => {
  plugin();
  home.env.SECRET_OF_SOMEBODY = 'x';
  const [begun] = await home.json<{ pid: number; file: string }>('meet', 'begin');
  const { pid, file } = begun ?? { pid: 0, file: '' };
  pids.push(pid);
  await until('it has begun', () => log().includes('denied'));
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
    ...{ options: { loud: true }, config: { size: 4 }, secret: [], json: true },
  });
  expect(log()).toContain('{"denied":"ERR_ACCESS_DENIED"}');
  expect((await home.run('plugin', 'reload', 'meeting')).code).toBe(0);
  expect((await home.run('stop')).code).toBe(0);
  expect(isAlive(pid)).toBe(true);
  process.kill(pid, 'SIGTERM');
  await until('it has ended', () => !isAlive(pid));
});

it('is told to read files again, and its end is told', async () => {
  plugin();
  const run = home.start('meet', 'begin', 'wait', '--json');
  await run.printed('}\n');
  const { pid } = JSON.parse(run.stdout) as { pid: number };
  pids.push(pid);
  await until('it has begun', () => log().includes('denied'));
  process.kill(pid, 'SIGHUP');
  const { stdout } = await run.ended;
  expect(JSON.parse(stdout.split('\n')[1] ?? '')).toMatchObject({ exitCode: 5, signal: null });
});

it('is one of its own', async () => {
  plugin();
  expect((await home.run('meet', 'other')).stderr).toContain('(COMMAND_UNKNOWN)');
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
