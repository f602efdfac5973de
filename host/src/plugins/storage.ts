import { type JsonValue, KinoportError } from '@kinoport/core';
import type { KeyValueStore } from '../storage/keyValue.ts';
import type { PluginCalls } from './calls.ts';

/** `ctx.storage` of every plugin: its own scope of the key-value table. */
export function servePluginStorage(calls: PluginCalls, store: KeyValueStore): void {
  const key = (params: { readonly key: unknown }): string => {
    if (typeof params.key === 'string' && params.key.length >= 1 && params.key.length <= 200)
      return params.key;
    throw new KinoportError('INVALID_ARGUMENT', 'A storage key is a string of 1 to 200 characters.');
  };
  calls.onCall<{ key: unknown }>('storage/get', async (params, plugin) => {
    const value = store.get(`plugin:${plugin.id}`, key(params));
    return value === undefined ? {} : { value };
  });
  calls.onCall<{ key: unknown; value?: JsonValue }>('storage/set', async (params, plugin) => {
    store.set(`plugin:${plugin.id}`, key(params), params.value);
  });
  calls.onCall('storage/keys', async (_params, plugin) => store.keys(`plugin:${plugin.id}`));
}

/** Removes all that a plugin stored. */
export function clearPluginStorage(store: KeyValueStore, pluginId: string): void {
  const scope = `plugin:${pluginId}`;
  for (const key of store.keys(scope)) store.set(scope, key, undefined);
}
