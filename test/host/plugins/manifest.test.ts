import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { KinoportError } from '@kinoport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readManifest } from '../../../host/src/plugins/manifest.ts';
import { PluginFolders } from './support/pluginFolders.ts';

let folders: PluginFolders;

beforeEach(() => {
  folders = new PluginFolders();
});
afterEach(() => folders.dispose());

function refusal(root: string): KinoportError {
  try {
    readManifest(root);
  } catch (error) {
    return error as KinoportError;
  }
  throw new Error('It was taken.');
}

describe('a good manifest', () => {
  it('needs little, and its id comes from the name of the package', () => {
    const root = folders.add('shelf', { name: '@ada/kinoport-plugin-shelf', main: undefined });
    expect(readManifest(root)).toMatchObject({ id: 'shelf', root, entry: join(root, 'index.js') });
  });

  it.each([
    ['exports as a text', { exports: './lib/a.js' }],
    ['exports of the package itself', { exports: { '.': './lib/a.js', './package.json': './package.json' } }],
    ['conditions', { exports: { '.': { types: './a.d.ts', import: './lib/a.js', default: './no.js' } } }],
    ['conditions without a path', { exports: { types: './a.d.ts', default: './lib/a.js' } }],
    ['nested conditions', { exports: { '.': { node: { import: './lib/a.js' } } } }],
    ['main', { main: 'lib/a.js' }],
  ])('names its entry module by %s', (_what, change) => {
    const root = folders.add('a', { main: undefined, ...change }, { 'lib/a.js': '' });
    expect(readManifest(root).entry).toBe(join(root, 'lib/a.js'));
  });

  it('names its sources beside what is built of them, for those who work on it', () => {
    const entries = { development: './src/a.ts', default: './dist/a.js' };
    const built = { 'dist/a.js': '' };
    const root = folders.add('a', { exports: { '.': entries } }, { ...built, 'src/a.ts': '' });
    expect(readManifest(root).entry).toBe(join(root, 'src/a.ts'));
    expect(readManifest(root, { development: false }).entry).toBe(join(root, 'dist/a.js'));
    const packed = folders.add('b', { exports: { '.': entries } }, built);
    expect(readManifest(packed).entry).toBe(join(packed, 'dist/a.js'));
    const installed = folders.add(
      'node_modules/c',
      { name: 'c', exports: entries },
      { ...built, 'src/a.ts': '' },
    );
    expect(readManifest(installed).entry).toBe(join(installed, 'dist/a.js'));
  });

  it('may contribute what is experimental, once it says so', () => {
    const kinoport = { contributes: { services: [{ id: 'r' }] }, experimental: ['services'] };
    expect(readManifest(folders.add('a', { kinoport })).id).toBe('a');
  });

  it('may be reached by a link', () => {
    const root = folders.add('a');
    const link = join(folders.root, 'link');
    symlinkSync(root, link);
    expect(readManifest(link)).toMatchObject({ root: link, entry: join(root, 'index.js') });
  });

  it('may have members that mean nothing here', () => {
    expect(readManifest(folders.add('a', { scripts: { x: 'y' }, funding: 'z' })).id).toBe('a');
  });
});

describe('a broken manifest is refused with the file, the place in it, and what was expected', () => {
  const command = { command: 'hi', title: 'Hi' };
  const source = { id: 's', schemes: ['test'] };
  it.each<[string, object, string, RegExp]>([
    [
      'a service without a word that it is experimental',
      { kinoport: { contributes: { services: [{ id: 'r' }] } } },
      '/kinoport/contributes/services',
      /experimental/,
    ],
    ['no version', { version: undefined }, '', /required propert.*\bversion\b/],
    ['no engine', { engines: { node: '>=22' } }, '/engines', /required propert.*\bkinoport\b/],
    ['no member of ours', { kinoport: undefined }, '', /required propert.*\bkinoport\b/],
    ['a range that is none', { engines: { kinoport: 'new' } }, '/engines/kinoport', /not a semver range/],
    ['a version that is no text', { version: 1 }, '/version', /must be string/],
    ['an unknown key', { kinoport: { contributs: {} } }, '/kinoport', /unknown key "contributs"/],
    ['an id with capitals', { kinoport: { id: 'My' } }, '/kinoport/id', /must match pattern/],
    ['a name that makes no id', { name: 'Über' }, '/kinoport/id', /not of a-z, 0-9 and "-"/],
    [
      'an event nobody knows',
      { kinoport: { activationEvents: ['onMoon'] } },
      '/kinoport/activationEvents/0',
      /must match pattern/,
    ],
    [
      'a player without id',
      { kinoport: { contributes: { players: [{ displayName: 'X' }] } } },
      '/kinoport/contributes/players/0',
      /required propert.*\bid\b/,
    ],
    [
      'a scheme with a colon',
      { kinoport: { contributes: { sources: [{ ...source, schemes: ['demo:'] }] } } },
      '/kinoport/contributes/sources/0/schemes/0',
      /must match pattern/,
    ],
    [
      'an extension with a dot',
      { kinoport: { contributes: { sources: [{ ...source, extensions: ['.mkv'] }] } } },
      '/kinoport/contributes/sources/0/extensions/0',
      /must match pattern/,
    ],
    [
      'a command of three words',
      { kinoport: { contributes: { commands: [{ ...command, command: 'a b c' }] } } },
      '/kinoport/contributes/commands/0/command',
      /must match pattern/,
    ],
    [
      'a type nobody knows',
      { kinoport: { contributes: { commands: [{ ...command, args: [{ name: 'n', type: 'date' }] }] } } },
      '/kinoport/contributes/commands/0/args/0/type',
      /must be one of \["string","number","path","uri","text-file"\]/,
    ],
    [
      'a configuration that is no object',
      { kinoport: { contributes: { configuration: { type: 'string', properties: {} } } } },
      '/kinoport/contributes/configuration/type',
      /must be equal to constant/,
    ],
    ['an entry that is not there', { main: './dist/index.js' }, '/main', /does not exist/],
    ['an entry that is a folder above', { main: '..' }, '/main', /lies outside/],
  ])('%s', (_what, change, path, expected) => {
    const root = folders.add('bad', change);
    const error = refusal(root);
    const file = join(root, 'package.json');
    expect(error).toMatchObject({ code: 'PLUGIN_MANIFEST_INVALID', data: { file, path } });
    expect(error.message.startsWith(`${file}${path === '' ? '' : ` at ${path}`}: `)).toBe(true);
    expect(error.message).toMatch(expected);
    expect(error.hint).toBeTruthy();
  });

  it.each([
    ['a key with a typing mistake', { kinoport: { contributs: {} } }, /^Did you mean "contributes"\?$/],
    [
      'a key of a list with one',
      { kinoport: { contributes: { sources: [{ ...source, scheme: ['x'] }] } } },
      /^Did you mean "schemes"\?$/,
    ],
    [
      'an address for a host',
      { kinoport: { permissions: { net: ['https://example.org/x'] } } },
      /host names without/,
    ],
    ['a relative path', { kinoport: { permissions: { fs: { read: ['films'] } } } }, /absolute paths/],
    ['no member of ours', { kinoport: undefined }, /plugin create/],
  ])('%s has a hint of its own', (_what, change, hint) => {
    expect(refusal(folders.add('bad', change)).hint).toMatch(hint);
  });

  it.each([
    ['broken JSON', '{ "name": '],
    ['a list', '[]'],
    ['nothing', ''],
    ['what nobody could walk over', `{"kinoport":${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}}`],
    ['more than anybody writes', `{"name":"${'x'.repeat(1024 * 1024)}"}`],
  ])('%s', (_what, text) => {
    expect(refusal(folders.raw('bad', { 'package.json': text }))).toMatchObject({
      code: 'PLUGIN_MANIFEST_INVALID',
      message: expect.stringContaining('package.json'),
    });
  });
});

it('no package.json is no plugin', () => {
  expect(refusal(folders.raw('empty', {}))).toMatchObject({ code: 'PLUGIN_NOT_FOUND' });
  expect(refusal(join(folders.root, 'nowhere'))).toMatchObject({ code: 'PLUGIN_NOT_FOUND' });
});

it.each(['1', 'latest', '../../../x', ' 1.0.0', '-1.0.0'])(
  'a version is one by the rules of semver, since folders are called by it: not %j',
  (version) => {
    expect(refusal(folders.add('a', { version }))).toMatchObject({
      code: 'PLUGIN_MANIFEST_INVALID',
      data: { path: '/version' },
    });
  },
);

it('an id is none that every object has as a member', () => {
  expect(refusal(folders.add('constructor'))).toMatchObject({
    code: 'PLUGIN_MANIFEST_INVALID',
    message: expect.stringContaining('the id "constructor" cannot be used'),
  });
});

it('an entry module cannot lie outside, not even by a link', () => {
  const outside = folders.raw('outside', { 'index.js': '' });
  const root = folders.add('linked', { main: './index.js' }, {});
  symlinkSync(join(outside, 'index.js'), join(root, 'index.js'));
  expect(refusal(root)).toMatchObject({ code: 'PLUGIN_MANIFEST_INVALID', data: { path: '/main' } });
});

it.each(['^0.2.0', '>=1', '<0.1.0'])('a plugin for API %s is refused with both versions', (range) => {
  expect(refusal(folders.add('other', { engines: { kinoport: range } }))).toMatchObject({
    code: 'PLUGIN_ENGINE_MISMATCH',
    message: `kinoport-plugin-other asks for Kinoport ${range}; this is 0.1.0.`,
  });
});
