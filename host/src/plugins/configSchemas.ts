import type { PluginSchemas } from '../config/parseConfig.ts';
import { type DiscoveredPlugin, isPluginPath, readPlugin, settingsSchema } from './discovery.ts';

/** What the config's checker asks of discovery. */
export function pluginSchemas(discovered: readonly DiscoveredPlugin[], configFolder: string): PluginSchemas {
  const find = (key: string) => discovered.find((plugin) => plugin.key === key);
  const contributions = discovered.map(({ manifest }) => manifest?.package.kinoport.contributes);
  // What a plugin with a broken manifest contributes is not known.
  const allRead = discovered.every(({ manifest }) => manifest !== undefined);
  const ids = (list: readonly { readonly id: string }[] | undefined): string[] =>
    (list ?? []).map(({ id }) => id);
  return {
    ids: discovered.map(({ id }) => id),
    idOf: (key) => find(key)?.id ?? key,
    schemaOf(key) {
      const plugin = find(key);
      if (plugin) return settingsSchema(plugin);
      // Just written into the config: its manifest is looked at for the first time.
      return isPluginPath(key) ? settingsSchema(readPlugin(key, configFolder)) : 'unknown';
    },
    ...(allRead
      ? {
          players: contributions.flatMap((contributes) => ids(contributes?.players)),
          sources: contributions.flatMap((contributes) => ids(contributes?.sources)),
        }
      : {}),
  };
}
