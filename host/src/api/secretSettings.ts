import { type JsonObject, KinoportError, PRODUCT } from '@kinoport/core';
import { nearest } from '../config/nearest.ts';
import { propertiesOf, requiredOf, secretNames } from '../config/secretProperties.ts';
import { suggest, validate } from '../config/validator.ts';
import type { Redactor } from '../log/redactor.ts';
import type { DiscoveredPlugin } from '../plugins/discovery.ts';
import type { PluginSet } from '../plugins/pluginSet.ts';
import type { SecretStore } from '../secrets/secretStore.ts';
import type { SecretView } from './protocol.ts';

/** The secrets of plugins as their user sees them: which there are and which are set, never what they are. */
export class SecretSettings {
  readonly #set: Pick<PluginSet, 'entries'>;
  readonly #store: SecretStore;
  readonly #redactor: Redactor;

  constructor(set: Pick<PluginSet, 'entries'>, store: SecretStore, redactor: Redactor) {
    this.#set = set;
    this.#store = store;
    this.#redactor = redactor;
  }

  /**
   * Of one plugin, or of all.
   * @throws KinoportError `PLUGIN_NOT_FOUND`, `SECRETS_LOCKED`
   */
  async list(plugin?: string): Promise<readonly SecretView[]> {
    const plugins = plugin === undefined ? this.#plugins : [this.#find(plugin)];
    const views: SecretView[] = [];
    for (const found of plugins) {
      const set = new Set(Object.keys(await this.#store.all(found.id)));
      const names = new Set([...secretNames(schemaOf(found)), ...set]);
      views.push(...[...names].map((name) => view(found, name, set.has(name))));
    }
    return views;
  }

  /**
   * Gives a plugin a secret of its manifest, or with `null` takes away any that it has. A running plugin is told.
   * @throws KinoportError `PLUGIN_NOT_FOUND`, `SECRET_UNKNOWN`, `INVALID_ARGUMENT`, `STORAGE_LIMIT`, `SECRETS_LOCKED`,
   *   `HOME_NOT_WRITABLE`
   */
  async set(
    plugin: string,
    name: string,
    value: string | null,
  ): Promise<SecretView & { readonly changed: boolean }> {
    const found = this.#find(plugin);
    const before = await this.#store.get(found.id, name);
    const names = secretNames(schemaOf(found));
    if (value === null ? before === undefined && !names.includes(name) : !names.includes(name))
      throw unknown(found, name, names);
    this.#redactor.add(value);
    if (value !== null) check(found, name, value);
    await this.#store.set(found.id, name, value ?? undefined);
    return { ...view(found, name, value !== null), changed: before !== (value ?? undefined) };
  }

  get #plugins(): readonly DiscoveredPlugin[] {
    return this.#set.entries.map(({ discovered }) => discovered);
  }

  #find(plugin: string): DiscoveredPlugin {
    const plugins = this.#plugins;
    const found = plugins.find(({ id }) => id === plugin) ?? plugins.find(({ key }) => key === plugin);
    if (found) return found;
    throw new KinoportError('PLUGIN_NOT_FOUND', `There is no plugin "${plugin.slice(0, 200)}".`, {
      hint: suggest(
        plugin,
        plugins.map(({ id }) => id),
      ),
    });
  }
}

function schemaOf({ manifest }: DiscoveredPlugin): JsonObject | undefined {
  return manifest?.package.kinoport.contributes?.configuration;
}

function view(plugin: DiscoveredPlugin, name: string, set: boolean): SecretView {
  const schema = schemaOf(plugin);
  const property = propertiesOf(schema)[name];
  const description = typeof property === 'object' && property !== null && 'description' in property;
  return {
    plugin: plugin.id,
    name,
    setting: secretNames(schema).includes(name),
    required: requiredOf(schema).includes(name),
    set,
    description: description ? String(property.description) : null,
  };
}

/** What the manifest asks of the value; what is said about it never quotes it. */
function check(plugin: DiscoveredPlugin, name: string, value: string): void {
  const schema = schemaOf(plugin);
  const { definitions = {}, $defs = {} } = schema ?? {};
  const properties = { [name]: propertiesOf(schema)[name] ?? {} };
  const { mistakes } = validate({ type: 'object', definitions, $defs, properties }, { [name]: value });
  const [mistake] = mistakes;
  if (mistake === undefined) return;
  throw new KinoportError('INVALID_ARGUMENT', `"${name}" of the plugin "${plugin.id}" ${mistake.text}.`, {
    hint: 'What was set before is still in force.',
  });
}

function unknown({ id }: DiscoveredPlugin, name: string, names: readonly string[]): KinoportError {
  const close = nearest(name, names);
  const none = `It has none; what it can be set to stands in "${PRODUCT.command} config schema".`;
  const known = names.length > 0 ? `It has: ${names.join(', ')}.` : none;
  return new KinoportError('SECRET_UNKNOWN', `The plugin "${id}" has no secret "${name.slice(0, 200)}".`, {
    hint: close === undefined ? known : `Did you mean "${close}"?`,
  });
}
