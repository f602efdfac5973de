import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { KinoportError, serializeError } from '@kinoport/core';
import type { ConformanceSurroundings, MakeConformance, PluginConformance } from '@kinoport/core/conformance';
import Type from 'typebox';
import { checkedSchema } from '../validation.ts';

const NAMES = ['js', 'mjs', 'ts', 'mts'].map((extension) => `kinoport.conformance.${extension}`);

const optional = Type.Optional;
const bytes = Type.Unsafe<Uint8Array>({});

const schema = checkedSchema<PluginConformance>(() =>
  Type.Object(
    {
      config: optional(Type.Record(Type.String(), Type.Unknown())),
      players: optional(
        Type.Record(
          Type.String(),
          Type.Object({ media: optional(Type.Object({})), options: optional(Type.Object({})) }),
        ),
      ),
      syncs: optional(
        Type.Record(
          Type.String(),
          Type.Object({ people: Type.Array(Type.Object({}), { minItems: 2, maxItems: 2 }) }),
        ),
      ),
      sources: optional(
        Type.Record(
          Type.String(),
          Type.Object({
            samples: Type.Array(
              Type.Object({
                uri: Type.String({ minLength: 1 }),
                kind: optional(Type.Enum(['single', 'playlist', 'folder'])),
                titles: optional(Type.Array(Type.String())),
                bytes: optional(bytes),
              }),
              { minItems: 1 },
            ),
            missing: optional(Type.String()),
            empty: optional(Type.String()),
            container: optional(Type.String()),
            query: optional(Type.String()),
          }),
        ),
      ),
    },
    { additionalProperties: false },
  ),
);

/**
 * What the plugin's folder says of how it is to be tested; nothing where it says nothing.
 * @throws KinoportError `INVALID_ARGUMENT`
 */
export async function readSetting(
  root: string,
  surroundings: ConformanceSurroundings,
): Promise<PluginConformance> {
  const file = NAMES.map((name) => join(root, name)).find((path) => existsSync(path));
  if (file === undefined) return {};
  let value: unknown;
  try {
    const module = (await import(pathToFileURL(file).href)) as { readonly default?: unknown };
    const given = module.default;
    value = typeof given === 'function' ? await (given as MakeConformance)(surroundings) : given;
  } catch (error) {
    throw new KinoportError('INVALID_ARGUMENT', `${file} failed: ${serializeError(error).message}`, {
      hint: 'It runs before the plugin is started.',
      cause: error,
    });
  }
  const problem = schema.problem(value);
  if (!problem) return value as PluginConformance;
  throw new KinoportError(
    'INVALID_ARGUMENT',
    `${file}: ${problem.path || 'the default export'} ${problem.message}.`,
    { hint: 'docs/plugins/testing.md says what it may hold.' },
  );
}
