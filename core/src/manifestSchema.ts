import type { JsonObject } from './json.ts';

const id = { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{0,62}$' } as const;
const name = { type: 'string', minLength: 1, maxLength: 100 } as const;
const unique = { uniqueItems: true, maxItems: 100 } as const;
const paths = {
  type: 'array',
  ...unique,
  items: { type: 'string', pattern: '^(\\*|~|~[/\\\\].{1,1000}|/.{0,1000}|[A-Za-z]:[/\\\\].{0,1000})$' },
} as const;
const variables = {
  type: 'array',
  ...unique,
  items: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]{0,99}$' },
} as const;

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
        dependencies: {
          type: 'array',
          ...unique,
          items: {
            type: 'object',
            additionalProperties: false,
            minProperties: 1,
            oneOf: [{ required: ['plugin'] }, { required: ['contract'] }],
            properties: {
              plugin: id,
              version: { type: 'string', minLength: 1, maxLength: 100 },
              contract: {
                type: 'string',
                pattern:
                  '^((player|source|sync)(:[a-z0-9][a-z0-9-]{0,62})?|service:[a-z0-9][a-z0-9-]{0,62})$',
              },
              optional: { type: 'boolean' },
            },
          },
        },
        permissions: {
          type: 'object',
          additionalProperties: false,
          properties: {
            fs: {
              type: 'object',
              additionalProperties: false,
              properties: { read: paths, write: paths },
            },
            spawn: {
              type: 'array',
              ...unique,
              items: {
                type: 'object',
                additionalProperties: false,
                required: ['command'],
                properties: {
                  command: { type: 'string', minLength: 1, maxLength: 1000 },
                  args: {
                    type: 'array',
                    maxItems: 200,
                    items: { type: 'string', maxLength: 1000 },
                  },
                  environment: variables,
                },
              },
            },
            net: {
              type: 'array',
              ...unique,
              items: { type: 'string', pattern: '^(\\*|loopback|(\\*\\.)?[A-Za-z0-9][A-Za-z0-9.-]{0,252})$' },
            },
            native: { type: 'boolean' },
            playback: { enum: ['observe', 'control'] },
            history: { type: 'boolean' },
            environment: variables,
          },
        },
        experimental: { type: 'array', ...unique, items: { enum: ['services'] } },
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
            services: {
              type: 'array',
              ...unique,
              items: {
                type: 'object',
                additionalProperties: false,
                required: ['id'],
                properties: { id, description: { type: 'string', maxLength: 300 } },
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
                  standalone: { type: 'string', pattern: '^\\./.{1,200}$' },
                  args: {
                    type: 'array',
                    maxItems: 20,
                    items: {
                      type: 'object',
                      additionalProperties: false,
                      required: ['name'],
                      properties: {
                        name: { type: 'string', pattern: '^[a-z][a-zA-Z0-9-]{0,30}$' },
                        type: { enum: ['string', 'number', 'path', 'uri', 'text-file'] },
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
                        type: { enum: ['string', 'number', 'path', 'uri', 'text-file', 'boolean'] },
                        description: { type: 'string', maxLength: 300 },
                        default: { type: ['string', 'number', 'boolean'] },
                        env: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]{0,99}$' },
                      },
                    },
                  },
                },
              },
            },
            diagnostics: { type: 'boolean' },
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
