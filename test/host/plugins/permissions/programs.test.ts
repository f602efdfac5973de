import { readFileSync } from 'node:fs';
import { basename, delimiter, dirname } from 'node:path';
import type { JsonObject, PluginPermissions, SpawnPermission } from '@kinoport/core';
import { describe, expect, it } from 'vitest';
import { accessOf } from '../../../../host/src/plugins/permissions/access.ts';
import { ProgramPermissions } from '../../../../host/src/plugins/permissions/programs.ts';
import { LocalProcessBroker } from '../../../../host/src/processes/processBroker.ts';
import { knownPlaces } from '../../../../plugins/mpv/src/knownPlaces.ts';
import { inRepository } from '../../../support/repository.ts';

const folder = dirname(process.execPath);
const name = basename(process.execPath);
const permissions = new ProgramPermissions(
  new LocalProcessBroker({ ...process.env, PATH: [folder, process.env.PATH].join(delimiter) }),
  '/home/ada',
);

function check(
  spawn: readonly SpawnPermission[],
  command: string,
  args?: readonly string[],
  more: {
    readonly config?: JsonObject;
    readonly environment?: Record<string, string>;
    readonly grant?: PluginPermissions;
  } = {},
): Promise<void> {
  const { config = {}, environment, grant } = more;
  const access = accessOf({ spawn }, [grant ?? 'all']);
  const request = { command, ...(args ? { args } : {}), ...(environment ? { environment } : {}) };
  return permissions.check({ id: 'p', access, config: () => config }, request);
}

/** As a manifest names the value of a setting. */
const setting = (key: string): string => `$\{config.${key}}`;

const denied = { code: 'PERMISSION_DENIED' };

describe('a program that a plugin starts', () => {
  it('is one that it named: by name, and then where that is found; by path; by a setting', async () => {
    await check([{ command: name }], name, ['-v']);
    await check([{ command: name }], process.execPath, ['-v']);
    await check([{ command: process.execPath }], process.execPath, []);
    await check([{ command: '~/bin/x' }], '/home/ada/bin/x', []);
    await check([{ command: setting('path') }], '/opt/x', [], { config: { path: '/opt/x' } });
    await check([{ command: setting('path') }], process.execPath, [], { config: { path: name } });
  });

  it('is none of another place, name or setting', async () => {
    for (const command of [
      `/tmp/${name}`,
      `./${name}`,
      `${folder}/../${basename(folder)}x/${name}`,
      'other',
      '',
    ])
      await expect(check([{ command: name }], command, [])).rejects.toMatchObject(denied);
    await expect(check([{ command: setting('path') }], 'x', [], { config: {} })).rejects.toMatchObject(
      denied,
    );
    await expect(check([{ command: setting('constructor') }], 'x')).rejects.toMatchObject(denied);
    await expect(check([], 'x')).rejects.toMatchObject({
      hint: expect.stringContaining('"spawn": [{ "command": "x" }]'),
    });
  });

  it('gets arguments that match, all of them', async () => {
    const spawn = [{ command: 'x', args: ['-v', 'file:*'] }];
    await check(spawn, 'x', ['-v', 'file:/a']);
    await check(spawn, 'x');
    await expect(check(spawn, 'x', ['-v', '--script=/evil'])).rejects.toMatchObject({
      ...denied,
      message: expect.stringContaining('"--script=/evil"'),
    });
  });

  it('gets variables that were named, and none that loads other code', async () => {
    const spawn = [{ command: 'x', environment: ['FOO'] }];
    await check(spawn, 'x', [], { environment: { FOO: '1', DISPLAY: ':0' } });
    await expect(check(spawn, 'x', [], { environment: { BAR: '1' } })).rejects.toMatchObject({
      ...denied,
      hint: expect.stringContaining('"environment": ["BAR"]'),
    });
    const named = [{ command: 'x', environment: ['LD_PRELOAD'] }];
    await expect(check(named, 'x', [], { environment: { LD_PRELOAD: 'x.so' } })).rejects.toMatchObject({
      ...denied,
      message: expect.stringContaining('LD_PRELOAD'),
    });
  });

  it('that was asked for and not granted is told apart', async () => {
    await expect(check([{ command: 'x' }], 'x', [], { grant: {} })).rejects.toMatchObject({
      code: 'PERMISSION_NOT_GRANTED',
      hint: expect.stringContaining('config'),
    });
    const grant = { spawn: [{ command: 'x', args: ['-v'] }] };
    await expect(check([{ command: 'x' }], 'x', ['-w'], { grant })).rejects.toMatchObject({
      code: 'PERMISSION_NOT_GRANTED',
    });
  });
});

it('mpv is looked for in places that its plugin asks for only', () => {
  const { kinoport } = JSON.parse(readFileSync(inRepository('plugins/mpv/package.json'), 'utf8')) as {
    readonly kinoport: { readonly permissions: { readonly spawn: readonly SpawnPermission[] } };
  };
  const commands = kinoport.permissions.spawn.map(({ command }) => command);
  for (const [platform, slash] of [
    ['linux', '/'],
    ['darwin', '/'],
    ['win32', '\\'],
  ] as const)
    expect(commands).toEqual(
      expect.arrayContaining(
        [...knownPlaces(platform, '~', {})].map((place) => place.replaceAll('/', slash)),
      ),
    );
});
