import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../../../host/src/config/parseConfig.ts';
import { prepareHome } from '../../../../host/src/home/prepareHome.ts';
import { resolveHome } from '../../../../host/src/home/resolveHome.ts';
import { discoverPlugins } from '../../../../host/src/plugins/discovery.ts';
import { hashFolder } from '../../../../host/src/plugins/install/contents.ts';
import {
  installedRoot,
  newStaging,
  packageFolder,
  removeLeftovers,
} from '../../../../host/src/plugins/install/folders.ts';
import { InstalledPlugins } from '../../../../host/src/plugins/install/installed.ts';
import {
  type LockedPlugin,
  lockFilePath,
  readLockFile,
  writeLockFile,
} from '../../../../host/src/plugins/install/lockFile.ts';
import { manifest } from '../../../support/install/tarballs.ts';

const folder = mkdtempSync(join(tmpdir(), 'kp-lock-'));
const home = resolveHome({ KINOPORT_HOME: folder }, process.platform, '');

beforeEach(() => prepareHome(home));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** An installed plugin as an installation leaves it. */
function put(id: string, change: Partial<LockedPlugin> = {}): string {
  const root = packageFolder(home, id, '1.0.0-12345678');
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, 'package.json'), JSON.stringify(manifest(id)));
  writeFileSync(join(root, 'index.js'), '');
  const entry: LockedPlugin = {
    spec: `kinoport-plugin-${id}`,
    name: `kinoport-plugin-${id}`,
    version: '1.0.0',
    resolved: '',
    integrity: `sha512-${'A'.repeat(86)}==`,
    folder: '1.0.0-12345678',
    contents: hashFolder(root),
    dependencies: null,
    permissions: { net: ['example.org'] },
    builds: [],
    skipBuilds: [],
    ...change,
  };
  writeLockFile(home, { ...readLockFile(home), [id]: entry });
  return root;
}

const found = (config = '{}') =>
  discoverPlugins(parseConfig(config, 'config.jsonc').config, folder, [], new InstalledPlugins(home).list());

describe('the lock file', () => {
  it('makes its plugins known, with what they were granted, and the config names them by their ids', () => {
    const root = put('a');
    put('b');
    expect(found('{"plugins":{"b":false}}')).toMatchObject([
      { id: 'a', key: 'a', root, origin: 'installed', enabled: true, grant: { net: ['example.org'] } },
      { id: 'b', enabled: false },
    ]);
    expect(found().map(({ error }) => error)).toEqual([undefined, undefined]);
  });

  it.each([
    ['that is cut off', '{"version":1,"plugins":{'],
    ['of another version', '{"version":2,"plugins":{}}'],
    ['with a folder that leads elsewhere', 'FOLDER'],
  ])('%s is the one error of those that have a folder', (_name, text) => {
    put('a');
    const broken =
      text === 'FOLDER' ? JSON.stringify({ version: 1, plugins: { a: { folder: '../..' } } }) : text;
    writeFileSync(lockFilePath(home), broken);
    expect(found()).toMatchObject([{ id: 'a', key: 'a', error: { code: 'PLUGIN_LOCK_INVALID' } }]);
  });

  it('is not written with what could not be read again', () => {
    put('a');
    expect(() => put('b', { folder: '.._x' })).toThrow(
      expect.objectContaining({ code: 'PLUGIN_INSTALL_FAILED' }),
    );
    expect(found()).toMatchObject([{ id: 'a' }]);
    expect(Object.keys(readLockFile(home))).toEqual(['a']);
  });

  it('tells what became of a folder: missing, altered, with another file in it; the others go on', () => {
    put('fine');
    rmSync(dirname(put('gone')), { recursive: true });
    appendFileSync(join(put('altered'), 'index.js'), 'evil();');
    writeFileSync(join(put('more'), 'more.js'), '');
    expect(found().map(({ id, error }) => [id, error?.code])).toEqual([
      ['fine', undefined],
      ['gone', 'PLUGIN_ALTERED'],
      ['altered', 'PLUGIN_ALTERED'],
      ['more', 'PLUGIN_ALTERED'],
    ]);
  });
});

describe('the start of a host', () => {
  it('removes what interrupted installations left, and keeps what the lock file names', async () => {
    const root = put('a');
    writeFileSync(join(newStaging(home), 'package.tgz'), '');
    mkdirSync(join(installedRoot(home), 'a', '0.9.0-00000000'));
    mkdirSync(join(installedRoot(home), 'never', '1.0.0-00000000'), { recursive: true });
    await removeLeftovers(home, new InstalledPlugins(home).folders());
    expect(readdirSync(installedRoot(home))).toEqual(['a']);
    expect(readdirSync(join(installedRoot(home), 'a'))).toEqual(['1.0.0-12345678']);
    expect(existsSync(join(root, 'index.js'))).toBe(true);
  });

  it('keeps every version while the lock file cannot be read', async () => {
    put('a');
    newStaging(home);
    writeFileSync(lockFilePath(home), '{');
    await removeLeftovers(home, new InstalledPlugins(home).folders());
    expect(readdirSync(installedRoot(home))).toEqual(['a']);
  });
});
