import { type JsonObject, PRODUCT } from '@kinoport/core';
import { HostConfigSchema } from './schema.ts';
import { propertiesOf, secretNames, withoutSecrets } from './secretProperties.ts';

/** What the schema of the file says about one plugin. */
export interface ConfigurablePlugin {
  readonly id: string;
  readonly displayName?: string;
  readonly description?: string;
  /** The manifest's `contributes.configuration`. */
  readonly configuration?: JsonObject;
}

/** JSON Schema (draft 7) of the whole config file, for editors: completion, descriptions, red underlines. */
export function configJsonSchema(plugins: readonly ConfigurablePlugin[]): JsonObject {
  // The builder's schemas are plain JSON but for hidden marks, which this takes away.
  const host = JSON.parse(JSON.stringify(HostConfigSchema)) as HostSchemaJson;
  const anyPlugin = Object.values(host.properties.plugins.patternProperties)[0] ?? {};
  const properties = Object.fromEntries(plugins.map((plugin) => [plugin.id, pluginEntry(plugin, anyPlugin)]));
  const { patternProperties: _, ...pluginsMember } = host.properties.plugins;
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: `${PRODUCT.name} configuration`,
    ...host,
    // Every member has a default, so a file need not have any.
    required: [],
    properties: {
      ...withoutRequired(host.properties),
      plugins: { ...pluginsMember, properties, additionalProperties: anyPlugin },
    },
  };
}

interface HostSchemaJson extends JsonObject {
  readonly properties: JsonObject & {
    readonly plugins: JsonObject & { readonly patternProperties: Readonly<Record<string, JsonObject>> };
  };
}

function withoutRequired(properties: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(properties).map(([key, schema]) => {
      if (!isObject(schema)) return [key, schema];
      const { required: _, ...rest } = schema;
      return [key, rest];
    }),
  );
}

function pluginEntry(plugin: ConfigurablePlugin, anyPlugin: JsonObject): JsonObject {
  const members = isObject(anyPlugin.properties) ? anyPlugin.properties : {};
  const title = plugin.displayName ?? plugin.id;
  return {
    ...anyPlugin,
    title,
    description: plugin.description ?? title,
    properties: {
      ...members,
      config: {
        // `#/...` inside the plugin's schema goes on meaning that schema.
        $id: `${PRODUCT.command}:plugin/${plugin.id}`,
        type: 'object',
        additionalProperties: false,
        ...(plugin.configuration ? withSecretsElsewhere(plugin.id, plugin.configuration) : {}),
      },
    },
  };
}

/** A secret is still known to editors: as something that nothing may be, and why. */
function withSecretsElsewhere(id: string, schema: JsonObject): JsonObject {
  const properties = propertiesOf(schema);
  const elsewhere = secretNames(schema).map((name): [string, JsonObject] => {
    const property = properties[name];
    const description = isObject(property) && property.description ? `${String(property.description)} ` : '';
    const where = `A secret, which does not belong into this file. Set it by: ${PRODUCT.command} config secret ${id} ${name}`;
    return [
      name,
      { not: {}, description: `${description}${where}`, errorMessage: where, doNotSuggest: true },
    ];
  });
  if (elsewhere.length === 0) return schema;
  const stripped = withoutSecrets(schema);
  return { ...stripped, properties: { ...propertiesOf(stripped), ...Object.fromEntries(elsewhere) } };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
