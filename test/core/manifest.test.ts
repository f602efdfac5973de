import { defaultPluginId, manifestSchema, PRODUCT } from '@kinoport/core';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';

const validate = new Ajv({ strict: false }).compile(manifestSchema);
const manifest = (kinoport: object): object => ({
  name: 'kinoport-plugin-x',
  version: '1.0.0',
  engines: { kinoport: '^0.1.0' },
  kinoport,
});

describe('the manifest schema', () => {
  it.each([
    ['nothing contributed', {}],
    ['a player', { contributes: { players: [{ id: 'vlc' }] } }],
    ['a source for any scheme', { contributes: { sources: [{ id: 'any', schemes: ['*'] }] } }],
    [
      'a command of two words',
      { contributes: { commands: [{ command: 'torrent list', title: 'Torrents' }] } },
    ],
    ['an activation event', { activationEvents: ['onScheme:magnet', 'onStartup'] }],
  ])('accepts %s', (_, kinoport) => {
    expect(validate(manifest(kinoport)), JSON.stringify(validate.errors)).toBe(true);
  });

  it.each([
    ['an unknown member', { contribute: {} }, '/kinoport'],
    [
      'an id in capitals',
      { contributes: { players: [{ id: 'VLC' }] } },
      '/kinoport/contributes/players/0/id',
    ],
    ['an extension with its dot', { contributes: { sources: [{ id: 'a', extensions: ['.mkv'] }] } }, '/0'],
    ['a scheme with its colon', { contributes: { sources: [{ id: 'a', schemes: ['http:'] }] } }, '/0'],
    [
      'a command of three words',
      { contributes: { commands: [{ command: 'a b c', title: 'T' }] } },
      'command',
    ],
    ['an event that does not exist', { activationEvents: ['onMoon'] }, '/kinoport/activationEvents/0'],
  ])('refuses %s and says where', (_, kinoport, where) => {
    expect(validate(manifest(kinoport))).toBe(false);
    expect(validate.errors?.[0]?.instancePath).toContain(where);
  });

  it('refuses a package that is no plugin', () => {
    expect(validate({ name: 'left-pad', version: '1.0.0' })).toBe(false);
  });
});

describe('defaultPluginId', () => {
  it.each([
    ['kinoport-plugin-vlc', 'vlc'],
    ['@you/kinoport-plugin-vlc', 'vlc'],
    ['@you/vlc', 'vlc'],
    ['vlc', 'vlc'],
  ])('makes of %s %s', (name, id) => {
    expect(defaultPluginId(name)).toBe(id);
  });
});

describe('PRODUCT', () => {
  it('builds every name out of one', () => {
    const name = PRODUCT.name.toLowerCase();
    expect(PRODUCT.command).toBe(name);
    expect(PRODUCT.manifestKey).toBe(name);
    expect(PRODUCT.envPrefix).toBe(`${name.toUpperCase()}_`);
    expect(PRODUCT.npmScope).toBe(`@${name}`);
    expect(PRODUCT.pluginPrefix).toBe(`${name}-plugin-`);
  });
});
