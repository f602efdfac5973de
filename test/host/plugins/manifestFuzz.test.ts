import {
  type JsonObject,
  type JsonValue,
  KinoportError,
  manifestSchema,
  type PluginManifest,
} from '@kinoport/core';
import { afterAll, describe, expect, it } from 'vitest';
import { readManifest } from '../../../host/src/plugins/manifest.ts';
import { Random } from '../../support/random.ts';
import { PluginFolders } from './support/pluginFolders.ts';
import { type Place, placesIn, type Samples, validValue } from './support/schemaValues.ts';

const folders = new PluginFolders();
afterAll(() => folders.dispose());

const SAMPLES: Samples = {
  '^[a-z0-9][a-z0-9-]{0,62}$': ['a', '0', 'a-b', 'x'.repeat(63), '7-'],
  '^(\\*|~|~[/\\\\].{1,1000}|/.{0,1000}|[A-Za-z]:[/\\\\].{0,1000})$': [
    '*',
    '~',
    '~/films',
    '/',
    '/a b',
    'C:\\x',
    'd:/',
  ],
  '^(onStartup|onPlayback|(onPlayer|onSource|onScheme|onCommand):.{1,100})$': [
    'onStartup',
    'onPlayer:mpv',
    'onCommand:a b',
  ],
  '^((player|source|sync)(:[a-z0-9][a-z0-9-]{0,62})?|service:[a-z0-9][a-z0-9-]{0,62})$': [
    'player',
    'source:x',
    'service:s',
  ],
  '^(\\*|loopback|(\\*\\.)?[A-Za-z0-9][A-Za-z0-9.-]{0,252})$': [
    '*',
    'loopback',
    '*.example.org',
    'localhost',
  ],
  '^(\\*|[a-z][a-z0-9+.-]{1,30})$': ['*', 'http', 'x+y.z-1'],
  '^[A-Za-z_][A-Za-z0-9_]{0,99}$': ['LIBVA_DRIVER_NAME', '_x', 'http_proxy'],
  '^[a-z0-9]{1,20}$': ['mkv', '3gp'],
  '^\\./.{1,200}$': ['./index.js', './/index.js'],
  '^[a-z][a-z0-9-]{0,30}( [a-z][a-z0-9-]{0,30})?$': ['do', 'do it', 'a-1 b-2'],
  '^[a-z][a-zA-Z0-9-]{0,30}$': ['a', 'oneTwo', 'a-B'],
  '^[a-z][a-z0-9-]{0,30}$': ['a', 'one-two'],
};

const kinoportSchema = manifestSchema.properties.kinoport;

function kinoportOf(random: Random): JsonObject {
  const value = validValue(kinoportSchema, random, SAMPLES) as JsonObject;
  return declared({
    ...value,
    experimental: ['services'],
  } as unknown as PluginManifest) as unknown as JsonObject;
}

/** What the schema cannot say: options that take a value may stand for a variable, which is among the permitted ones. */
function declared(manifest: PluginManifest): PluginManifest {
  const environment = new Set(manifest.permissions?.environment);
  const commands = (manifest.contributes?.commands ?? []).map(({ options = [], ...command }) => ({
    ...command,
    options: options.map(({ env, ...option }) => {
      if (env === undefined || option.type === 'boolean') return option;
      environment.add(env);
      return { ...option, env };
    }),
  }));
  return {
    ...manifest,
    ...(manifest.contributes && { contributes: { ...manifest.contributes, commands } }),
    ...(environment.size > 0 && {
      permissions: { ...manifest.permissions, environment: [...environment].slice(0, 100) },
    }),
  };
}

/** What reading the manifest says: `undefined` when it is taken. */
function read(kinoport: JsonValue): KinoportError | undefined {
  try {
    readManifest(folders.add('fuzzed', { kinoport }));
    return undefined;
  } catch (error) {
    if (error instanceof KinoportError) return error;
    throw error;
  }
}

/** Changes that make a value one of which the schema does not approve. */
const FAULTS: readonly ((place: Place, random: Random) => JsonValue | undefined)[] = [
  ({ schema }, random) => {
    const other = { string: 7, boolean: 'yes', array: {}, object: [], number: 'x' } as Record<
      string,
      JsonValue
    >;
    if (typeof schema.type !== 'string') return Array.isArray(schema.enum) ? { none: 'of them' } : undefined;
    return random.pick([null, other[schema.type] ?? null]);
  },
  ({ schema, get }) =>
    schema.additionalProperties === false ? { ...(get() as JsonObject), unexpected: 1 } : undefined,
  ({ schema, get }) => {
    const [needed] = (schema.required ?? []) as readonly string[];
    if (needed === undefined) return undefined;
    const { [needed]: _, ...rest } = get() as JsonObject;
    return rest;
  },
  ({ schema }) => (schema.maxLength === undefined ? undefined : 'x'.repeat(Number(schema.maxLength) + 1)),
  ({ schema }) => (schema.minLength === undefined ? undefined : ''),
  ({ schema }, random) =>
    schema.pattern === undefined
      ? undefined
      : random.pick(['', '!', '-a!', 'ж', `${'a'.repeat(100_000)}!\n`, '__proto__!']),
  ({ schema, get }) => {
    const list = get();
    return schema.uniqueItems === true && Array.isArray(list) && list.length > 0
      ? [...list, list[0] as JsonValue]
      : undefined;
  },
  ({ schema }) =>
    schema.maxItems === undefined
      ? undefined
      : Array.from({ length: Number(schema.maxItems) + 1 }, (_, n) => n),
];

describe('manifests made from the schema', () => {
  it.each(Array.from({ length: 100 }, (_, seed) => seed))(
    'are taken when they are valid (seed %i)',
    (seed) => {
      const kinoport = kinoportOf(new Random(seed));
      expect(read(kinoport), JSON.stringify(kinoport)).toBeUndefined();
    },
  );

  it.each(Array.from({ length: 300 }, (_, seed) => seed))(
    'are refused with the place of the one fault (seed %i)',
    (seed) => {
      const random = new Random(10_000 + seed);
      for (;;) {
        const kinoport = kinoportOf(random);
        const place = random.pick([...placesIn({ kinoport }, { properties: { kinoport: kinoportSchema } })]);
        const fault = random.pick(FAULTS)(place, random);
        if (fault === undefined) continue;
        let changed: JsonValue = kinoport;
        if (place.pointer === '/kinoport') changed = fault;
        else place.set(fault);
        const error = read(changed);
        expect(error, JSON.stringify(changed)?.slice(0, 2_000)).toMatchObject({
          code: 'PLUGIN_MANIFEST_INVALID',
        });
        const { path } = (error?.data ?? { path: '' }) as { readonly path: string };
        expect(
          path.startsWith(place.pointer) || place.pointer.startsWith(path),
          `${place.pointer} or ${path}`,
        ).toBe(true);
        expect(error?.message).toContain(path);
        return;
      }
    },
  );

  it('never end otherwise than taken or refused with a code, whatever they are', () => {
    const random = new Random(7);
    const any = (depth: number): JsonValue => {
      if (depth === 0)
        return random.pick<JsonValue>([null, true, 0, -1e308, '', '__proto__', 'constructor', '\ud800']);
      const keys = [
        'id',
        'contributes',
        'sources',
        'configuration',
        'properties',
        '__proto__',
        '$ref',
        'type',
        'toString',
      ];
      return random.below(2) === 0
        ? Array.from({ length: random.below(4) }, () => any(depth - 1))
        : Object.fromEntries(
            Array.from({ length: random.below(5) }, () => [random.pick(keys), any(depth - 1)]),
          );
    };
    for (let n = 0; n < 500; n += 1) {
      const error = read(any(random.below(6)));
      if (error) expect(error.code).toBe('PLUGIN_MANIFEST_INVALID');
    }
  });

  it('that nest without end are refused or taken, not followed', () => {
    const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
    for (const inner of [
      deep(400_000),
      `{"contributes":{"configuration":{"properties":{"a":${deep(100_000)}}}}}`,
    ]) {
      const root = folders.raw('deep', {
        'package.json': `{"name":"kinoport-plugin-deep","version":"1.0.0","engines":{"kinoport":"^0.1.0"},"kinoport":${inner}}`,
        'index.js': '',
      });
      let thrown: unknown;
      try {
        readManifest(root);
      } catch (error) {
        thrown = error;
      }
      if (thrown !== undefined) expect(thrown).toMatchObject({ code: 'PLUGIN_MANIFEST_INVALID' });
    }
  });
});
