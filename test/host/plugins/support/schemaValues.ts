import type { JsonObject, JsonValue } from '@kinoport/core';
import type { Random } from '../../../support/random.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Texts for each pattern of a schema, which cannot be made from the pattern itself. */
export type Samples = Readonly<Record<string, readonly string[]>>;

/** A member of a value together with its schema and its place, as a JSON pointer. */
export interface Place {
  readonly pointer: string;
  readonly schema: Schema;
  readonly get: () => JsonValue | undefined;
  readonly set: (value: JsonValue | undefined) => void;
}

const record = (value: unknown): Readonly<Record<string, Schema>> => (value ?? {}) as Record<string, Schema>;

/** A value of which a schema approves. */
export function validValue(schema: Schema, random: Random, samples: Samples): JsonValue {
  if (schema.const !== undefined) return schema.const as JsonValue;
  if (Array.isArray(schema.enum)) return random.pick(schema.enum as JsonValue[]);
  const type = Array.isArray(schema.type) ? random.pick(schema.type as string[]) : schema.type;
  if (type === 'boolean') return random.below(2) === 0;
  if (type === 'number' || type === 'integer') return random.below(1000);
  if (type === 'string') return text(schema, random, samples);
  if (type === 'array') {
    const made = Array.from({ length: random.below(4) }, () =>
      validValue(schema.items as Schema, random, samples),
    );
    return [...new Map(made.map((item) => [JSON.stringify(item), item])).values()];
  }
  return object(schema, random, samples);
}

function text(schema: Schema, random: Random, samples: Samples): string {
  if (typeof schema.pattern === 'string') {
    const known = samples[schema.pattern];
    if (!known) throw new Error(`There are no samples for ${schema.pattern}.`);
    return random.pick(known);
  }
  const { minLength = 0, maxLength = 20 } = schema as { minLength?: number; maxLength?: number };
  const length = minLength + random.below(Math.min(maxLength, 20) - minLength + 1);
  const letters = ['a', 'Z', '0', ' ', 'ж', '"', '\\', '\n', '\u2028', '__proto__'];
  return Array.from({ length }, () => random.pick(letters))
    .join('')
    .slice(0, maxLength)
    .padEnd(minLength, 'x');
}

function object(schema: Schema, random: Random, samples: Samples): JsonObject {
  const alternatives = (schema.oneOf ?? []) as readonly { readonly required: readonly string[] }[];
  const chosen = alternatives.length > 0 ? random.pick(alternatives).required : [];
  const excluded = alternatives.flatMap(({ required }) => required).filter((key) => !chosen.includes(key));
  const needed = [...((schema.required ?? []) as readonly string[]), ...chosen];
  const entries = Object.entries(record(schema.properties))
    .filter(([key]) => needed.includes(key) || (!excluded.includes(key) && random.below(2) === 0))
    .map(([key, member]) => [key, validValue(member, random, samples)] as const);
  return Object.fromEntries(entries);
}

/** Every member of a value that its schema says something about. */
export function* placesIn(value: JsonValue, schema: Schema, pointer = ''): Generator<Place> {
  if (Array.isArray(value)) {
    for (const [index] of value.entries())
      yield* member(
        value as unknown as Record<string, JsonValue>,
        String(index),
        schema.items as Schema,
        pointer,
      );
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, known] of Object.entries(record(schema.properties)))
      if (Object.hasOwn(value, key)) yield* member(value as Record<string, JsonValue>, key, known, pointer);
  }
}

function* member(
  owner: Record<string, JsonValue>,
  key: string,
  schema: Schema,
  above: string,
): Generator<Place> {
  const pointer = `${above}/${key}`;
  yield {
    pointer,
    schema,
    get: () => owner[key],
    set: (value) => {
      if (value === undefined) delete owner[key];
      else owner[key] = value;
    },
  };
  yield* placesIn(owner[key] as JsonValue, schema, pointer);
}
