import { describe, expect, it } from 'vitest';
import { accessOf } from '../../../../host/src/plugins/permissions/access.ts';
import {
  isLoader,
  mayBeSet,
  pluginEnvironment,
} from '../../../../host/src/plugins/permissions/environment.ts';
import { nodeFlags } from '../../../../host/src/plugins/permissions/nodeFlags.ts';
import { commonPatterns, matches } from '../../../../host/src/plugins/permissions/patterns.ts';

const granted = (requested: object, grant: object) => accessOf(requested, [grant], '/home/ada').granted;

describe('patterns of arguments', () => {
  it.each([
    ['-v', '-v', true],
    ['-v', '-vv', false],
    ['file:*', 'file:/a b', true],
    ['file:*', '-i', false],
    ['a*b*c', 'a1b2c', true],
    ['a*b*c', 'acb', false],
    ['a*a', 'a', false],
    ['*', 'line\nbreak', false],
    ['*.mkv', '', false],
  ])('%s and %j: %s', (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
  });

  it('are answered at once, however they are made', () => {
    const began = performance.now();
    expect(matches(`${'a*'.repeat(200)}b`, 'a'.repeat(30_000))).toBe(false);
    expect(performance.now() - began).toBeLessThan(200);
  });

  it('have in common what lies within both', () => {
    expect(commonPatterns(['*'], ['-v', 'file:*'])).toEqual(['-v', 'file:*']);
    expect(commonPatterns(['-a*'], ['*b'])).toEqual([]);
    expect(commonPatterns(['*.example.org'], ['api.example.org', 'other.org'])).toEqual(['api.example.org']);
  });
});

describe('what a plugin gets', () => {
  it('is all it asks for, or what of it the user names', () => {
    const requested = { fs: { read: ['~/Music'] }, net: ['*'], native: true, playback: 'control' } as const;
    expect(accessOf(requested, ['all']).granted).toEqual(requested);
    expect(accessOf(requested, [{}]).granted).toEqual({});
    expect(granted(requested, { net: ['loopback'], playback: 'observe', environment: ['X'] })).toEqual({
      net: ['loopback'],
      playback: 'observe',
    });
    expect(accessOf(requested, ['all', { native: true }, { native: true, net: ['a'] }]).granted).toEqual({
      native: true,
    });
  });

  it('of paths is the inner one of two, and reading with writing', () => {
    const read = (a: string, b: string) => granted({ fs: { read: [a] } }, { fs: { read: [b] } }).fs?.read;
    expect(read('~/Music', '/home/ada')).toEqual(['~/Music']);
    expect(read('*', '/srv/films')).toEqual(['/srv/films']);
    expect(read('/srv', '/srv/films')).toEqual(['/srv/films']);
    expect(read('/srv/films', '/srv/filmsandmore')).toBeUndefined();
    expect(read('/srv/films', '/srv/films/../..')).toEqual(['/srv/films']);
    expect(granted({ fs: { read: ['/a'] } }, { fs: { write: ['*'] } })).toEqual({ fs: { read: ['/a'] } });
    expect(granted({ fs: { write: ['/a'] } }, { fs: { read: ['/a'] } })).toEqual({ fs: { read: ['/a'] } });
  });

  it('of programs is what both commands and both lists of arguments allow', () => {
    const spawn = (a: object, b: object) => granted({ spawn: [a] }, { spawn: [b] }).spawn;
    expect(spawn({ command: 'mpv' }, { command: 'vlc' })).toBeUndefined();
    expect(spawn({ command: 'x' }, { command: 'x', args: ['-v'] })).toEqual([{ command: 'x', args: ['-v'] }]);
    expect(spawn({ command: 'x', args: ['-v', 'f:*'] }, { command: 'x', args: ['f:/a*'] })).toEqual([
      { command: 'x', args: ['f:/a*'] },
    ]);
  });
});

describe('the options of Node', () => {
  const flags = (permissions: object, options: readonly string[], debug = false) =>
    nodeFlags({
      granted: permissions,
      node: { options: new Set(options) },
      code: ['/code'],
      folders: ['/own'],
      userHome: '/home/ada',
      debug,
    });

  it('open its own folders and what was granted', () => {
    expect(flags({ fs: { write: ['~/out'] } }, ['--permission'])).toEqual([
      '--permission',
      ...['/code', '/own', '/home/ada/out', '/home/ada/out/*'].map((path) => `--allow-fs-read=${path}`),
      ...['/own', '/home/ada/out', '/home/ada/out/*'].map((path) => `--allow-fs-write=${path}`),
    ]);
    expect(flags({ fs: { read: ['*'] }, native: true }, [])).toEqual([
      '--permission',
      '--allow-fs-read=*',
      '--allow-fs-write=/own',
      '--allow-addons',
    ]);
  });

  it('are those that the Node knows', () => {
    expect(flags({ net: ['a'] }, [])).not.toContain('--allow-net');
    expect(flags({ net: ['a'] }, ['--allow-net'])).toContain('--allow-net');
    expect(flags({}, ['--allow-net'])).not.toContain('--allow-net');
    expect(flags({}, ['--experimental-sqlite'])).toContain('--no-experimental-sqlite');
    expect(flags({}, ['--allow-inspector'], true)).toContain('--allow-inspector');
    expect(flags({}, [], true)).toEqual([]);
  });

  it('never hold a folder that Node would take as a pattern', () => {
    const make = () =>
      nodeFlags({ granted: {}, node: { options: new Set() }, code: ['/a*b'], folders: [], userHome: '/' });
    expect(make).toThrow(/pattern/);
    expect(flags({ fs: { read: ['/srv/a*'] } }, []).join()).not.toContain('/srv');
  });
});

describe('the environment of a plugin', () => {
  const own = {
    PATH: '/bin',
    LC_ALL: 'C',
    DISPLAY: ':0',
    https_proxy: 'p',
    AWS_SECRET: 's',
    NODE_OPTIONS: '-r x',
    KINOPORT_HOME: '/k',
  };

  it('is the usual, what its permissions imply, and what it asks for by name', () => {
    expect(pluginEnvironment(own, {}, 'linux')).toEqual({ PATH: '/bin', LC_ALL: 'C' });
    expect(pluginEnvironment(own, { spawn: [{ command: 'mpv' }] }, 'linux')).toHaveProperty('DISPLAY');
    expect(pluginEnvironment(own, { net: ['*'] }, 'linux')).toHaveProperty('https_proxy');
    expect(pluginEnvironment(own, { environment: ['AWS_SECRET', 'NODE_OPTIONS'] }, 'linux')).toEqual({
      PATH: '/bin',
      LC_ALL: 'C',
      AWS_SECRET: 's',
    });
  });

  it('has no part in what gets code into a program', () => {
    for (const name of [
      'LD_PRELOAD',
      'ld_library_path',
      'DYLD_INSERT_LIBRARIES',
      'NODE_OPTIONS',
      'PYTHONPATH',
      'PATH',
    ]) {
      expect(isLoader(name)).toBe(true);
      expect(mayBeSet(name, [name])).toBe(false);
    }
    expect(mayBeSet('DISPLAY')).toBe(true);
    expect(mayBeSet('FOO')).toBe(false);
    expect(mayBeSet('FOO', ['FOO'])).toBe(true);
  });
});
