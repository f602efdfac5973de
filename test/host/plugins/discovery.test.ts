import { execFileSync } from 'node:child_process';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../../host/src/config/parseConfig.ts';
import {
  discoverPlugins,
  isPluginPath,
  OWN_COMMANDS,
  pluginFolder,
} from '../../../host/src/plugins/discovery.ts';
import { inRepository } from '../../support/repository.ts';
import { PluginFolders } from './support/pluginFolders.ts';

let folders: PluginFolders;

beforeEach(() => {
  folders = new PluginFolders();
});
afterEach(() => folders.dispose());

function discover(plugins: object, builtin: readonly string[] = []) {
  const { config } = parseConfig(JSON.stringify({ plugins }), 'config.jsonc');
  return discoverPlugins(config, folders.root, builtin).map((plugin) => ({
    id: plugin.id,
    name: basename(plugin.root),
    enabled: plugin.enabled,
    ...(plugin.error ? { error: plugin.error.code, message: plugin.error.message } : {}),
  }));
}

const player = (id: string) => ({ kinoport: { contributes: { players: [{ id }] } } });
const source = (id: string) => ({
  kinoport: { contributes: { sources: [{ id, schemes: [`${id}-scheme`] }] } },
});
const command = (name: string) => ({
  kinoport: { contributes: { commands: [{ command: name, title: 'Does it' }] } },
});

describe('paths of plugins', () => {
  it.each([
    ['./a', true],
    ['../a', true],
    ['.', true],
    ['~/a', true],
    ['/srv/a', true],
    ['C:\\a', true],
    ['..\\a', true],
    ['mpv', false],
    ['my-plugin', false],
    ['.hidden', false],
  ])('%s', (key, expected) => expect(isPluginPath(key)).toBe(expected));

  it('are relative to the config file, or to the home of the user', () => {
    expect(pluginFolder('../a', '/etc/kinoport')).toBe('/etc/a');
    expect(pluginFolder('~/a', '/etc/kinoport')).toBe(join(homedir(), 'a'));
    expect(pluginFolder('/srv/a', '/etc/kinoport')).toBe('/srv/a');
  });
});

describe('what is found', () => {
  it('is the built-in plugins first, then those of the config, in order, each with its id', () => {
    const builtin = [folders.add('one'), folders.add('two')];
    folders.add('b');
    folders.add('a');
    expect(discover({ './b': true, './a': true }, builtin).map(({ id }) => id)).toEqual([
      'one',
      'two',
      'b',
      'a',
    ]);
  });

  it('may be switched off, built-in or not', () => {
    const builtin = [folders.add('one')];
    folders.add('a');
    expect(discover({ one: false, './a': { enabled: false } }, builtin)).toEqual([
      { id: 'one', name: 'one', enabled: false },
      { id: 'a', name: 'a', enabled: false },
    ]);
  });

  it('keeps working when one is broken or not there', () => {
    folders.add('good');
    folders.raw('bad', { 'package.json': '{' });
    expect(discover({ './bad': true, './nowhere': true, './good': true })).toEqual([
      expect.objectContaining({ id: './bad', error: 'PLUGIN_MANIFEST_INVALID' }),
      expect.objectContaining({ id: './nowhere', error: 'PLUGIN_NOT_FOUND' }),
      { id: 'good', name: 'good', enabled: true },
    ]);
  });
});

describe('two of a name', () => {
  it('are an error of the second one, which an alias resolves', () => {
    const builtin = [folders.add('mpv')];
    folders.add('other', { kinoport: { id: 'mpv' } });
    expect(discover({ './other': true }, builtin)[1]).toMatchObject({
      id: './other',
      error: 'PLUGIN_ID_CLASH',
    });
    expect(discover({ './other': { alias: 'mine' } }, builtin)[1]).toEqual({
      id: 'mine',
      name: 'other',
      enabled: true,
    });
  });

  it.each([
    ['player', player('vlc')],
    ['source', source('cloud')],
    ['command', command('room create')],
    ['sync', { kinoport: { contributes: { syncs: [{ id: 'room' }] } } }],
  ])('contribute the same %s: the second is not loaded and the error names both', (what, change) => {
    folders.add('first', change);
    folders.add('second', change);
    const [first, second] = discover({ './first': true, './second': true });
    expect(first).toEqual({ id: 'first', name: 'first', enabled: true });
    expect(second).toMatchObject({ id: 'second', error: 'PLUGIN_CONTRIBUTION_CLASH' });
    expect(second?.message).toContain(`"first" and "second" both contribute the ${what} "`);
  });

  it('may contribute the same when one of them is switched off', () => {
    folders.add('first', player('vlc'));
    folders.add('second', player('vlc'));
    expect(discover({ './first': false, './second': true })).toEqual([
      { id: 'first', name: 'first', enabled: false },
      { id: 'second', name: 'second', enabled: true },
    ]);
  });

  it('may use one name for things of different kinds', () => {
    folders.add('first', player('x'));
    folders.add('second', source('x'));
    expect(discover({ './first': true, './second': true }).every((plugin) => !('error' in plugin))).toBe(
      true,
    );
  });

  it('claim nothing when they are not loaded', () => {
    const both = { kinoport: { contributes: { players: [{ id: 'a' }, { id: 'b' }] } } };
    folders.add('first', player('a'));
    folders.add('second', both);
    folders.add('third', player('b'));
    const [, second, third] = discover({ './first': true, './second': true, './third': true });
    expect(second).toMatchObject({ error: 'PLUGIN_CONTRIBUTION_CLASH' });
    expect(third).toEqual({ id: 'third', name: 'third', enabled: true });
  });

  it("cannot take one of the program's own commands", () => {
    folders.add('rude', command('play fair'));
    expect(discover({ './rude': true })[0]).toMatchObject({ error: 'PLUGIN_CONTRIBUTION_CLASH' });
  });
});

it("the program's own commands are those of its help", () => {
  const help = execFileSync(process.execPath, [inRepository('host/bin/kinoport.js'), '--help'], {
    encoding: 'utf8',
  });
  const listed = [...(help.split('Commands:')[1]?.split('\n\n')[0] ?? '').matchAll(/^ {2}([a-z]+)\b/gm)].map(
    ([, name]) => name,
  );
  expect([...OWN_COMMANDS].filter((name) => name !== 'demo').sort()).toEqual(listed.sort());
});
