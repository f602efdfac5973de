/** Commands that run in a process of their own, through the command line, without a host. */
import { spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../support/lab/waiting.ts';
import { CliHome, CliRun } from './support/cliHome.ts';

let home: CliHome;

const CODE = `
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { defineCommand, KinoportError } from '@kinoport/core';
export default defineCommand(async ({ args, options }, io, ctx) => {
  switch (args.what) {
    case 'facts':
      io.json({ args, options, config: ctx.config, plugin: ctx.plugin.id, json: io.wantsJson, now: typeof ctx.clock.now() });
      return 3;
    case 'echo':
      for await (const line of io.lines()) io.line('<' + line + '>');
      return undefined;
    case 'again':
      ctx.onDidAskToReload(() => io.line('reads again'));
    case 'wait':
      io.line('waiting ' + process.pid);
      await new Promise((resolve) => io.signal.addEventListener('abort', resolve, { once: true }));
      io.line('told');
      if (options.file === undefined) await new Promise((resolve) => setTimeout(resolve, 2_147_000_000));
      return 7;
    case 'read':
      io.line(await readFile(options.file, 'utf8'));
      return 0;
    case 'peek':
      return readFile(process.env.HOME + '/.profile', 'utf8').then(() => 0);
    case 'listen':
      await new Promise((resolve, reject) => createServer().once('error', reject).listen(0, '127.0.0.1', resolve));
      return 0;
    case 'coded':
      throw new KinoportError('SOURCE_FORBIDDEN', 'Not you.', { hint: 'Ask first.' });
    case 'ask':
      return io.prompt('Well? ').then(() => 0);
    case 'late':
      setTimeout(() => { throw new Error('much later'); }, 1);
      return new Promise(() => {});
    case 'odd':
      return 1000;
    default:
      throw new TypeError('x is not a function');
  }
});`;

function plugin(code: string, permissions: object = {}): void {
  const folder = home.plugin(
    'meeting',
    {
      permissions,
      contributes: {
        commands: [
          {
            command: 'meet',
            title: 'Meets people',
            standalone: './meet.js',
            args: [{ name: 'what', required: true, description: 'what to do' }],
            options: [
              { name: 'port', type: 'number', default: 3001 },
              { name: 'file', type: 'path' },
            ],
          },
        ],
        configuration: {
          type: 'object',
          properties: { size: { type: 'number', default: 4 }, token: { type: 'string', secret: true } },
        },
      },
    },
    "export default { activate() { throw new Error('nobody asked for it'); } };",
  );
  writeFileSync(join(folder, 'meet.js'), code);
  home.config({ plugins: { [folder]: { config: { size: 9 } } } });
}

beforeEach(() => {
  home = new CliHome();
});

afterEach(() => home.dispose());

describe('a command that runs without a host', () => {
  beforeEach(() => plugin(CODE));

  it('gets its arguments and settings, and leaves nothing in the home', async () => {
    const before = readdirSync(home.folder);
    const { code, stdout, stderr } = await home.run('meet', 'facts', '--file', 'x/../a.txt', '--json');
    expect([code, stderr]).toEqual([3, '']);
    expect(JSON.parse(stdout)).toEqual({
      args: { what: 'facts' },
      options: { port: 3001, file: join(home.folder, 'a.txt') },
      config: { size: 9 },
      plugin: 'meeting',
      json: true,
      now: 'number',
    });
    expect(readdirSync(home.folder)).toEqual(before);
  });

  it('reads standard input to its end while it prints', async () => {
    const run = home.start('meet', 'echo');
    run.child.stdin?.write('one\n');
    await run.printed('<one>\n');
    run.child.stdin?.end('two');
    expect(await run.ended).toEqual({ code: 0, stdout: '<one>\n<two>\n', stderr: '' });
  });

  it.each([
    ['coded', 1, 'SOURCE_FORBIDDEN', 'Not you.'],
    ['plain', 1, 'COMMAND_FAILED', 'The command "meet" failed: x is not a function'],
    ['odd', 1, 'COMMAND_FAILED', 'ended with 1000'],
    ['ask', 2, 'NOT_INTERACTIVE', 'no terminal to ask on'],
    ['peek', 1, 'PERMISSION_DENIED', 'The plugin "meeting" may not read'],
    ['listen', 1, 'PERMISSION_DENIED', 'The plugin "meeting" may not use the network'],
    ['late', 1, 'COMMAND_FAILED', 'failed: much later'],
  ])('that fails (%s) ends with code %i and says %s', async (what, exit, code, message) => {
    const { code: exitCode, stderr } = await home.run('meet', what);
    expect(stderr).toContain(message);
    expect(stderr).toContain(`(${code})`);
    expect(exitCode).toBe(exit);
    const [json] = await home.json('meet', what);
    expect(json).toMatchObject({ error: { code, message: expect.stringContaining(message) } });
  });

  it('may read what was named to it', async () => {
    writeFileSync(join(home.folder, 'cert.pem'), 'a certificate');
    const { stdout } = await home.run('meet', 'read', '--file', 'cert.pem');
    expect(stdout).toBe('a certificate\n');
  });

  it('refuses what its manifest does not declare', async () => {
    const { code, stderr } = await home.run('meet', 'facts', '--port', 'x');
    expect(code).toBe(2);
    expect(stderr).toContain('"x" is not a number (--port)');
  });
});

describe('a command that is told to end', () => {
  beforeEach(() => plugin(CODE));

  const waiting = async (...args: readonly string[]): Promise<CliRun> => {
    const run = home.start('meet', 'wait', ...args);
    await run.printed('waiting ');
    return run;
  };

  it.each(['SIGINT', 'SIGTERM'] as const)('ends by itself at %s', async (signal) => {
    const run = await waiting('--file', 'x');
    run.child.kill(signal);
    expect(await run.ended).toMatchObject({ code: 7, stdout: expect.stringMatching(/told\n$/), stderr: '' });
  });

  it('is left with 130 by the second Ctrl-C, and not by a second SIGTERM', async () => {
    const run = await waiting();
    run.child.kill('SIGTERM');
    await run.printed('told');
    await later();
    run.child.kill('SIGTERM');
    await later();
    run.child.kill('SIGINT');
    await later();
    expect(run.child.exitCode).toBeNull();
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(130);
  });

  it('reads files again at SIGHUP, and ends at it where it reads none', async () => {
    const run = home.start('meet', 'again', '--file', 'x');
    await run.printed('waiting ');
    for (const times of [1, 2]) {
      run.child.kill('SIGHUP');
      await run.printed('reads again\n'.repeat(times));
    }
    run.child.kill('SIGTERM');
    expect((await run.ended).code).toBe(7);
    const deaf = await waiting('--file', 'x');
    deaf.child.kill('SIGHUP');
    expect((await deaf.ended).code).toBe(7);
  });

  it.skipIf(process.platform !== 'linux')('ends when its terminal is closed', async () => {
    const words = [process.execPath, home.entry, 'meet', 'again', '--file', 'x'];
    const script = spawn('script', ['-qec', words.join(' '), '/dev/null'], {
      ...{ env: home.env, cwd: home.folder, stdio: ['pipe', 'pipe', 'pipe'] },
    });
    const run = new CliRun(script);
    await run.printed('waiting ');
    const pid = Number(/waiting (\d+)/.exec(run.stdout)?.[1]);
    script.kill('SIGKILL');
    await until('it ends', () => !isAlive(pid));
    await run.ended;
    expect(run.stdout).not.toContain('reads again');
  });

  it('is told when its client is lost', async () => {
    const run = await waiting('--file', 'x');
    const pid = Number(/waiting (\d+)/.exec(run.stdout)?.[1]);
    expect(pid).not.toBe(run.child.pid);
    run.child.kill('SIGKILL');
    await until('it ends', () => !isAlive(pid));
    expect(run.stdout).toContain('told');
  });
});

it('stands beside commands that a host runs', async () => {
  const standalone = { command: 'meet', title: 'Meets', standalone: './meet', args: [{ name: 'what' }] };
  const folder = home.plugin(
    'both',
    { contributes: { commands: [standalone, { command: 'greet', title: 'Greets' }] } },
    `export default { activate(ctx) { ctx.commands.register('greet', async (_, io) => io.line('hello')); } };`,
    { exports: { '.': './index.js', './meet': { development: './src.js', default: './missing.js' } } },
  );
  writeFileSync(join(folder, 'src.js'), CODE);
  home.config({ plugins: { [folder]: true } });
  expect((await home.run('greet')).stdout).toBe('hello\n');
  expect((await home.run('meet', 'facts')).code).toBe(3);
});

it('has help from its manifest alone', async () => {
  plugin('this is no JavaScript');
  const { code, stdout } = await home.run('meet', '--help');
  expect(code).toBe(0);
  expect(stdout).toMatch(/Usage: kinoport meet .*<what>[\s\S]*Meets people[\s\S]*--port <number>/);
  expect((await home.run('--help')).stdout).toMatch(/meet <what> +Meets people/);
  expect((await home.run('meet', 'x')).stderr).toContain('(PLUGIN_LOAD_FAILED)');
});

it('needs a function to run', async () => {
  plugin('export default { run() {} };');
  expect((await home.run('meet', 'x')).stderr).toContain('has no function as its default export');
});

/** Two signals within 50 ms are one press, passed on by a program between. */
function later(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 60));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
