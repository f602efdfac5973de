import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '@kinoport/core';
import { describe, expect, it } from 'vitest';
import type { ConfigProblem } from '../../../host/src/config/config.ts';
import {
  defaultConfig,
  defaultPluginSetting,
  type PluginSchemas,
  parseConfig,
  readConfigFile,
} from '../../../host/src/config/parseConfig.ts';
import { scratchFolder } from '../storage/scratch.ts';

const FILE = '/home/ada/config.jsonc';
const torrent: JsonObject = {
  type: 'object',
  properties: {
    port: { type: 'integer', minimum: 1, maximum: 65_535, default: 6881 },
    folder: { type: 'string' },
    trackers: { type: 'array', items: { type: 'string', format: 'uri' }, default: [] },
    limits: { type: 'object', default: {}, properties: { up: { type: 'number', default: 100 } } },
  },
};
const plugins: PluginSchemas = {
  schemaOf: (key) =>
    ({ torrent, mpv: undefined, './mine': { type: 'object', required: ['token'] } })[key] ??
    (key === 'mpv' ? undefined : 'unknown'),
  ids: ['torrent', 'mpv'],
};
const parse = (text: string) => parseConfig(text, FILE, { plugins });

function only(text: string): ConfigProblem {
  const { problems } = parse(text);
  expect(problems).toHaveLength(1);
  const [problem] = problems;
  if (problem === undefined) throw new Error('no problem');
  expect(problem.message).toMatch(/^\/home\/ada\/config\.jsonc:\d+:\d+: .+\.$/);
  return problem;
}

describe('parseConfig', () => {
  it('fills in every default', () => {
    for (const text of ['', '{}', '// nothing yet\n', '\uFEFF{}']) {
      expect(parse(text)).toEqual({ config: defaultConfig(), usable: true, problems: [] });
    }
    expect(defaultConfig()).toEqual({
      player: 'mpv',
      autoplayNext: 'episodes',
      progress: { watchedAt: 0.9, beginAfter: 30 },
      routing: {},
      plugins: {},
    });
  });

  it('takes comments, trailing commas, and every form of a plugin', () => {
    const { config, problems } = parse(`{
      "$schema": "./config.schema.json", // for the editor
      /* what I like */ "player": "vlc",
      "progress": { "watchedAt": 0.95, },
      "routing": { "http": "files", ".mkv": "files" },
      "plugins": {
        "mpv": false,
        "torrent": { "alias": "bt", "config": { "port": 7000, "limits": {} } },
        "./mine": { "config": { "token": "x", "more": 1 }, "enabled": false },
      },
    }`);
    expect(problems).toEqual([]);
    expect(config).toEqual({
      player: 'vlc',
      autoplayNext: 'episodes',
      progress: { watchedAt: 0.95, beginAfter: 30 },
      routing: { http: 'files', '.mkv': 'files' },
      plugins: {
        mpv: { enabled: false, config: {} },
        torrent: { enabled: true, alias: 'bt', config: { port: 7000, trackers: [], limits: { up: 100 } } },
        './mine': { enabled: false, config: { token: 'x', more: 1 } },
      },
    });
  });

  it('leaves plugins alone while nothing is known of them', () => {
    const { config, problems } = parseConfig('{"plugins":{"new":{"config":{"a":1}}}}', FILE);
    expect(problems).toEqual([]);
    expect(config.plugins).toEqual({ new: { enabled: true, config: { a: 1 } } });
  });

  it.each([
    ['{\n  "player" "vlc"\n}', 2, 12, 'a colon after the key'],
    ['{\n  "player": "vlc"\n  "autoplayNext": "never"\n}', 3, 3, 'a comma'],
    ['{\n  player: "vlc"\n}', 2, 3, 'double quotes around keys and text'],
    ['{ "player": ', 1, 13, 'a value'],
    ['{ "player": "vlc" ', 1, 19, 'a closing brace }'],
    ['{ "player": "vlc }', 1, 13, 'a closing double quote'],
    ['{}\r\n{}', 2, 1, 'nothing more after the last brace'],
  ])('says where the syntax of %j breaks', (text, line, column, expected) => {
    expect(only(text)).toMatchObject({
      code: 'CONFIG_SYNTAX',
      file: FILE,
      line,
      column,
      message: `${FILE}:${line}:${column}: Expected ${expected}.`,
    });
  });

  it('refuses a nesting that nobody could walk over', () => {
    expect(only(`{ "x":\n${'['.repeat(100_000)}`)).toMatchObject({
      code: 'CONFIG_SYNTAX',
      message: `${FILE}:2:100: Expected no more than 100 levels of braces and brackets.`,
    });
  });

  it.each([
    ['{\n "player": 5 }', 2, 12, 'player must be a string and is a number', undefined],
    [
      '{ "autoplayNext": "alway" }',
      1,
      19,
      'autoplayNext must be one of "episodes", "always", "never"',
      'Did you mean "always"?',
    ],
    ['{ "progress": { "watchedAt": 90 } }', 1, 30, 'progress.watchedAt must be at most 1', undefined],
    [
      '{ "progress":\n  { "wachedAt": 0.9 } }',
      2,
      5,
      'progress.wachedAt is not known',
      'Did you mean "watchedAt"?',
    ],
    [
      '{ "theme": 1 }',
      1,
      3,
      'theme is not known',
      'Known here: autoplayNext, player, plugins, progress, routing.',
    ],
    [
      '{ "plugins": { "mpv": "yes" } }',
      1,
      23,
      'plugins.mpv must be a boolean or an object and is a string',
      undefined,
    ],
    [
      '{ "plugins": { "mpv": { "enable": true } } }',
      1,
      25,
      'plugins.mpv.enable is not known',
      'Did you mean "enabled"?',
    ],
    ['[]', 1, 1, 'The file must be an object and is an array', undefined],
    ['{ "routing": { "http": 1 } }', 1, 24, 'routing.http must be a string and is a number', undefined],
  ])('says what is wrong in %j', (text, line, column, message, hint) => {
    const problem = only(text);
    expect(problem).toMatchObject({ code: 'CONFIG_INVALID', line, column });
    expect(problem.message).toBe(`${FILE}:${line}:${column}: ${message}.`);
    expect(problem.hint).toBe(hint ?? '"kinoport config schema" tells what may stand there.');
    expect(parse(text).config).toEqual(defaultConfig());
  });

  it('tells all mistakes at once, in order of their places', () => {
    const { problems } = parse('{ "player": 1,\n "plugin": {},\n "autoplayNext": 2 }');
    expect(problems.map((problem) => problem.line)).toEqual([1, 2, 3]);
  });

  it.each([
    [
      '{"plugins":{"torrent":{"config":\n{"port": 0}}}}',
      2,
      10,
      'plugins.torrent.config.port must be at least 1',
    ],
    ['{"plugins":{"torrent":{"config":\n{"prot": 1}}}}', 2, 2, 'plugins.torrent.config.prot is not known'],
    [
      '{"plugins":{"torrent":{"config":\n{"trackers": ["http://a/", "no"]}}}}',
      2,
      28,
      'plugins.torrent.config.trackers[1] must match format "uri"',
    ],
    ['{"plugins":{"mpv":{"config":\n{"a": 1}}}}', 2, 2, 'plugins.mpv.config.a is not known'],
    ['{"plugins":{\n"./mine": true}}', 2, 11, 'plugins["./mine"].config needs "token"'],
  ])('checks the slice of a plugin against its schema: %j', (text, line, column, message) => {
    expect(only(text)).toMatchObject({ code: 'CONFIG_INVALID', line, column });
    expect(only(text).message).toBe(`${FILE}:${line}:${column}: ${message}.`);
  });

  it('keeps the rest in force when one slice is wrong', () => {
    const { config } = parse('{ "player": "vlc", "plugins": { "torrent": { "config": { "port": 0 } } } }');
    expect(config.player).toBe('vlc');
    expect(config.plugins.torrent?.config).toEqual({ port: 6881, trackers: [], limits: { up: 100 } });
  });

  it('names the plugin that was probably meant, and leaves the unknown one out', () => {
    const text = '{ "plugins": {\n  "torent": true } }';
    expect(only(text)).toMatchObject({
      code: 'CONFIG_UNKNOWN_PLUGIN',
      line: 2,
      column: 3,
      hint: 'Did you mean "torrent"?',
    });
    expect(parse(text).config.plugins).toEqual({});
  });

  it('does not ask a plugin that is off to be set up', () => {
    expect(parse('{"plugins":{"./mine": false}}').problems).toEqual([]);
  });

  it('reports a schema that is none at the plugin that brings it', () => {
    const broken: PluginSchemas = {
      schemaOf: () => ({ type: 'object', properties: { a: { type: 'nope' } } }),
    };
    const { problems } = parseConfig('{"plugins":{\n"x": true}}', FILE, { plugins: broken });
    expect(problems).toEqual([
      expect.objectContaining({ code: 'PLUGIN_MANIFEST_INVALID', line: 2, column: 1 }),
    ]);
  });

  it('never prints a value, which could be a secret', () => {
    const { problems } = parse('{"plugins":{"torrent":{"config":{"port":"s3cret","folder":{"s3cret":1}}}}}');
    expect(problems).toHaveLength(2);
    expect(JSON.stringify(problems.map(({ message, hint }) => [message, hint]))).not.toContain('s3cret');
  });
});

describe('defaultPluginSetting', () => {
  it('is what a plugin has that the config does not name', () => {
    const config = { port: 6881, trackers: [], limits: { up: 100 } };
    expect(defaultPluginSetting(torrent)).toEqual({ enabled: true, config });
    expect(defaultPluginSetting(undefined)).toEqual({ enabled: true, config: {} });
  });
});

describe('readConfigFile', () => {
  it('takes a missing file for all defaults', () => {
    expect(readConfigFile(join(scratchFolder(), 'config.jsonc'))).toEqual({
      config: defaultConfig(),
      usable: true,
      problems: [],
    });
  });

  it('says why a file cannot be read', () => {
    const file = join(scratchFolder(), 'config.jsonc');
    mkdirSync(file);
    expect(readConfigFile(file)).toEqual({
      config: defaultConfig(),
      usable: false,
      problems: [expect.objectContaining({ code: 'CONFIG_UNREADABLE', file, line: 1, column: 1 })],
    });
  });

  it.skipIf(process.getuid?.() === 0 || process.platform === 'win32')('says that it may not be read', () => {
    const file = join(scratchFolder(), 'config.jsonc');
    writeFileSync(file, '{}');
    chmodSync(file, 0);
    expect(readConfigFile(file).problems[0]?.message).toContain('permission denied');
  });
});
