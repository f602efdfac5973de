import { KinoportError } from '@kinoport/core';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import type { JsonPath } from './jsonText.ts';
import { nearest } from './nearest.ts';

/** One thing that is wrong with a value. */
export interface Mistake {
  readonly path: JsonPath;
  /** The mistake is the key at `path` itself, not its value. */
  readonly isKey: boolean;
  /** Goes on after the path: `must be a number and is a string`. */
  readonly text: string;
  readonly hint: string | undefined;
}

let shared: Ajv | undefined;

function validator(): Ajv {
  if (shared) return shared;
  // `strict` would refuse what authors write for editors, such as `markdownDescription`.
  shared = new Ajv({
    allErrors: true,
    useDefaults: true,
    strict: false,
    verbose: true,
    logger: false,
    // Compiling the meta schema took half of the time; a keyword that is misused still fails when compiled.
    meta: false,
    validateSchema: false,
  });
  formats.default(shared);
  return shared;
}

interface Compiled {
  readonly schema: object;
  readonly check: ValidateFunction;
}

/** Of as many schemas as are likely to be in use, the newest last: manifests are read again and again. */
const compiled = new Map<string, Compiled>();
const MOST_COMPILED = 200;

/**
 * A copy of `value` with the schema's defaults filled in, and what is wrong with it. `value` is not changed.
 * @throws KinoportError `PLUGIN_MANIFEST_INVALID` when the schema itself is none
 */
export function validate(
  schema: object,
  value: unknown,
): { readonly value: unknown; readonly mistakes: readonly Mistake[] } {
  const check = compile(schema);
  const copy: unknown = structuredClone(value);
  check(copy);
  const mistakes = new Map<string, Mistake>();
  for (const error of check.errors ?? []) {
    const mistake = mistakeOf(error, copy);
    const place = JSON.stringify(mistake.path);
    if (!mistakes.has(place)) mistakes.set(place, mistake);
  }
  return { value: copy, mistakes: [...mistakes.values()] };
}

function compile(schema: object): ValidateFunction {
  const text = JSON.stringify(schema);
  const known = compiled.get(text);
  if (known !== undefined) {
    compiled.delete(text);
    compiled.set(text, known);
    return known.check;
  }
  try {
    // The draft that the author names would be looked up as a schema of its own; keywords are what counts.
    const { $schema: _, $id: __, ...rest } = { $schema: undefined, $id: undefined, ...schema };
    const check = validator().compile(rest);
    compiled.set(text, { schema: rest, check });
    forgetOldest();
    return check;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KinoportError('PLUGIN_MANIFEST_INVALID', `The configuration schema is not valid: ${reason}.`, {
      hint: 'Its author has to correct `contributes.configuration` in the package.json.',
      cause: error,
    });
  }
}

/** A schema that an author types grows with every key; the checker itself would keep them all. */
function forgetOldest(): void {
  const [oldest] = compiled;
  if (compiled.size <= MOST_COMPILED || oldest === undefined) return;
  const [text, { schema }] = oldest;
  compiled.delete(text);
  validator().removeSchema(schema);
}

function mistakeOf(error: ErrorObject, root: unknown): Mistake {
  const path = pathOf(error.instancePath, root);
  const { params } = error;
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(params.additionalProperty);
      const known = Object.keys(propertiesOf(error.parentSchema));
      return { path: [...path, key], isKey: true, text: 'is not known', hint: suggest(key, known) };
    }
    case 'required':
      return { path, isKey: false, text: `needs "${params.missingProperty}"`, hint: undefined };
    case 'type': {
      const expected = (Array.isArray(params.type) ? params.type : [params.type]).map(articled);
      const text = `must be ${expected.join(' or ')} and is ${typeName(error.data)}`;
      return { path, isKey: false, text, hint: undefined };
    }
    case 'enum': {
      const allowed: readonly unknown[] = Array.isArray(params.allowedValues) ? params.allowedValues : [];
      const text = `must be one of ${allowed.map((value) => JSON.stringify(value)).join(', ')}`;
      const words = allowed.filter((value) => typeof value === 'string');
      const close = typeof error.data === 'string' ? nearest(error.data, words) : undefined;
      return { path, isKey: false, text, hint: close === undefined ? undefined : `Did you mean "${close}"?` };
    }
    case 'minimum':
      return { path, isKey: false, text: `must be at least ${params.limit}`, hint: undefined };
    case 'maximum':
      return { path, isKey: false, text: `must be at most ${params.limit}`, hint: undefined };
    default:
      return { path, isKey: false, text: error.message ?? 'is not as expected', hint: undefined };
  }
}

/** A hint out of the words that would have been right. */
export function suggest(word: string, known: readonly string[]): string {
  const close = nearest(word, known);
  if (close !== undefined) return `Did you mean "${close}"?`;
  if (known.length === 0) return 'Remove it; nothing can be set here.';
  return `Known here: ${known
    .filter((key) => key !== '$schema')
    .sort()
    .join(', ')}.`;
}

function propertiesOf(schema: unknown): Record<string, unknown> {
  if (typeof schema !== 'object' || schema === null || !('properties' in schema)) return {};
  return typeof schema.properties === 'object' && schema.properties !== null ? { ...schema.properties } : {};
}

/** A JSON pointer as a path; only the value tells an array's index from a key of digits. */
function pathOf(pointer: string, root: unknown): JsonPath {
  const path: (string | number)[] = [];
  let value: unknown = root;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(value) ? Number(key) : key);
    value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  }
  return path;
}

function articled(type: string): string {
  return type === 'null' ? 'null' : /^[aeio]/.test(type) ? `an ${type}` : `a ${type}`;
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  return articled(Array.isArray(value) ? 'array' : typeof value);
}
