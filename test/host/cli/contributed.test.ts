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

async function withPlugin(): Promise<TestHome> {
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
              ],
            },
          ],
        },
      },
    }),
  );
  await writeFile(join(made.folder, 'config.jsonc'), '{ "plugins": { "./my-plugin": true } }');
  return made;
}

test("a plugin's command runs with typed arguments and its own exit code", async () => {
  home = await withPlugin();
  const { code, stdout } = await home.run('shelf', 'add', 'a.mkv', 'x', 'y', '--max-size', '5', '--dry');
  expect(JSON.parse(stdout)).toEqual({
    command: 'shelf add',
    args: { file: `${home.folder}/a.mkv`, tags: ['x', 'y'] },
    options: { 'max-size': 5, dry: true },
    client: { isTTY: false, columns: 80, color: false, wantsJson: false, display: expect.any(Object) },
  });
  expect(code).toBe(7);
});

test('its help and its mistakes need no host', async () => {
  home = await withPlugin();
  const help = await home.run('shelf', 'add', '--help');
  expect([help.code, help.stdout]).toEqual([0, expect.stringContaining('Put something on the shelf')]);
  expect((await home.run('shelf', 'add')).code).toBe(2);
  expect((await home.run('shelf', 'add', 'a', '--max-size', 'big')).code).toBe(2);
  expect(await home.pids()).toEqual([]);
});
