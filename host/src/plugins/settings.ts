import {
  deserializeError,
  isKinoportError,
  type JsonObject,
  KinoportError,
  PRODUCT,
  toKinoportError,
} from '@kinoport/core';
import type { ConfigService } from '../config/config.ts';
import { defaultPluginSetting } from '../config/parseConfig.ts';
import { requiredOf, secretNames } from '../config/secretProperties.ts';
import { validate } from '../config/validator.ts';
import type { Logger } from '../log/logger.ts';
import type { Redactor } from '../log/redactor.ts';
import type { SecretStore } from '../secrets/secretStore.ts';
import type { DiscoveredPlugin } from './discovery.ts';
import { settingsSchema } from './discovery.ts';
import type { Plugin } from './plugin.ts';

/** Errors of {@link PluginSettings.slice}: the user can deal with them, and then they are over. */
export const SETTINGS_FAULTS = [
  'CONFIG_INVALID',
  'CONFIG_SECRET_IN_FILE',
  'SECRET_MISSING',
  'SECRETS_LOCKED',
] as const;

/** What a plugin finds in `ctx.config.value`: its slice of the config file, defaults, and its secrets. */
export class PluginSettings {
  readonly #config: ConfigService;
  readonly #secrets: SecretStore;
  readonly #redactor: Redactor;

  constructor(config: ConfigService, secrets: SecretStore, redactor: Redactor) {
    this.#config = config;
    this.#secrets = secrets;
    this.#redactor = redactor;
  }

  /**
   * The whole slice as it is now, valid.
   * @throws KinoportError `CONFIG_INVALID`, `CONFIG_SECRET_IN_FILE`, `SECRET_MISSING`, `SECRETS_LOCKED`,
   *   `PLUGIN_MANIFEST_INVALID`
   */
  async slice(plugin: DiscoveredPlugin): Promise<JsonObject> {
    const schema = settingsSchema(plugin);
    const names = secretNames(schema);
    const setting = this.#config.current.plugins[plugin.key] ?? defaultPluginSetting(schema);
    if (setting.problem) throw deserializeError(setting.problem);
    const isWhole = requiredOf(schema).every((name) => Object.hasOwn(setting.config, name));
    // Most plugins have no secrets, what stands in the file is checked already, and a checker takes its time to load.
    if (schema === undefined || (names.length === 0 && isWhole)) return setting.config;
    const stored = names.length === 0 ? {} : await this.#secrets.all(plugin.id);
    const secrets = Object.fromEntries(
      names.flatMap((name) => (Object.hasOwn(stored, name) ? [[name, stored[name]]] : [])),
    ) as Readonly<Record<string, string>>;
    this.#redactor.add(...Object.values(secrets));
    const missing = requiredOf(schema).find((name) => names.includes(name) && !Object.hasOwn(secrets, name));
    if (missing !== undefined) throw missingSecret(plugin.id, missing);
    const { value, mistakes } = validate(schema, { ...setting.config, ...secrets });
    const [mistake] = mistakes;
    if (mistake === undefined) return value as JsonObject;
    const name = String(mistake.path[0] ?? '');
    throw new KinoportError(
      'CONFIG_INVALID',
      `The plugin "${plugin.id}" cannot start: ${name === '' ? 'its config' : `its setting "${name}"`} ${mistake.text}.`,
      {
        hint: names.includes(name)
          ? `Set it anew: "${command(plugin.id, name)}".`
          : `Set it in the config file, under "plugins"; "${PRODUCT.command} config path" says which file that is.`,
      },
    );
  }
}

/**
 * Tells a running plugin its new slice. One that is not good leaves it with what it has; a plugin that could not start
 * for such a reason starts as soon as it is good. Never rejects.
 */
export async function deliverSettings(
  plugin: Pick<Plugin, 'id' | 'state' | 'error' | 'configure' | 'current'>,
  slice: () => JsonObject | Promise<JsonObject>,
  log: Logger,
): Promise<void> {
  try {
    plugin.configure(await slice());
  } catch (error) {
    const { code, message } = toKinoportError(error);
    log.warn(`plugin ${plugin.id} keeps the settings it has`, { code, message });
    return;
  }
  if (plugin.state !== 'failed' || !isKinoportError(plugin.error, ...SETTINGS_FAULTS)) return;
  // Why it does not start this time stands with the plugin.
  plugin.current().catch(() => undefined);
}

/** Names of the settings that are switches. */
export function booleanSettings(schema: JsonObject | undefined): readonly string[] {
  const properties = schema?.properties;
  if (typeof properties !== 'object' || properties === null) return [];
  return Object.entries(properties).flatMap(([name, property]) =>
    typeof property === 'object' && property !== null && 'type' in property && property.type === 'boolean'
      ? [name]
      : [],
  );
}

/** What somebody types to give a plugin a secret. */
export function command(id: string, name: string): string {
  return `${PRODUCT.command} config secret ${id} ${name}`;
}

function missingSecret(id: string, name: string): KinoportError {
  return new KinoportError('SECRET_MISSING', `The plugin "${id}" needs "${name}", which is not set.`, {
    hint: `Set it: "${command(id, name)}".`,
    data: { plugin: id, name },
  });
}
