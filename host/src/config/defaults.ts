import type { JsonObject, JsonValue } from '@kinoport/core';

/**
 * What an empty value becomes under a schema: the `default` of each property, those within objects too. The same
 * as the validator's, without loading it: most homes have no config file, and every start would pay for it.
 */
export function schemaDefaults(schema: object): JsonObject {
  const { properties = {} } = schema as { readonly properties?: Readonly<Record<string, object>> };
  const filled: Record<string, JsonValue> = {};
  for (const [key, property] of Object.entries(properties)) {
    const { default: value } = property as { readonly default?: JsonValue };
    if (value === undefined) continue;
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    filled[key] = isObject
      ? { ...schemaDefaults(property), ...(value as JsonObject) }
      : structuredClone(value);
  }
  return filled;
}
