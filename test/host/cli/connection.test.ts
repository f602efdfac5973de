import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Installation, TestHome } from './stub/harness.ts';

let installation: Installation;
let home: TestHome;

beforeAll(async () => {
  installation = await Installation.make();
});
afterAll(() => installation.dispose());
afterEach(() => home.dispose());

const alien = {
  uri: '/films/Alien.1979.mkv',
  itemKey: 'size:1',
  title: 'Alien',
  position: 723,
  duration: 6130,
  percent: 11.8,
  watched: false,
  updatedAt: '2026-01-02T03:04:05.000Z',
};

test('two commands that start a host at once end up with the same one', async () => {
  home = await TestHome.make(installation);
  const results = await Promise.all([home.run('progress', '--json'), home.run('progress', '--json')]);
  for (const { code, stdout } of results) expect([code, stdout]).toEqual([0, '[]\n']);
  expect(new Set((await home.calls()).map((call) => call.pid)).size).toBe(1);
});

test('a host that fails to start hands on its own error', async () => {
  const fatal = { code: 'DATABASE_NEWER', message: 'The database is newer.', hint: 'Update.' };
  home = await TestHome.make(installation, { fatal });
  const { code, stderr } = await home.run('progress');
  expect([code, stderr]).toEqual([1, 'kinoport: The database is newer.\nUpdate. (DATABASE_NEWER)\n']);
  const json = await home.run('progress', '--json');
  expect(JSON.parse(json.stdout)).toEqual({ error: fatal });
});

test('a host that dies without a word is HOST_START_FAILED with its last line', async () => {
  home = await TestHome.make(installation, { crash: true });
  const { code, stderr } = await home.run('progress');
  expect(code).toBe(1);
  expect(stderr).toContain('ended with code 3 while starting');
  expect(stderr).toContain('Segmentation fault, or so');
  expect(stderr).toContain('(HOST_START_FAILED)');
});

test('an idle host of another version is replaced, one that plays is not', async () => {
  home = await TestHome.make(installation, { version: '0.0.9' });
  // `serve` would be refused; the old host is started by hand.
  const { spawn } = await import('node:child_process');
  const { join } = await import('node:path');
  const old = spawn(process.execPath, [join(installation.folder, 'dist/host.js')], {
    env: { ...process.env, KINOPORT_HOME: home.folder },
    stdio: 'ignore',
  });
  const { watchFile, unwatchFile, existsSync } = await import('node:fs');
  const endpoint = join(home.folder, 'data/host.json');
  await new Promise<void>((resolve) => {
    const check = (): void => {
      if (!existsSync(endpoint)) return;
      unwatchFile(endpoint);
      resolve();
    };
    watchFile(endpoint, { interval: 10 }, check);
    check();
  });
  await home.configure({});
  expect((await home.run('play', 'long.mkv', '--detach')).code).toBe(0);
  const pids = new Set((await home.calls()).filter((c) => c.method === 'playback.open').map((c) => c.pid));
  expect(pids.has(old.pid ?? 0)).toBe(false);
});

test('continue prints the list where nobody can answer, and plays by number and words', async () => {
  home = await TestHome.make(installation, {
    progress: [{ ...alien, title: 'Heat', uri: '/f/short-heat.mkv' }, alien],
  });
  const list = await home.run('continue');
  expect(list.code).toBe(0);
  expect(list.stdout).toMatch(/1 {2}Heat +11 % {2}12:03 of 1:42:10/);
  expect(JSON.parse((await home.run('continue', '--json')).stdout)[1]).toEqual(alien);
  expect((await home.run('continue', 'heat')).code).toBe(0);
  const open = (await home.calls()).find((call) => call.method === 'playback.open');
  expect(open?.params.uris).toEqual(['/f/short-heat.mkv']);
  const none = await home.run('continue', 'solaris');
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('(PROGRESS_NONE)')]);
});

test('the command alone shows what to continue and five commands', async () => {
  home = await TestHome.make(installation, { progress: [alien] });
  const { code, stdout } = await home.run();
  expect(code).toBe(0);
  expect(stdout).toContain('1  Alien');
  expect(stdout.match(/^ {2}kinoport /gm)).toHaveLength(5);
});

test('what is not understood is USAGE with the nearest, exit code 2', async () => {
  home = await TestHome.make(installation);
  const command = await home.run('plya', 'x');
  expect([command.code, command.stderr]).toEqual([
    2,
    expect.stringMatching(/Unknown command "plya"[\s\S]*play[\s\S]*USAGE/),
  ]);
  const option = await home.run('play', 'a.mkv', '--pausd');
  expect([option.code, option.stderr]).toEqual([
    2,
    expect.stringMatching(/--pausd[\s\S]*Did you mean --paused/),
  ]);
  const start = await home.run('play', 'a.mkv', '--start', 'noon');
  expect([start.code, start.stderr]).toEqual([2, expect.stringContaining('"noon" is not a time')]);
  expect((await home.run('play')).code).toBe(2);
  expect((await home.run('progress', 'mark')).code).toBe(2);
  expect((await home.run('config')).code).toBe(2);
  expect(await home.pids()).toEqual([]);
});

test('next without a host says that nothing plays; stop is content', async () => {
  home = await TestHome.make(installation);
  expect((await home.run('next')).stderr).toContain('(NOTHING_PLAYING)');
  expect(await home.run('stop')).toMatchObject({ code: 0, stdout: 'No host is running.\n' });
  await home.run('progress');
  expect(await home.run('stop')).toMatchObject({ code: 0, stdout: 'The host has ended.\n' });
});

test('help, version and config path need no host', async () => {
  home = await TestHome.make(installation);
  expect((await home.run('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect((await home.run('--help')).stdout).toContain('Examples:');
  expect((await home.run('help', 'play')).stdout).toContain('-- PLAYER ARGS');
  expect((await home.run('config', 'path')).stdout).toBe(`${home.folder}/config.jsonc\n`);
  expect(await home.pids()).toEqual([]);
});
