import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '@kinoport/core';
import { describe, expect, it } from 'vitest';
import { configJsonSchema } from '../../../host/src/config/configJsonSchema.ts';
import { type PluginSchemas, parseConfig } from '../../../host/src/config/parseConfig.ts';
import { removeSetting, settingInFile } from '../../../host/src/config/secretInFile.ts';
import { misplacedSecret, secretNames, withoutSecrets } from '../../../host/src/config/secretProperties.ts';
import { scratchFolder } from '../storage/scratch.ts';

const schema: JsonObject = {
  type: 'object',
  required: ['token', 'server'],
  properties: {
    server: { type: 'string', default: 'localhost' },
    token: { type: 'string', secret: true, minLength: 6, description: 'Of your account.' },
    secret: { type: 'boolean', default: true },
  },
};
const plugins: PluginSchemas = {
  schemaOf: (key) => (key === './mine' ? schema : 'unknown'),
  idOf: () => 'mine',
  ids: ['mine'],
  players: ['mpv', 'vlc'],
  sources: ['files', 'torrent'],
};

describe('secrets of a schema', () => {
  it('are its properties that are marked', () => {
    expect(secretNames(schema)).toEqual(['token']);
    expect(secretNames(undefined)).toEqual([]);
    expect(withoutSecrets(schema)).toMatchObject({ required: ['server'] });
    expect(Object.keys(withoutSecrets(schema).properties as object)).toEqual(['server', 'secret']);
  });

  it.each<[string, JsonObject, string | undefined]>([
    ['no text', { properties: { pin: { type: 'number', secret: true } } }, '/properties/pin'],
    [
      'a secret that everybody knows',
      { properties: { pin: { type: 'string', secret: true, default: '1' } } },
      '/properties/pin',
    ],
    [
      'within another',
      {
        properties: { login: { type: 'object', properties: { pin: { type: 'string', secret: true } } } },
      },
      '/properties/login/properties/pin',
    ],
    [
      'in a list',
      { properties: { pins: { type: 'array', items: { type: 'string', secret: true } } } },
      '/properties/pins/items',
    ],
    ['by another way', { anyOf: [{ properties: { pin: { secret: true } } }] }, '/anyOf/0/properties/pin'],
    ['a name', { properties: { secret: { type: 'object', properties: { secret: true } } } }, undefined],
    ['a value', { properties: { a: { type: 'object', default: { secret: true } } } }, undefined],
    ['as it should be', schema, undefined],
  ])('stand where they can be kept: %s', (_, given, path) => {
    expect(misplacedSecret(given)?.path).toBe(path);
  });

  it('are shown to editors as what may not stand in the file', () => {
    const whole = configJsonSchema([{ id: 'mine', configuration: schema }]) as {
      properties: { plugins: { properties: { mine: { properties: { config: JsonObject } } } } };
    };
    expect(whole.properties.plugins.properties.mine.properties.config).toMatchObject({
      required: ['server'],
      properties: {
        server: { type: 'string' },
        token: { not: {}, description: expect.stringMatching(/account.*config secret mine token/) },
      },
    });
  });
});

describe('a secret in the config file', () => {
  const text = `{
  "plugins": {
    "./mine": { "config": {
      "server": "a",
      "token": "dont-show-me" } } }
}`;

  it('is a mistake that names the place and the command, and not the secret', () => {
    const { config, problems, usable } = parseConfig(text, 'config.jsonc', { plugins });
    expect(usable).toBe(true);
    expect(problems).toEqual([
      expect.objectContaining({
        code: 'CONFIG_SECRET_IN_FILE',
        line: 5,
        column: 7,
        plugin: './mine',
        message: expect.stringContaining('plugins["./mine"].config.token is a secret'),
        hint: expect.stringContaining('"kinoport config secret mine token --move"'),
      }),
    ]);
    expect(JSON.stringify({ config, problems })).not.toContain('dont-show-me');
  });

  it('is no mistake where it is absent, though it is required', () => {
    const { config, problems } = parseConfig('{"plugins":{"./mine":true}}', 'config.jsonc', { plugins });
    expect(problems).toEqual([]);
    expect(config.plugins['./mine']?.config).toEqual({ server: 'localhost', secret: true });
  });

  it.each([
    ['{ "plugins": { "p": { "config": { "t": "v" } } } }', '{ "plugins": { "p": { "config": {  } } } }'],
    [
      '{\n "plugins": { "p": { "config": {\n  "t": "v", // mine\n  "u": 1 /* kept */\n } } }\n}',
      '{\n "plugins": { "p": { "config": {\n   // mine\n  "u": 1 /* kept */\n } } }\n}',
    ],
    [
      '{\r\n"plugins": {"p": {"config": {\r\n  "u": 1, // kept\r\n  "t": "v"\r\n}}}}',
      '{\r\n"plugins": {"p": {"config": {\r\n  "u": 1, // kept\r\n}}}}',
    ],
    [
      '{"plugins": {"p": {"config": {\n  "u": 1,\n  "t":\n    "v" /* , */ ,\n  "w": 2,\n}}}}',
      '{"plugins": {"p": {"config": {\n  "u": 1,\n   /* , */ \n  "w": 2,\n}}}}',
    ],
  ])('is taken out of it, and nothing else: %j', (before, after) => {
    const file = join(scratchFolder(), 'config.jsonc');
    writeFileSync(file, before);
    expect(settingInFile(file, 'p', 't')).toBe('v');
    removeSetting(file, 'p', 't');
    expect(readFileSync(file, 'utf8')).toBe(after);
    expect(parseConfig(after, file).problems).toEqual([]);
    expect(() => settingInFile(file, 'p', 't')).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });

  it('is not taken out of a broken file, and only when it is a text', () => {
    const file = join(scratchFolder(), 'config.jsonc');
    writeFileSync(file, '{ "plugins": { "p": { "config": { "t": "v" } }');
    expect(() => removeSetting(file, 'p', 't')).toThrow(expect.objectContaining({ code: 'CONFIG_SYNTAX' }));
    writeFileSync(file, '{ "plugins": { "p": { "config": { "t": 5 } } } }');
    expect(() => settingInFile(file, 'p', 't')).toThrow(/text/);
  });
});

describe('a player and sources that nobody contributes', () => {
  it('are mistakes with what was probably meant, and leave the rest in force', () => {
    const text =
      '{\n "player": "vcl",\n "routing": { "http": "file", "magnet": "torrent" },\n "autoplayNext": "never" }';
    const { config, problems, usable } = parseConfig(text, 'config.jsonc', { plugins });
    expect(problems).toMatchObject([
      { code: 'PLAYER_UNKNOWN', line: 2, column: 12, hint: 'Did you mean "vlc"?' },
      { code: 'SOURCE_UNKNOWN', line: 3, column: 23, hint: 'Did you mean "files"?' },
    ]);
    expect(problems[1]?.message).toContain('routing.http is "file"');
    expect(usable).toBe(true);
    expect(config).toMatchObject({ player: 'vcl', autoplayNext: 'never' });
  });

  it('are not judged where not everybody is known', () => {
    const { players: _, sources: __, ...rest } = plugins;
    expect(parseConfig('{"player":"vcl"}', 'config.jsonc', { plugins: rest }).problems).toEqual([]);
  });
});
