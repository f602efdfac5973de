import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { needs } from '../support/system.ts';
import { expectError, test, type World } from './harness.ts';

/** A plugin with a source for addresses that begin with `bad:`; its code is given. */
function plugin(world: World, code: string, manifest: Readonly<Record<string, unknown>> = {}): void {
  const folder = join(world.home, 'bad');
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({
      name: 'kinoport-plugin-bad',
      version: '1.0.0',
      type: 'module',
      main: 'index.js',
      engines: { kinoport: '^0.1.0' },
      kinoport: { contributes: { sources: [{ id: 'bad', schemes: ['bad'] }] } },
      ...manifest,
    }),
  );
  writeFileSync(join(folder, 'index.js'), code);
  world.configure({ plugins: { './bad': true } });
}

const ASK = ['files', 'bad://film'] as const;

/** What else is there works, with the same host. */
async function restWorks(world: World): Promise<void> {
  const host = world.host?.pid;
  expect(host).toBeTypeOf('number');
  const items = await world.json<{ title: string }[]>('files', 'demo');
  expect(items).toHaveLength(1);
  expect(world.host?.pid).toBe(host);
}

describe.skipIf(needs('mpv'))('a plugin that is broken', { concurrent: true, timeout: 90_000 }, () => {
  test('throws in activate', async ({ world }) => {
    plugin(world, 'export default { activate() { throw new Error("the reactor is cold"); } };');
    await expectError(world, ASK, {
      code: 'PLUGIN_ACTIVATE_FAILED',
      exit: 1,
      message: /bad.*the reactor is cold/,
      hint: /log|plugin-bad/,
    });
    await restWorks(world);
    expect(await world.plugins()).toContainEqual(expect.objectContaining({ id: 'bad', state: 'failed' }));
  });

  test('never finishes activate', async ({ world }) => {
    plugin(world, 'setInterval(() => {}, 1000); export default { activate: () => new Promise(() => {}) };');
    await expectError(world, ASK, {
      code: 'PLUGIN_ACTIVATE_TIMEOUT',
      exit: 1,
      message: /bad.*10 s/,
      hint: /./,
    });
    await restWorks(world);
  });

  test('cannot be loaded', async ({ world }) => {
    plugin(world, 'import "a-package-that-is-not-there"; export default { activate() {} };');
    await expectError(world, ASK, {
      code: 'PLUGIN_LOAD_FAILED',
      exit: 1,
      message: /a-package-that-is-not-there/,
      hint: /index\.js/,
    });
    await restWorks(world);
  });

  test('registers nothing of what it declares', async ({ world }) => {
    plugin(world, 'export default { activate() {} };');
    await expectError(world, ASK, {
      code: 'PLUGIN_NOT_REGISTERED',
      exit: 1,
      message: /bad/,
      hint: /activate/,
    });
    await restWorks(world);
  });

  test('ends its process', async ({ world }) => {
    plugin(world, 'export default { activate() { process.exit(3); } };');
    await expectError(world, ASK, { code: 'PLUGIN_CRASHED', exit: 1, message: /bad.*3/, hint: /./ });
    await restWorks(world);
  });

  test('writes garbage into its pipe', async ({ world }) => {
    plugin(
      world,
      `import { writeSync } from 'node:fs';
       export default { activate() { writeSync(3, 'this is no message\\n'); return new Promise(() => {}); } };`,
    );
    await expectError(world, ASK, { code: 'PLUGIN_CRASHED', exit: 1, message: /bad/, hint: /./ });
    await restWorks(world);
  });

  test('writes 200 MB into its pipe, without a line', async ({ world }) => {
    plugin(
      world,
      `import { writeSync } from 'node:fs';
       export default { async activate() {
         const chunk = Buffer.alloc(64 * 1024, 120);
         for (let written = 0; written < 200 * 1024 * 1024;) {
           try { written += writeSync(3, chunk); }
           catch (error) { if (error.code !== 'EAGAIN') throw error; await new Promise((r) => setTimeout(r, 1)); }
         }
         return new Promise(() => {});
       } };`,
    );
    await expectError(world, ASK, { code: 'PLUGIN_CRASHED', exit: 1, message: /bad/, hint: /./ });
    await restWorks(world);
    if (process.platform === 'linux') {
      const status = readFileSync(`/proc/${world.host?.pid}/status`, 'utf8');
      expect(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024, 'MB that the host took').toBeLessThan(200);
    }
  });

  test('was written into the config while the host runs', async ({ world }) => {
    await world.json('files', 'demo');
    plugin(world, '', { kinoport: { contributes: { commands: [{ command: 'hi', title: 'Say hi' }] } } });
    await expectError(world, ['hi'], { code: 'PLUGIN_LOAD_FAILED', exit: 1, message: /bad/, hint: /./ });
    await restWorks(world);
  });

  test('is not there any more, and has settings', async ({ world }) => {
    world.configure({ plugins: { './gone': { config: { key: 1 } } } });
    await world.json('files', 'demo');
    await restWorks(world);
  });

  test('answers what is not of the contract', async ({ world }) => {
    plugin(
      world,
      'export default { activate(ctx) { ctx.sources.register("bad", { resolve: async () => 42, open: async () => 42, release: async () => {} }); } };',
    );
    await expectError(world, ASK, { code: 'PLUGIN_PROTOCOL', exit: 1, message: /bad/, hint: /./ });
    await restWorks(world);
  });

  test('throws what is no error of ours', async ({ world }) => {
    plugin(
      world,
      'export default { activate(ctx) { ctx.sources.register("bad", { resolve: async () => { throw new TypeError("x is not a function"); } }); } };',
    );
    await expectError(world, ASK, { code: 'INTERNAL', exit: 1, message: /x is not a function/, hint: /./ });
    await restWorks(world);
  });

  const MANIFESTS: readonly (readonly [string, Readonly<Record<string, unknown>>, string, RegExp])[] = [
    [
      'lacks the range of versions in its manifest',
      { engines: {} },
      'PLUGIN_MANIFEST_INVALID',
      /package\.json.*engines/,
    ],
    ['asks for another version', { engines: { kinoport: '^7.0.0' } }, 'PLUGIN_ENGINE_MISMATCH', /\^7\.0\.0/],
    [
      'has a manifest of the wrong shape',
      { kinoport: { contributes: { sources: [{ id: 'Bad Id' }] } } },
      'PLUGIN_MANIFEST_INVALID',
      /sources/,
    ],
    ['has no code', { main: 'nowhere.js' }, 'PLUGIN_MANIFEST_INVALID|PLUGIN_LOAD_FAILED', /nowhere\.js/],
  ];
  for (const [title, manifest, code, message] of MANIFESTS) {
    test(title, async ({ world }) => {
      plugin(world, 'export default { activate() {} };', manifest);
      const list = await world.run(['plugin', 'list']);
      expect(list.stderr).toMatch(new RegExp(code));
      expect(list.stderr).toMatch(message);
      await restWorks(world);
    });
  }

  test('has a manifest that is no JSON, or none', async ({ world }) => {
    plugin(world, '');
    writeFileSync(join(world.home, 'bad', 'package.json'), '{ "name": ');
    const broken = await world.run(['plugin', 'list']);
    expect(broken.stderr).toMatch(/package\.json.*\n?.*PLUGIN_MANIFEST_INVALID/);
    await world.run(['stop']);
    world.configure({ plugins: { './nowhere': true } });
    const missing = await world.run(['plugin', 'list']);
    expect(missing.stderr).toMatch(/nowhere.*\n?.*PLUGIN_(MANIFEST_INVALID|NOT_FOUND)/);
    await restWorks(world);
  });
});
