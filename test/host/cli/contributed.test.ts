import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Installation, TestHome } from './stub/harness.ts';

let installation: Installation;
let home: TestHome;

beforeAll(async () => {
  installation = await Installation.make();
});
afterAll(() => installation.dispose());
afterEach(() => home.dispose());

async function withPlugin(setting: boolean | object = true): Promise<TestHome> {
  const made = await TestHome.make(installation);
  const folder = join(made.folder, 'my-plugin');
  await mkdir(folder);
  await writeFile(join(folder, 'index.js'), '');
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({
      name: 'kinoport-plugin-shelf',
      version: '1.0.0',
      main: 'index.js',
      engines: { kinoport: '^0.1.0' },
      kinoport: {
        permissions: { environment: ['SHELF', 'SHELF_ROOM'] },
        contributes: {
          commands: [
            {
              command: 'shelf add',
              title: 'Put something on the shelf',
              args: [
                { name: 'file', type: 'path', required: true },
                { name: 'tags', variadic: true },
              ],
              options: [
                { name: 'max-size', type: 'number' },
                { name: 'dry', type: 'boolean' },
                { name: 'secret-file', type: 'text-file' },
                { name: 'shelf', type: 'uri', env: 'SHELF', default: 'usual' },
                { name: 'room', env: 'SHELF_ROOM' },
              ],
            },
          ],
        },
      },
    }),
  );
  const config = { plugins: { './my-plugin': setting } };
  await writeFile(join(made.folder, 'config.jsonc'), JSON.stringify(config));
  return made;
}

test("a plugin's command runs with typed arguments and its own exit code", async () => {
  home = await withPlugin();
  const { code, stdout } = await home.run('shelf', 'add', 'a.mkv', 'x', 'y', '--max-size', '5', '--dry');
  expect(JSON.parse(stdout)).toEqual({
    command: 'shelf add',
    args: { file: `${home.folder}/a.mkv`, tags: ['x', 'y'] },
    options: { 'max-size': 5, dry: true, shelf: `${home.folder}/usual` },
    client: { isTTY: false, columns: 80, color: false, wantsJson: false, display: expect.any(Object) },
  });
  expect(code).toBe(7);
});

test('an option stands for a variable of the caller, and for what is in a file', async () => {
  home = await withPlugin();
  await writeFile(join(home.folder, 'secret'), 'open sesame\r\n');
  const environment = { SHELF: 'mine', SHELF_ROOM: '' };
  const told = async (...args: readonly string[]): Promise<unknown> =>
    JSON.parse((await home.startWith(environment, ...args).finished).stdout).options;
  expect(await told('shelf', 'add', 'a', '--secret-file', 'secret')).toEqual({
    shelf: `${home.folder}/mine`,
    'secret-file': 'open sesame',
  });
  expect(await told('shelf', 'add', 'a', '--shelf', 'https://example.org')).toEqual({
    shelf: 'https://example.org',
  });
  const help = await home.run('shelf', 'add', '--help');
  expect(help.stdout).toMatch(/--secret-file <file>[\s\S]*\(SHELF\)/);
  for (const file of ['none', '.', '/dev/zero']) {
    const refused = await home.run('shelf', 'add', 'a', '--secret-file', file);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('(INVALID_ARGUMENT)')]);
  }
});

test('it is told no variable that the user has not granted', async () => {
  home = await withPlugin({ permissions: { environment: ['SHELF_ROOM'] } });
  const environment = { SHELF: 'mine', SHELF_ROOM: 'yes' };
  const { stdout } = await home.startWith(environment, 'shelf', 'add', 'a').finished;
  expect(JSON.parse(stdout).options).toEqual({ shelf: `${home.folder}/usual`, room: 'yes' });
});

test('its help and its mistakes need no host', async () => {
  home = await withPlugin();
  const help = await home.run('shelf', 'add', '--help');
  expect([help.code, help.stdout]).toEqual([0, expect.stringContaining('Put something on the shelf')]);
  expect((await home.run('shelf', 'add')).code).toBe(2);
  expect((await home.run('shelf', 'add', 'a', '--max-size', 'big')).code).toBe(2);
  expect(await home.pids()).toEqual([]);
});
