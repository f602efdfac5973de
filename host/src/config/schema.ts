import { type JsonObject, manifestSchema, type PluginPermissions } from '@kinoport/core';
import Type, { type Static } from 'typebox';

const closed = { additionalProperties: false } as const;

/** What a plugin's entry may be: `true`, `false`, or an object. */
const PluginValue = Type.Unsafe<
  | boolean
  | {
      readonly enabled?: boolean;
      readonly config?: JsonObject;
      readonly alias?: string;
      readonly permissions?: PluginPermissions;
    }
>({
  // One schema for both shapes instead of `anyOf`: its errors then speak of the one thing that is wrong.
  type: ['boolean', 'object'],
  properties: {
    enabled: { type: 'boolean', default: true, description: 'Whether the plugin is loaded.' },
    config: { type: 'object', description: "The plugin's own settings." },
    alias: {
      type: 'string',
      pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
      description: 'Another id for a plugin whose own clashes with one that is there.',
    },
    permissions: {
      ...manifestSchema.properties.kinoport.properties.permissions,
      description: 'All that the plugin may do of what it asks for; what is not named here it may not.',
    },
  },
  additionalProperties: false,
});

/** The part of the config file that is the host's own. Plugins' schemas are checked after it, each by itself. */
export const HostConfigSchema = Type.Object(
  {
    $schema: Type.Optional(Type.String({ description: 'For editors.' })),
    player: Type.String({
      pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
      default: 'mpv',
      description: 'Id of the player used when none is asked for.',
    }),
    autoplayNext: Type.Enum(['episodes', 'always', 'never'], {
      default: 'episodes',
      description:
        'What follows when an item has finished: episodes, playlists and several arguments go on by themselves; always: whole folders too; never: nothing.',
    }),
    progress: Type.Object(
      {
        watchedAt: Type.Number({
          minimum: 0.5,
          maximum: 1,
          default: 0.9,
          description: 'Share of the duration from which an item is watched.',
        }),
        beginAfter: Type.Number({
          minimum: 0,
          maximum: 3600,
          default: 30,
          description: 'Seconds from which an item is offered under continue (or 5 % of it, what is less).',
        }),
      },
      { ...closed, default: {}, description: 'When an item counts as begun and as watched.' },
    ),
    routing: Type.Record(Type.String({ minLength: 1 }), Type.String({ minLength: 1 }), {
      default: {},
      description: 'Which source takes a scheme (http), an extension (.mkv) or a prefix (tt*).',
    }),
    plugins: Type.Record(Type.String(), PluginValue, {
      default: {},
      description: 'Plugins by id, or by a path relative to this file.',
    }),
  },
  closed,
);

/** The config file after validation, with the host's defaults filled in. */
export type HostConfigFile = Static<typeof HostConfigSchema>;
