import type { JsonObject } from './json.ts';

/** A plugin's `package.json`, as far as the host reads it. Other members are left alone. */
export interface PluginPackage {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  /** The entry module: `exports['.']` (string or `default`), else `main`. */
  readonly main?: string;
  readonly engines: { readonly kinoport: string; readonly node?: string };
  readonly kinoport: PluginManifest;
}

/** The `kinoport` member of a plugin's `package.json`. Read and validated without running code. */
export interface PluginManifest {
  /** Default: the package name without scope and `kinoport-plugin-`. Key in config, logs, storage, commands. */
  readonly id?: string;
  readonly displayName?: string;
  readonly contributes?: Contributions;
  /** When the plugin's process is started, besides what its contributions imply. */
  readonly activationEvents?: readonly string[];
}

export interface Contributions {
  readonly players?: readonly PlayerContribution[];
  readonly sources?: readonly SourceContribution[];
  readonly syncs?: readonly { readonly id: string; readonly displayName?: string }[];
  readonly commands?: readonly CommandContribution[];
  /** JSON Schema of the plugin's slice of the config; `type: object` with `properties` and defaults. */
  readonly configuration?: JsonObject;
}

export interface PlayerContribution {
  readonly id: string;
  readonly displayName?: string;
}

/** Most specific first when several answer: id prefix, file extension, scheme, `*`. */
export interface SourceContribution {
  readonly id: string;
  readonly displayName?: string;
  /** URI schemes of two letters or more without the colon; `file` stands for local paths. `*` is any. */
  readonly schemes?: readonly string[];
  /** File extensions without the dot. */
  readonly extensions?: readonly string[];
  /** Beginnings of addresses, `tt` for instance. */
  readonly prefixes?: readonly string[];
  readonly search?: boolean;
}

export interface CommandContribution {
  /** The subcommand's name, one or two words: `torrent list`. */
  readonly command: string;
  readonly title: string;
  readonly args?: readonly {
    readonly name: string;
    readonly type?: CommandValueType;
    readonly description?: string;
    readonly required?: boolean;
    /** Takes all that is left; only the last one. */
    readonly variadic?: boolean;
  }[];
  readonly options?: readonly {
    /** Without dashes. */
    readonly name: string;
    readonly type?: CommandValueType | 'boolean';
    readonly description?: string;
    readonly default?: string | number | boolean;
  }[];
}

/** `path` is made absolute by the client against its own folder; `uri` is a path or an address. */
export type CommandValueType = 'string' | 'number' | 'path' | 'uri';

const id = { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{0,62}$' } as const;
const name = { type: 'string', minLength: 1, maxLength: 100 } as const;
const unique = { uniqueItems: true, maxItems: 100 } as const;

/** JSON Schema (draft 7) of the parts of `package.json` that make a plugin. */
export const manifestSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Kinoport plugin package',
  type: 'object',
  required: ['name', 'version', 'engines', 'kinoport'],
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 214 },
    version: { type: 'string', minLength: 1, maxLength: 100 },
    description: { type: 'string' },
    main: { type: 'string', minLength: 1 },
    engines: {
      type: 'object',
      required: ['kinoport'],
      properties: { kinoport: { type: 'string', minLength: 1 }, node: { type: 'string' } },
    },
    kinoport: {
      type: 'object',
      additionalProperties: false,
      properties: {
        id,
        displayName: name,
        activationEvents: {
          type: 'array',
          ...unique,
          items: {
            type: 'string',
            pattern: '^(onStartup|onPlayback|(onPlayer|onSource|onScheme|onCommand):.{1,100})$',
          },
        },
        contributes: {
          type: 'object',
          additionalProperties: false,
          properties: {
            players: {
              type: 'array',
              ...unique,
              items: {
                type: 'object',
                additionalProperties: false,
                required: ['id'],
                properties: { id, displayName: name },
              },
            },
            sources: {
              type: 'array',
              ...unique,
              items: {
                type: 'object',
                additionalProperties: false,
                required: ['id'],
                properties: {
                  id,
                  displayName: name,
                  schemes: {
                    type: 'array',
                    ...unique,
                    items: { type: 'string', pattern: '^(\\*|[a-z][a-z0-9+.-]{1,30})$' },
                  },
                  extensions: {
                    type: 'array',
                    ...unique,
                    items: { type: 'string', pattern: '^[a-z0-9]{1,20}$' },
                  },
                  prefixes: {
                    type: 'array',
                    ...unique,
                    items: { type: 'string', minLength: 1, maxLength: 50 },
                  },
                  search: { type: 'boolean' },
                },
              },
            },
            syncs: {
              type: 'array',
              ...unique,
              items: {
                type: 'object',
                additionalProperties: false,
                required: ['id'],
                properties: { id, displayName: name },
              },
            },
            commands: {
              type: 'array',
              ...unique,
              items: {
                type: 'object',
                additionalProperties: false,
                required: ['command', 'title'],
                properties: {
                  command: { type: 'string', pattern: '^[a-z][a-z0-9-]{0,30}( [a-z][a-z0-9-]{0,30})?$' },
                  title: { type: 'string', minLength: 1, maxLength: 200 },
                  args: {
                    type: 'array',
                    maxItems: 20,
                    items: {
                      type: 'object',
                      additionalProperties: false,
                      required: ['name'],
                      properties: {
                        name: { type: 'string', pattern: '^[a-z][a-zA-Z0-9-]{0,30}$' },
                        type: { enum: ['string', 'number', 'path', 'uri'] },
                        description: { type: 'string', maxLength: 300 },
                        required: { type: 'boolean' },
                        variadic: { type: 'boolean' },
                      },
                    },
                  },
                  options: {
                    type: 'array',
                    maxItems: 50,
                    items: {
                      type: 'object',
                      additionalProperties: false,
                      required: ['name'],
                      properties: {
                        name: { type: 'string', pattern: '^[a-z][a-z0-9-]{0,30}$' },
                        type: { enum: ['string', 'number', 'path', 'uri', 'boolean'] },
                        description: { type: 'string', maxLength: 300 },
                        default: { type: ['string', 'number', 'boolean'] },
                      },
                    },
                  },
                },
              },
            },
            configuration: {
              type: 'object',
              required: ['properties'],
              properties: { type: { const: 'object' }, properties: { type: 'object' } },
            },
          },
        },
      },
    },
  },
} as const satisfies JsonObject;

/** The id that a package name stands for when the manifest gives none: `@you/kinoport-plugin-x` is `x`. */
export function defaultPluginId(packageName: string): string {
  return packageName.replace(/^@[^/]*\//, '').replace(/^kinoport-plugin-/, '');
}
