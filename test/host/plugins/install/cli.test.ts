import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Registry } from '../../../support/install/registry.ts';
import { manifest } from '../../../support/install/tarballs.ts';
import { CliHome } from '../support/cliHome.ts';

let home: CliHome;
let registry: Registry;

beforeEach(async () => {
  home = new CliHome();
  registry = await Registry.start();
  home.env.npm_config_userconfig = join(home.folder, 'npmrc');
  home.env.npm_config_registry = registry.url;
});

afterEach(async () => {
  await home.dispose();
  await registry.dispose();
});

/** Packs a plugin by npm and publishes it. */
function publish(version: string, code: string, kinoport: object = {}): string {
  const folder = join(home.folder, `source-${version}`);
  mkdirSync(folder);
  const content = manifest('say', {
    version,
    description: 'Says something',
    kinoport: { contributes: { commands: [{ command: 'say', title: 'Say' }] }, ...kinoport },
  });
  writeFileSync(join(folder, 'package.json'), JSON.stringify(content));
  writeFileSync(join(folder, 'index.js'), code);
  execFileSync('npm', ['pack', folder, '--ignore-scripts', '--pack-destination', home.folder], {
    stdio: 'pipe',
  });
  const file = join(home.folder, `kinoport-plugin-say-${version}.tgz`);
  registry.publish({ manifest: content, tarball: readFileSync(file) });
  return file;
}

const says = (text: string): string => `import { definePlugin } from '@kinoport/core';
export default definePlugin({ activate(ctx) {
  ctx.commands.register('say', async (_input, io) => { io.line('${text} ' + process.pid); });
} });`;

describe('kinoport plugin', () => {
  it('installs, updates and removes while the host and the other plugins run on', async () => {
    const file = publish('1.0.0', says('one'));
    expect(await home.run('plugin', 'install', file)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('NOT_INTERACTIVE'),
    });
    const installed = await home.run('plugin', 'install', 'kinoport-plugin-say', '--yes');
    expect(installed).toMatchObject({ code: 0, stdout: expect.stringContaining('Installed say 1.0.0.') });
    const host = home.read('data/host.json');
    const first = await home.run('say');
    expect(first.stdout).toMatch(/^one \d+\n$/);

    // Search shows it; the config may name it now.
    const [hits] = await home.json<{ name: string; installed: string }[]>('plugin', 'search', 'something');
    expect(hits).toMatchObject([{ name: 'kinoport-plugin-say', installed: 'say' }]);
    home.config({ plugins: { say: { config: {} } } });
    expect((await home.run('config', 'check')).code).toBe(0);

    // A new version that asks for nothing needs no answer, and its process takes over.
    publish('1.1.0', says('two'));
    expect(await home.run('plugin', 'update')).toMatchObject({ code: 0, stdout: 'Updated say to 1.1.0.\n' });
    const second = await home.run('say');
    expect(second.stdout).toMatch(/^two \d+\n$/);
    expect(second.stdout.split(' ')[1]).not.toBe(first.stdout.split(' ')[1]);

    // One that does not start, and one that asks for more: the old one goes on.
    publish('1.2.0', 'throw new Error("never");');
    expect(await home.run('plugin', 'update', 'say')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /Version 1\.2\.0 was not installed, 1\.1\.0 goes on[\s\S]*PLUGIN_LOAD_FAILED/,
      ),
    });
    publish('1.3.0', says('three'), { permissions: { net: ['*'] } });
    expect(await home.run('plugin', 'update', 'say')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('NOT_INTERACTIVE'),
    });
    expect((await home.run('say')).stdout).toBe(second.stdout);
    expect(readdirSync(join(home.folder, 'data/installed/say'))).toEqual([
      expect.stringMatching(/^1\.1\.0-[0-9a-f]{8}$/),
    ]);

    const compiled = () =>
      readdirSync(join(home.folder, 'cache/compile')).filter((name) => name.startsWith('say-'));
    expect(compiled()).not.toEqual([]);

    expect((await home.run('plugin', 'remove', 'say')).code).toBe(2);
    const [removed] = await home.json<object>('plugin', 'remove', 'say', '--data');
    expect(removed).toEqual({ id: 'say', version: '1.1.0', keptData: null });
    expect((await home.run('say')).code).toBe(2);
    expect(JSON.parse(home.read('plugins.lock.json'))).toEqual({ version: 1, plugins: {} });
    expect(home.read('config.jsonc')).not.toContain('say');
    for (const path of ['data/installed/say', 'data/plugins/say', 'cache/plugins/say', 'logs/plugin-say.log'])
      expect([path, existsSync(join(home.folder, path))]).toEqual([path, false]);
    expect(compiled()).toEqual([]);
    // All by one host.
    expect(home.read('data/host.json')).toBe(host);
  }, 120_000);
});
