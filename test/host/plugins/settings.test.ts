/** Settings and secrets of a plugin through a running host, as a person changes them. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SerializedError } from '@kinoport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HostEndpoint, PluginView, SecretView } from '../../../host/src/api/protocol.ts';
import { type PluginSchemas, parseConfig } from '../../../host/src/config/parseConfig.ts';
import { until } from '../../support/lab/waiting.ts';
import { CliHome } from './support/cliHome.ts';

const SECRET = 'open-sesame-7';
let home: CliHome;

beforeEach(() => {
  home = new CliHome();
});
afterEach(() => home.dispose());

function plugin(name: string, properties: object, required: readonly string[] = []): void {
  home.plugin(
    name,
    {
      activationEvents: ['onStartup'],
      contributes: {
        commands: [{ command: `show ${name}`, title: 'Show the settings' }],
        configuration: { type: 'object', required, properties },
      },
    },
    `import { definePlugin } from '@kinoport/core';
     import { appendFileSync } from 'node:fs';
     import { join } from 'node:path';
     export default definePlugin({ activate(ctx) {
       const note = (what) => appendFileSync(join(ctx.folders.data, 'seen'), JSON.stringify({ what, generation: ctx.generation, ...ctx.config.value }) + '\\n');
       note('activated');
       ctx.config.onDidChange((value) => { console.log('now', value); note('changed'); });
       ctx.commands.register('show ${name}', (_input, io) => { io.line(JSON.stringify(ctx.config.value)); return 0; });
     } });`,
  );
}

interface Seen {
  readonly what: string;
  readonly generation: number;
  readonly [setting: string]: unknown;
}

function seen(name: string): readonly Seen[] {
  const path = join('data/plugins', name, 'seen');
  if (!existsSync(join(home.folder, path))) return [];
  return home
    .read(path)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Seen);
}

const list = async (): Promise<readonly PluginView[]> =>
  (await home.json<readonly PluginView[]>('plugin', 'list'))[0] ?? [];
const view = async (id: string): Promise<PluginView | undefined> =>
  (await list()).find((each) => each.id === id);

async function give(name: string, secret: string, value: string) {
  const run = home.start('config', 'secret', name, secret);
  run.child.stdin?.end(value);
  return run.ended;
}

describe('a secret setting', { timeout: 60_000 }, () => {
  const properties = {
    server: { type: 'string', default: 'localhost' },
    token: { type: 'string', secret: true, minLength: 6 },
  };

  it('is asked for by name, given through standard input, delivered, changed live and taken away', async () => {
    plugin('login', properties, ['token']);
    home.config({ plugins: { './login': true } });
    expect(await home.run('show', 'login')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /needs "token".*\n.*"kinoport config secret login token".*SECRET_MISSING/,
      ),
    });
    expect(await view('login')).toMatchObject({ state: 'failed', error: { code: 'SECRET_MISSING' } });

    const given = await give('login', 'token', `${SECRET}\n`);
    expect(given).toMatchObject({ code: 0, stdout: '"token" of login is set.\n' });
    await until('it has started by itself', async () => (await view('login'))?.state === 'active');
    expect(await view('login')).toMatchObject({ error: null });
    const shown = await home.run('show', 'login');
    expect(JSON.parse(shown.stdout)).toEqual({ server: 'localhost', token: SECRET });

    await give('login', 'token', `${SECRET}-2`);
    await until('it was told', () => seen('login').at(-1)?.token === `${SECRET}-2`);
    expect(seen('login').map(({ what, generation }) => [what, generation])).toEqual([
      ['activated', 1],
      ['changed', 1],
    ]);

    expect(await home.run('config', 'secret', 'login', 'token', '--remove')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('does not start without it'),
    });
    expect(await view('login')).toMatchObject({ state: 'active' });
    await home.run('stop');
    expect(await home.run('show', 'login')).toMatchObject({ code: 1 });
  });

  it('shows nowhere but in the file where secrets are', async () => {
    plugin('login', properties);
    home.config({ plugins: { './login': true } });
    const printed: string[] = [];
    const run = async (...args: string[]): Promise<void> => {
      const { stdout, stderr } = await home.run(...args);
      printed.push(stdout, stderr);
    };
    const { stdout, stderr } = await give('login', 'token', SECRET);
    printed.push(stdout, stderr);
    await until('it is active', async () => (await view('login'))?.state === 'active');
    await give('login', 'token', `${SECRET}-2`);
    await until('it has printed it', () => home.read('logs/plugin-login.log').includes('now'));
    await run('config', 'secret', '--list');
    await run('config', 'secret', 'login', '--list', '--json');
    await run('config', 'schema');
    await run('config', 'check', '--json');
    await run('plugin', 'list', '--json');
    await run('doctor', '--json');
    expect(printed.join('\n')).not.toContain(SECRET);
    for (const file of ['logs/host.log', 'logs/plugin-login.log', 'config.jsonc'])
      expect(home.read(file), file).not.toContain(SECRET);
    expect(home.read('logs/plugin-login.log')).toContain('[secret]');
    expect(home.read('data/secrets.json')).toContain(SECRET);
    expect((await home.json<readonly SecretView[]>('config', 'secret', '--list'))[0]).toContainEqual({
      plugin: 'login',
      name: 'token',
      setting: true,
      required: false,
      set: true,
      description: null,
    });
  });

  it.each([
    [['login', 'tokn'], SECRET, 'SECRET_UNKNOWN', 2, /"token"/],
    [['logn', 'token'], SECRET, 'PLUGIN_NOT_FOUND', 1, /"login"/],
    [['login', 'token'], 'short', 'INVALID_ARGUMENT', 2, /6 characters/],
    [['login', 'token'], '', 'INVALID_ARGUMENT', 2, /--remove/],
    [['login', 'token'], 'x'.repeat(16 * 1024 + 1), 'INVALID_ARGUMENT', 2, /16384/],
    [['login', 'token'], 'x'.repeat(70_000), 'INVALID_ARGUMENT', 2, /65536/],
    [['login', 'token', '--remove', '--list'], '', 'USAGE', 2, /Only one/],
    [['login'], SECRET, 'USAGE', 2, /needed/],
    [['login', 'token', '--move'], '', 'CONFIG_INVALID', 2, /not in the file/],
  ])('is refused: config secret %j', async (args, value, code, exit, text) => {
    plugin('login', properties);
    home.config({ plugins: { './login': true } });
    const run = home.start('config', 'secret', ...args);
    run.child.stdin?.on('error', () => undefined).end(value);
    const { code: exitCode, stderr } = await run.ended;
    expect(stderr).toContain(code);
    expect(stderr).toMatch(text);
    expect(exitCode).toBe(exit);
    if (value.length > 5) expect(stderr).not.toContain(value);
    expect(existsSync(join(home.folder, 'data/secrets.json'))).toBe(false);
  });

  it('moves out of the config file by the command that the mistake names', async () => {
    plugin('login', properties, ['token']);
    home.config({ plugins: { './login': { config: { server: 'a', token: SECRET } } } });
    const { code, stderr } = await home.run('show', 'login');
    expect(code).toBe(2);
    expect(stderr).toContain('CONFIG_SECRET_IN_FILE');
    expect(stderr).not.toContain(SECRET);
    const command = /"kinoport (config secret [^"]+)"/.exec(stderr)?.[1]?.split(' ') ?? [];
    expect(await home.run(...command)).toMatchObject({ code: 0 });
    expect(home.read('config.jsonc')).not.toContain(SECRET);
    expect(await home.run('config', 'check')).toMatchObject({ code: 0 });
    await until('the host has read it', async () => (await view('login'))?.state === 'active');
    expect(JSON.parse((await home.run('show', 'login')).stdout)).toEqual({ server: 'a', token: SECRET });
  });
});

describe('settings that are wrong', { timeout: 60_000 }, () => {
  const properties = { size: { type: 'integer', minimum: 1, maximum: 9 }, name: { type: 'string' } };

  it('keep that plugin from starting, and no other', async () => {
    plugin('one', properties);
    plugin('two', properties, ['name']);
    plugin('three', properties);
    home.config({ plugins: { './one': { config: { size: 'big' } }, './two': true, './three': true } });
    await until('the third runs', async () => (await view('three'))?.state === 'active');
    const problem = {
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/config\.jsonc:1:\d+: .*size.*integer/),
    };
    expect(await view('one')).toMatchObject({ state: 'failed', error: problem });
    expect(await view('two')).toMatchObject({
      state: 'failed',
      error: { code: 'CONFIG_INVALID', message: expect.stringContaining('"name"') },
    });
    home.config({ plugins: { './one': { config: { size: 5 } }, './two': true, './three': true } });
    await until('the first runs, too', async () => (await view('one'))?.state === 'active');
    expect(await view('one')).toMatchObject({ error: null, generation: 1 });
  });

  it('are never in force while somebody types', async () => {
    plugin('one', properties);
    plugin('two', properties);
    const text = (size: string, more = ''): string =>
      `{\n  // mine\n  "plugins": {\n    "./two": { "config": { "name": "calm" } },\n    "./one": { "config": { "size": ${size}${more} } }\n  }\n}\n`;
    const file = join(home.folder, 'config.jsonc');
    writeFileSync(file, text('3'));
    await until(
      'both run',
      async () => (await list()).filter(({ state }) => state === 'active').length === 2,
    );
    const host = JSON.parse(home.read('data/host.json')) as HostEndpoint;
    const schemas: PluginSchemas = { schemaOf: () => ({ type: 'object', properties }) };
    const problems = async (): Promise<readonly SerializedError[]> => {
      const response = await fetch(`http://127.0.0.1:${host.port}/v1/host.status`, {
        method: 'POST',
        headers: { authorization: `Bearer ${host.token}`, 'content-type': 'application/json' },
        body: '{}',
      });
      return ((await response.json()) as { configProblems: readonly SerializedError[] }).configProblems;
    };

    const states: string[] = [];
    // Back over the number, a wrong one, then the right one and a second setting with a mistake in its name.
    for (const size of ['', '1', '12', '12.', '12.5', '12.', '12', '1', '', '"', '""', '', '4'])
      states.push(text(size));
    const typed = ',\n      "nam": "ada"';
    for (let n = 1; n <= typed.length; n += 1) states.push(text('4', typed.slice(0, n)));
    for (const state of states) {
      writeFileSync(file, state);
      const [expected] = parseConfig(state, file, { plugins: schemas }).problems;
      await until(
        `the host has read ${state}`,
        async () => (await problems())[0]?.message === expected?.message,
      );
    }
    const mistaken = await home.run('config', 'check', '--json');
    expect(JSON.parse(mistaken.stdout).problems).toMatchObject([{ code: 'CONFIG_INVALID' }]);
    writeFileSync(file, text('4', ',\n      "name": "ada"'));
    await until('the last one counts', () => seen('one').at(-1)?.name === 'ada');

    const values = seen('one');
    expect(values.every(({ size }) => size === 3 || size === 1 || size === 4)).toBe(true);
    expect(values.at(-1)).toMatchObject({ size: 4, name: 'ada', generation: 1 });
    expect(values.filter(({ what }) => what === 'activated')).toHaveLength(1);
    expect(seen('two')).toEqual([{ what: 'activated', generation: 1, name: 'calm' }]);
    expect(JSON.parse(readFileSync(join(home.folder, 'data/host.json'), 'utf8'))).toMatchObject(host);
    expect(home.read('logs/host.log')).not.toContain('a fault of the program');
  });

  it('are told when they name a player or a source that nobody has, and the rest works', async () => {
    plugin('one', properties);
    home.config({ player: 'mvp', routing: { http: 'file' }, plugins: { './one': { config: { size: 5 } } } });
    const check = await home.run('config', 'check', '--json');
    expect(JSON.parse(check.stdout)).toMatchObject({
      problems: [
        { code: 'PLAYER_UNKNOWN', hint: 'Did you mean "mpv"?' },
        { code: 'SOURCE_UNKNOWN', hint: 'Did you mean "files"?' },
      ],
    });
    expect(check.code).toBe(2);
    expect(JSON.parse((await home.run('show', 'one')).stdout)).toEqual({ size: 5 });
    expect(await home.run('play', 'demo')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('PLAYER_UNKNOWN'),
    });
  });
});
