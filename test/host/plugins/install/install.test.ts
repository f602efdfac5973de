import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { GitServer } from '../../../support/install/gitServer.ts';
import { manifest, packageEntries, tarball, writeTarball } from '../../../support/install/tarballs.ts';
import { InstallBench } from './support.ts';

// Every installation starts processes that load npm's libraries.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

let bench: InstallBench;

// One for all: what a test leaves behind is seen by the next.
beforeAll(async () => {
  bench = await InstallBench.start();
});

afterAll(() => bench.dispose());

const coded = (code: string, text = '') => ({ code, message: expect.stringContaining(text) });

describe('a plugin is installed', () => {
  it('from the registry, with its dependencies, and every hash is written down', async () => {
    bench.publish('lib', { name: 'lib', version: '1.2.3' });
    bench.publish('hi', {
      dependencies: { lib: '^1.0.0', '@kinoport/core': '^0.1.0' },
      devDependencies: { nowhere: '1' },
    });
    const prepared = await bench.prepare('kinoport-plugin-hi');
    expect(prepared).toMatchObject({
      id: 'hi',
      version: '1.0.0',
      dependencies: [{ name: 'lib', version: '1.2.3' }],
      builds: [],
      warnings: [],
      installed: null,
    });
    expect(await bench.answer(prepared.token)).toBe('hi');
    expect(bench.locked.hi).toMatchObject({
      spec: 'kinoport-plugin-hi',
      version: '1.0.0',
      integrity: prepared.integrity,
    });
    expect(existsSync(bench.root('hi', 'package', 'index.js'))).toBe(true);
    const lock = JSON.parse(readFileSync(bench.root('hi', 'package-lock.json'), 'utf8'));
    expect(lock.packages['node_modules/lib']).toMatchObject({
      version: '1.2.3',
      integrity: expect.stringMatching(/^sha512-/),
    });
    expect(existsSync(bench.root('hi', 'node_modules', 'lib', 'index.js'))).toBe(true);
    expect(existsSync(bench.root('hi', 'node_modules', '@kinoport'))).toBe(false);
    expect(bench.traces).toEqual(['hi']);
    expect(bench.refreshed).toBe(1);
  });

  it('by the npmrc of the user, tokens included', async () => {
    bench.publish('token');
    const { host } = new URL(bench.registry.url);
    writeFileSync(bench.npmrc, `registry=${bench.registry.url}\n//${host}/:_authToken=s3cret\n`);
    const { token } = await bench.prepare('kinoport-plugin-token@1.0.0');
    bench.installer.cancel(token);
    expect(bench.registry.requests.map(({ authorization }) => authorization)).toContain('Bearer s3cret');
  });

  it('from a folder, as npm would pack it, and from a tarball by path and address', async () => {
    const folder = bench.write('mine', {
      'package.json': JSON.stringify(manifest('mine', { files: ['index.js'] })),
      'index.js': '',
      'secret.txt': '',
    });
    expect(await bench.install(folder)).toBe('mine');
    expect(existsSync(bench.root('mine', 'package', 'index.js'))).toBe(true);
    expect(existsSync(bench.root('mine', 'package', 'secret.txt'))).toBe(false);

    const file = writeTarball(
      join(bench.folder, 'two.tgz'),
      packageEntries('two', { name: 'something-else' }),
    );
    const prepared = await bench.prepare(file);
    expect(prepared.warnings).toEqual([expect.stringContaining('something-else')]);
    expect(await bench.answer(prepared.token)).toBe('something-else');

    bench.publish('three');
    expect(await bench.install(bench.registry.tarballUrl('kinoport-plugin-three', '1.0.0'))).toBe('three');
    expect(Object.keys(bench.locked)).toEqual(['hi', 'mine', 'something-else', 'three']);
  });

  it('from git repositories, by file and by server, at a tag', async () => {
    const git = new GitServer();
    try {
      const files = {
        'package.json': JSON.stringify(manifest('repo', { scripts: { prepare: 'touch prepared' } })),
        'index.js': '',
      };
      const commit = git.commit('repo', files, 'v1');
      git.commit('repo', { 'package.json': JSON.stringify(manifest('repo', { version: '2.0.0' })) });
      const newest = await bench.prepare(git.fileUrl('repo'));
      expect(newest.version).toBe('2.0.0');
      bench.installer.cancel(newest.token);
      const prepared = await bench.prepare(`${await git.url('repo')}#v1`);
      expect(prepared).toMatchObject({ version: '1.0.0', resolved: expect.stringContaining(commit) });
      await bench.answer(prepared.token);
      expect(existsSync(bench.root('repo', 'package', 'prepared'))).toBe(false);
    } finally {
      await git.dispose();
    }
  });

  it('with what was granted, and no more', async () => {
    bench.publish('net', {
      kinoport: { permissions: { net: ['example.org', '*.example.com'], native: true } },
    });
    const prepared = await bench.prepare('kinoport-plugin-net');
    expect(prepared.fullTrust).toBe(true);
    expect(prepared.permissionWords.map(({ key }) => key)).toEqual([
      'native',
      'net: example.org',
      'net: *.example.com',
    ]);
    await bench.answer(prepared.token, { grant: { net: ['example.org'] } });
    expect(bench.locked.net?.permissions).toEqual({ net: ['example.org'] });
    const again = await bench.prepare({ update: 'net' });
    bench.installer.cancel(again.token);
    expect(again.newPermissionWords.map(({ key }) => key)).toEqual(['native', 'net: *.example.com']);
  });
});

describe('what cannot be installed leaves nothing', () => {
  const refused = async (
    request: Parameters<InstallBench['install']>[0],
    code: string,
    text = '',
  ): Promise<void> => {
    const { traces } = bench;
    const before = bench.locked;
    const { refreshed } = bench;
    await expect(bench.install(request)).rejects.toMatchObject(coded(code, text));
    expect(bench.traces).toEqual(traces);
    expect(bench.locked).toEqual(before);
    expect(bench.refreshed).toBe(refreshed);
  };
  const file = (entries: Parameters<typeof tarball>[0]): string =>
    writeTarball(join(bench.folder, 'bad.tgz'), entries);

  it('of another hash than the registry says', async () => {
    const integrity = `sha512-${createHash('sha512').update('another').digest('base64')}`;
    bench.publish('bad', {}, { integrity });
    await refused('kinoport-plugin-bad', 'PLUGIN_INTEGRITY');
  });

  it('of another hash than asked for', async () => {
    const integrity = `sha512-${createHash('sha512').update('another').digest('base64')}`;
    await refused({ spec: file(packageEntries('bad')), integrity }, 'PLUGIN_INTEGRITY');
  });

  it('a dependency of another hash', async () => {
    const integrity = `sha512-${createHash('sha512').update('another').digest('base64')}`;
    bench.publish('lib2', { name: 'lib2' }, { integrity });
    bench.publish('bad', { dependencies: { lib2: '1' } });
    await refused('kinoport-plugin-bad', 'PLUGIN_INTEGRITY');
  });

  it('with a link in it', async () => {
    const link = { path: 'package/a', type: 'SymbolicLink', linkpath: '/etc/passwd' } as const;
    await refused(file([...packageEntries('bad'), link]), 'PLUGIN_ARCHIVE_UNSAFE');
  });

  it('a link in a folder, which npm does not pack', async () => {
    const folder = bench.write('linked', {
      'package.json': JSON.stringify(manifest('linked')),
      'index.js': '',
    });
    mkdirSync(join(folder, 'lib'));
    symlinkSync('/etc/hostname', join(folder, 'lib', 'a.js'));
    expect(await bench.install(folder)).toBe('linked');
    expect(existsSync(bench.root('linked', 'package', 'lib'))).toBe(false);
  });

  it('a broken manifest, which is called by what was asked for', async () => {
    const bad = file(packageEntries('bad', { kinoport: { permission: {} } }));
    await refused(bad, 'PLUGIN_MANIFEST_INVALID', `${bad}: package.json at /kinoport`);
  });

  it('another version of the API', async () => {
    await refused(
      file(packageEntries('bad', { engines: { kinoport: '^99.0.0' } })),
      'PLUGIN_ENGINE_MISMATCH',
    );
  });

  it('an entry in TypeScript', async () => {
    const entries = packageEntries('bad', { main: 'index.ts' }, { 'index.ts': '' });
    await refused(file(entries), 'PLUGIN_MANIFEST_INVALID', 'TypeScript');
  });

  it('the id of a built-in plugin, and that of another installed one', async () => {
    await refused(file(packageEntries('x', { kinoport: { id: 'mpv' } })), 'PLUGIN_ID_CLASH');
    await bench.install(file(packageEntries('old')));
    await expect(
      bench.install(file(packageEntries('other', { kinoport: { id: 'old' } }))),
    ).rejects.toMatchObject(coded('PLUGIN_ID_CLASH'));
  });

  it('a player that another plugin has', async () => {
    const kinoport = { contributes: { players: [{ id: 'mpv' }] } };
    await refused(file(packageEntries('x', { kinoport })), 'PLUGIN_CONTRIBUTION_CLASH');
  });

  it('what is not in the registry, not there, or nothing at all', async () => {
    await refused('kinoport-plugin-none', 'PLUGIN_PACKAGE_NOT_FOUND');
    await expect(bench.install(join(bench.folder, 'none.tgz'))).rejects.toMatchObject(
      coded('PLUGIN_PACKAGE_NOT_FOUND'),
    );
    await expect(bench.install('kinoport-plugin-old@npm:x')).rejects.toMatchObject(
      coded('PLUGIN_SPEC_INVALID'),
    );
    await expect(bench.install('ftp://127.0.0.1/x.tgz')).rejects.toMatchObject(coded('PLUGIN_SPEC_INVALID'));
  });

  it('a dependency that is not there, and one on a folder of its author', async () => {
    bench.publish('bad', { dependencies: { none: '1' } });
    await refused('kinoport-plugin-bad', 'PLUGIN_PACKAGE_NOT_FOUND');
    await expect(
      bench.install(file(packageEntries('x', { dependencies: { y: 'file:../y' } }))),
    ).rejects.toMatchObject(coded('PLUGIN_DEPENDENCIES_FAILED', 'y'));
  });

  it('from git where there is none', async () => {
    const { traces } = bench;
    const empty = bench.write('empty', {});
    const before = process.env.PATH;
    process.env.PATH = empty;
    try {
      await expect(bench.prepare('git+file:///nowhere.git')).rejects.toMatchObject(coded('GIT_NOT_FOUND'));
    } finally {
      process.env.PATH = before;
    }
    expect(bench.traces).toEqual(traces);
  });

  it('what is given up', async () => {
    bench.publish('bad');
    const { traces } = bench;
    const abort = new AbortController();
    const npmEnvironment = { npm_config_userconfig: bench.npmrc };
    const work = bench.installer.prepare(
      { spec: 'kinoport-plugin-bad', npmEnvironment },
      () => abort.abort(),
      abort.signal,
    );
    await expect(work).rejects.toMatchObject({ code: 'ABORTED' });
    const { token } = await bench.prepare('kinoport-plugin-bad');
    expect(bench.traces).toHaveLength(traces.length + 1);
    bench.installer.cancel(token);
    expect(bench.traces).toEqual(traces);
    await expect(bench.answer(token)).rejects.toMatchObject({ code: 'PLUGIN_INSTALL_EXPIRED' });
  });
});
