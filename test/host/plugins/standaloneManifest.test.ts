import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readManifest } from '../../../host/src/plugins/manifest.ts';
import { PluginFolders } from './support/pluginFolders.ts';

let folders: PluginFolders;

beforeEach(() => {
  folders = new PluginFolders();
});
afterEach(() => folders.dispose());

const contributing = (standalone: string, more: object = {}) => ({
  kinoport: { contributes: { commands: [{ command: 'relay', title: 'Relays', standalone }] } },
  ...more,
});
const files = { 'index.js': '', 'dist/relay.js': '', 'src/relay.ts': '' };
const exports = {
  '.': './index.js',
  './relay': { development: './src/relay.ts', default: './dist/relay.js' },
};

it('a module of a standalone command is a file of the package, or what the package exports', () => {
  const file = folders.add('a', contributing('./dist/relay.js'), files);
  expect(readManifest(file).standalone).toEqual({ relay: join(file, 'dist/relay.js') });
  const exported = folders.add('b', contributing('./relay', { exports }), files);
  expect(readManifest(exported).standalone).toEqual({ relay: join(exported, 'src/relay.ts') });
  const built = readManifest(exported, { development: false });
  expect(built.standalone).toEqual({ relay: join(exported, 'dist/relay.js') });
  expect(readManifest(folders.add('c', {}, files)).standalone).toEqual({});
});

it.each(['./dist/none.js', './../other/index.js', './dist', './linked.js', '/etc/passwd', 'relay'])(
  'refuses %s',
  (standalone) => {
    folders.add('other');
    const root = folders.add('a', contributing(standalone), files);
    symlinkSync(join(folders.root, 'other/index.js'), join(root, 'linked.js'));
    expect(() => readManifest(root)).toThrow(
      expect.objectContaining({
        code: 'PLUGIN_MANIFEST_INVALID',
        message: expect.stringContaining('/kinoport/contributes/commands/0/standalone'),
      }),
    );
  },
);
