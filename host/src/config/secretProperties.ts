import type { JsonObject } from '@kinoport/core';

/** Names of the settings that a plugin's schema marks `"secret": true`. */
export function secretNames(schema: JsonObject | undefined): readonly string[] {
  return Object.entries(propertiesOf(schema)).flatMap(([name, property]) =>
    isObject(property) && property.secret === true ? [name] : [],
  );
}

/** The schema of what stands in the config file: without the secrets. */
export function withoutSecrets(schema: JsonObject): JsonObject {
  const secrets = new Set(secretNames(schema));
  if (secrets.size === 0) return schema;
  const properties = Object.entries(propertiesOf(schema)).filter(([name]) => !secrets.has(name));
  const required = requiredOf(schema).filter((name) => !secrets.has(name));
  return { ...schema, properties: Object.fromEntries(properties), required };
}

/** What is wrong with a schema's secrets: the JSON pointer of the place, and why. */
export function misplacedSecret(
  schema: JsonObject,
): { readonly path: string; readonly message: string } | undefined {
  for (const [name, property] of Object.entries(propertiesOf(schema))) {
    if (!isObject(property)) continue;
    const path = `/properties/${name}`;
    const { secret, ...rest } = property;
    if (secret === true) {
      if (rest.type !== 'string') return { path, message: 'is a secret and has to be of type string' };
      if ('default' in rest) return { path, message: 'is a secret and cannot have a default' };
    }
    const nested = secretWithin(rest, path);
    if (nested !== undefined) return nested;
  }
  const { properties: _, ...rest } = schema;
  return secretWithin(rest, '');
}

/** Values, not schemas: what stands in them means nothing. */
const PLAIN = new Set(['default', 'const', 'enum', 'examples']);

function secretWithin(
  value: unknown,
  path: string,
): { readonly path: string; readonly message: string } | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  // Below `properties` stand names, and one may be called so.
  if (!path.endsWith('/properties') && 'secret' in value && value.secret === true)
    return { path, message: 'cannot be secret: only a property of the outermost object can' };
  for (const [key, entry] of Object.entries(value)) {
    if (PLAIN.has(key)) continue;
    const found = secretWithin(entry, `${path}/${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What has to be set, secrets among it. */
export function requiredOf(schema: JsonObject | undefined): readonly string[] {
  const required = schema?.required;
  return Array.isArray(required) ? required.filter((name) => typeof name === 'string') : [];
}

/** The schemas of single settings by name. */
export function propertiesOf(schema: JsonObject | undefined): JsonObject {
  return isObject(schema?.properties) ? schema.properties : {};
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
