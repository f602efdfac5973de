import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import {
  type JsonObject,
  KinoportError,
  type PluginPermissions,
  PRODUCT,
  toKinoportError,
} from '@kinoport/core';
import type { Config } from '../config/config.ts';
import { type Provider, withProviders } from './dependencies.ts';
import type { Development } from './dev/development.ts';
import type { Developments } from './dev/developments.ts';
import type { InstalledPlugin } from './install/installed.ts';
import { type LoadedManifest, readManifest } from './manifest.ts';
import { accessOf, type Grant, type PluginAccess } from './permissions/access.ts';

/** The plugins that come with the program. */
const BUILTIN = [
  '@kinoport/plugin-mpv',
  '@kinoport/plugin-files',
  '@kinoport/plugin-torrent',
  '@kinoport/plugin-watch-together',
] as const;

/** First words of the program's own commands, which no plugin can take. */
export const OWN_COMMANDS: ReadonlySet<string> = new Set([
  'play',
  'continue',
  'next',
  'previous',
  'progress',
  'files',
  'cache',
  'plugin',
  'config',
  'doctor',
  'serve',
  'stop',
  'help',
  'demo',
]);

/** A plugin that was looked at: with a manifest, or with the reason why not. */
export interface DiscoveredPlugin {
  /** How the config calls it: the id, or the path as it stands there. */
  readonly key: string;
  readonly id: string;
  readonly root: string;
  readonly builtin: boolean;
  /** Where its code comes from. */
  readonly origin: 'builtin' | 'path' | 'installed' | 'dev';
  /** What the user has allowed at its installation, where there was one. */
  readonly grant?: PluginPermissions;
  readonly enabled: boolean;
  readonly config: JsonObject;
  /** What the user allows it: of each of these no more than it says. */
  readonly grants: readonly Grant[];
  /** What it may do. */
  readonly access: PluginAccess;
  readonly manifest?: LoadedManifest;
  /** Those that are active before it. */
  readonly providers?: readonly Provider[];
  readonly error?: KinoportError;
  /** Nothing but `plugin dev` brings it: without that, its id in the config file is a mistake. */
  readonly isVisiting?: boolean;
  /** Somebody works on it. */
  readonly development?: Development;
}

/** The schema of a plugin's settings. While its manifest is broken they cannot be judged, and are not. */
export function settingsSchema({ manifest }: Pick<DiscoveredPlugin, 'manifest'>): JsonObject | undefined {
  return manifest ? manifest.package.kinoport.contributes?.configuration : ANY_SETTINGS;
}

const ANY_SETTINGS: JsonObject = { type: 'object', additionalProperties: true };

/** Whether a key under `plugins` in the config is a folder, not an id. */
export function isPluginPath(key: string): boolean {
  return /^[.~]{1,2}([/\\]|$)/.test(key) || isAbsolute(key) || /^[A-Za-z]:[/\\]/.test(key);
}

/** The folder that a path in the config means; relative ones are relative to the config file's folder. */
export function pluginFolder(key: string, configFolder: string): string {
  if (key === '~' || key.startsWith('~/') || key.startsWith('~\\')) return join(homedir(), key.slice(1));
  return resolve(configFolder, key);
}

/** A plugin that the config names by its path, looked at by itself; one with a fault has its error. */
export function readPlugin(key: string, configFolder: string): Pick<DiscoveredPlugin, 'manifest' | 'error'> {
  try {
    return { manifest: readManifest(pluginFolder(key, configFolder)) };
  } catch (error) {
    return { error: toKinoportError(error) };
  }
}

/** Folders of the built-in plugins, in order. */
export function builtinFolders(): readonly string[] {
  const require = createRequire(import.meta.url);
  return BUILTIN.map((name) => dirname(require.resolve(`${name}/package.json`)));
}

/**
 * Finds the built-in plugins, those that the config names by path and those that are installed, reads their manifests,
 * and runs nothing. A plugin with a fault is listed with its error and keeps none of the others from working.
 */
export function discoverPlugins(
  config: Config,
  configFolder: string,
  builtin: readonly string[] = builtinFolders(),
  installed: readonly InstalledPlugin[] = [],
  developments?: Developments,
): readonly DiscoveredPlugin[] {
  const standIns = developments?.standIns(config);
  const found: DiscoveredPlugin[] = [];
  const ids = new Set<string>();
  const contributed = new Map<string, string>();
  const look = (seen: DiscoveredPlugin): void => enter(standIns?.for(seen) ?? seen, seen);
  const enter = (plugin: DiscoveredPlugin, { root, key: fallback }: DiscoveredPlugin): void => {
    if (plugin.manifest && ids.has(plugin.id)) {
      const error = new KinoportError(
        'PLUGIN_ID_CLASH',
        `The plugin in ${root} carries the id "${plugin.id}", which another has.`,
        {
          hint: `Give it another one in the config: "${fallback}": { "alias": "..." }`,
        },
      );
      found.push({ ...plugin, id: fallback, error });
      return;
    }
    ids.add(plugin.id);
    const clash = plugin.enabled ? claim(contributed, plugin) : undefined;
    found.push(clash ? { ...plugin, error: clash } : plugin);
  };
  for (const root of builtin) look(read({ root, key: root, origin: 'builtin' }, config));
  for (const key of Object.keys(config.plugins))
    if (isPluginPath(key)) look(read({ root: pluginFolder(key, configFolder), key, origin: 'path' }, config));
  for (const { id, ...plugin } of installed) look(read({ ...plugin, key: id, origin: 'installed' }, config));
  for (const plugin of standIns?.others() ?? []) enter(plugin, plugin);
  return withProviders(found);
}

/** Enters what a plugin contributes under its id; nothing of it when another has one of the names already. */
function claim(
  owners: Map<string, string>,
  { id, key, manifest }: DiscoveredPlugin,
): KinoportError | undefined {
  const {
    players = [],
    sources = [],
    syncs = [],
    services = [],
    commands = [],
  } = manifest?.package.kinoport.contributes ?? {};
  const names = [
    ...players.map((player) => `player "${player.id}"`),
    ...sources.map((source) => `source "${source.id}"`),
    ...syncs.map((sync) => `sync "${sync.id}"`),
    ...services.map((service) => `service "${service.id}"`),
    ...commands.map(({ command }) => `command "${command}"`),
  ];
  const own = commands.find(({ command }) => OWN_COMMANDS.has(command.split(' ')[0] ?? ''));
  if (own) {
    return new KinoportError(
      'PLUGIN_CONTRIBUTION_CLASH',
      `The plugin "${id}" contributes the command "${own.command}", which is one of ${PRODUCT.name}'s own.`,
      { hint: 'Its author has to give it another name.', data: { plugin: id } },
    );
  }
  const taken = names.find((name) => owners.has(name));
  if (taken === undefined) {
    for (const name of names) owners.set(name, id);
    return undefined;
  }
  const other = owners.get(taken) ?? '';
  return new KinoportError(
    'PLUGIN_CONTRIBUTION_CLASH',
    `The plugins "${other}" and "${id}" both contribute the ${taken}; the second one is not loaded.`,
    { hint: `Switch one of them off in the config: "${key}": false.`, data: { plugin: id, other } },
  );
}

function read(
  place: Pick<DiscoveredPlugin, 'root' | 'key' | 'origin' | 'grant' | 'error'>,
  config: Config,
): DiscoveredPlugin {
  const { root, origin, error: fault } = place;
  const builtin = origin === 'builtin';
  try {
    if (fault) throw fault;
    const manifest = readManifest(root, origin === 'installed' ? { development: false } : {});
    const key = builtin ? manifest.id : place.key;
    const setting = config.plugins[key];
    const grants: readonly Grant[] = [place.grant ?? 'all', setting?.permissions ?? 'all'];
    return {
      ...place,
      key,
      id: setting?.alias ?? manifest.id,
      builtin,
      enabled: setting?.enabled ?? true,
      config: setting?.config ?? {},
      grants,
      access: accessOf(manifest.package.kinoport.permissions, grants),
      manifest,
    };
  } catch (error) {
    const enabled = config.plugins[place.key]?.enabled ?? true;
    return {
      ...place,
      id: place.key,
      builtin,
      enabled,
      config: {},
      grants: [],
      access: accessOf(undefined, []),
      error: toKinoportError(error),
    };
  }
}
