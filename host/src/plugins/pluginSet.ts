import { isDeepStrictEqual } from 'node:util';
import {
  type Clock,
  type Disposable,
  Emitter,
  type Event,
  type JsonObject,
  KinoportError,
  PRODUCT,
  type SerializedError,
  serializeError,
  toDisposable,
  toKinoportError,
} from '@kinoport/core';
import type { PluginProfile, PluginView } from '../api/protocol.ts';
import { nearest } from '../config/nearest.ts';
import type { Home } from '../home/home.ts';
import type { Logger } from '../log/logger.ts';
import { pluginLogFile } from '../log/pluginLog.ts';
import type { Redactor } from '../log/redactor.ts';
import type { AttentionBoard } from './attention.ts';
import type { PluginChange, PluginProcessDefaults } from './blueprint.ts';
import type { PluginCalls } from './calls.ts';
import { type DiscoveredPlugin, settingsSchema } from './discovery.ts';
import type { LoadedManifest } from './manifest.ts';
import { permissionsView } from './permissions/border.ts';
import { ownNode, type PluginNode } from './permissions/node.ts';
import { Plugin } from './plugin.ts';
import type { PluginDefinition } from './process.ts';
import { profileOf } from './profile/profile.ts';
import { deliverSettings } from './settings.ts';
import type { FailedStore } from './supervision/failedStore.ts';

export interface PluginSetOptions {
  readonly home: Home;
  readonly clock: Clock;
  readonly log: Logger;
  readonly calls: PluginCalls;
  readonly failures: FailedStore;
  /** What there is at the beginning. */
  readonly discovered: readonly DiscoveredPlugin[];
  /** Looks again at the config and at every manifest. */
  readonly discover: () => readonly DiscoveredPlugin[];
  /** A plugin's slice of the config with the defaults of its manifest and its secrets, or why it cannot start. */
  readonly pluginConfig: (plugin: DiscoveredPlugin) => JsonObject | Promise<JsonObject>;
  readonly attention: AttentionBoard;
  readonly redactor: Redactor;
  readonly processes?: PluginProcessDefaults;
  /** Only the plugins that come with the program. */
  readonly safeMode?: boolean;
}

interface Entry {
  readonly discovered: DiscoveredPlugin;
  /** Absent while disabled or faulty. */
  readonly plugin?: Plugin;
}

/** Ends what uses a plugin that is about to be switched off. */
export type StopHook = (plugin: Plugin) => Promise<void>;

/** The plugins that there are, kept to what config and folders say. */
export class PluginSet implements Disposable {
  readonly #options: PluginSetOptions;
  readonly #stopHooks = new Set<StopHook>();
  readonly #onDidChange = new Emitter<PluginView>();
  /** The number of the last generation of what was switched off. */
  readonly #generations = new Map<string, number>();
  readonly #attention: Disposable;
  readonly #node: PluginNode;
  #entries: readonly Entry[];
  #refreshing: Promise<void> = Promise.resolve();
  #disposed = false;

  constructor(options: PluginSetOptions) {
    this.#options = options;
    this.#node = options.processes?.node ?? ownNode();
    this.#entries = options.discovered.map((discovered) => this.#entry(discovered));
    this.#attention = options.attention.onDidChange(({ plugin }) => {
      const entry = this.#entries.find(({ discovered }) => discovered.id === plugin);
      if (entry) this.#onDidChange.fire(this.#view(entry));
    });
  }

  /** Something about a plugin is not as it was. */
  get onDidChange(): Event<PluginView> {
    return this.#onDidChange.event;
  }

  /** Everything found, in order of discovery; what can be used has a plugin. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }

  get plugins(): readonly { readonly plugin: Plugin; readonly manifest: LoadedManifest }[] {
    return this.#entries.flatMap(({ plugin }) =>
      plugin ? [{ plugin, manifest: plugin.definition.manifest }] : [],
    );
  }

  list(): readonly PluginView[] {
    return this.#entries.map((entry) => this.#view(entry));
  }

  /** @throws KinoportError `PLUGIN_NOT_FOUND` */
  view(id: string): PluginView {
    return this.#view(this.#find(id));
  }

  /** What those that run have cost so far. @throws KinoportError `PLUGIN_NOT_FOUND` */
  async profile(id?: string): Promise<readonly PluginProfile[]> {
    const entries = id === undefined ? this.#entries : [this.#find(id)];
    const running = entries.flatMap(({ plugin }) => plugin?.running ?? []);
    return Promise.all(running.map((generation) => profileOf(generation)));
  }

  /** How the config calls it. @throws KinoportError `PLUGIN_NOT_FOUND` */
  key(id: string): string {
    return this.#find(id).discovered.key;
  }

  /** The folder that a plugin runs from, and what is wrong with it; `undefined` when it is off or not there. */
  running(key: string): { readonly root: string; readonly error: SerializedError | null } | undefined {
    const entry = this.#entries.find(({ discovered }) => discovered.key === key);
    const root = entry?.plugin?.definition.root;
    return entry && root !== undefined ? { root, error: this.#view(entry).error } : undefined;
  }

  /** What the config says. @throws KinoportError `PLUGIN_NOT_FOUND` */
  isEnabled(id: string): boolean {
    return this.#find(id).discovered.enabled;
  }

  /** The schema of its settings, when it has some. @throws KinoportError `PLUGIN_NOT_FOUND` */
  settingsSchema(id: string): JsonObject | undefined {
    return settingsSchema(this.#find(id).discovered);
  }

  /** Whether only `plugin dev` brings it. @throws KinoportError `PLUGIN_NOT_FOUND` */
  isVisiting(id: string): boolean {
    return this.#find(id).discovered.isVisiting === true;
  }

  /** Called before a plugin is switched off or taken away, and awaited. */
  addStopHook(hook: StopHook): Disposable {
    this.#stopHooks.add(hook);
    return toDisposable(() => {
      this.#stopHooks.delete(hook);
    });
  }

  /**
   * Follows config and folders: what is new is there, what is gone or switched off is ended, what has other
   * permissions or another folder is replaced, running plugins are told their new settings. Never rejects: what goes
   * wrong stands with the plugin.
   */
  refresh(): Promise<void> {
    this.#refreshing = this.#refreshing
      .then(() => this.#refresh())
      .catch((error) => {
        const { code, message } = toKinoportError(error);
        this.#options.log.error('what config and folders say was not followed', { code, message });
      });
    return this.#refreshing;
  }

  /**
   * Reads the manifest again and replaces the running process by a new one; starts the plugin when it does not run.
   * @throws KinoportError `PLUGIN_NOT_FOUND`, `PLUGIN_DISABLED`, of manifest and start; what ran before goes on then
   */
  async reload(id: string, change: Omit<PluginChange, 'definition'> = {}): Promise<PluginView> {
    const found = this.#options.discover();
    const isKnown = this.#entries.some((entry) => entry.discovered.id === id || entry.discovered.key === id);
    if (!isKnown && found.some((each) => each.id === id || each.key === id)) await this.refresh();
    const { discovered: known, plugin } = this.#find(id);
    const discovered = found.find((each) => isSame(known, each)) ?? known;
    if (discovered.error) throw discovered.error;
    if (!discovered.enabled || !plugin) {
      await this.refresh();
      if (!discovered.enabled) throw disabled(discovered, `plugin "${id}"`);
      await this.#find(id).plugin?.current();
      return this.view(id);
    }
    await plugin.replace({ ...change, definition: definitionOf(discovered) });
    await this.refresh();
    return this.view(id);
  }

  /** Every plugin, each in isolation, those that need it before it. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#refreshing;
    const plugins = this.plugins.map(({ plugin }) => plugin);
    const endings = new Map<Plugin, Promise<void>>();
    const stop = (plugin: Plugin): Promise<void> => {
      const ending = endings.get(plugin) ?? this.#after(plugin, plugins, stop).then(() => plugin.stop());
      endings.set(plugin, ending);
      return ending;
    };
    await Promise.allSettled(plugins.map(stop));
    await this.#attention.dispose();
    this.#onDidChange.dispose();
  }

  async #refresh(): Promise<void> {
    if (this.#disposed) return;
    const found = this.#options.discover();
    const entries: Entry[] = [];
    const kept = new Set<Plugin>();
    const replaced: { readonly plugin: Plugin; readonly definition: PluginDefinition }[] = [];
    for (const discovered of found) {
      const running = this.#entries.find((entry) => entry.plugin && isSame(entry.discovered, discovered));
      const plugin = running?.plugin;
      if (!running || !plugin || !this.#mayGoOn(discovered) || lacksProvider(discovered)) {
        entries.push({ discovered });
        continue;
      }
      kept.add(plugin);
      if (discovered.error) {
        // What it runs on is as good as before.
        entries.push({ discovered: { ...running.discovered, error: discovered.error }, plugin });
        continue;
      }
      entries.push({ discovered, plugin });
      if (needsNewProcess(plugin.definition, discovered))
        replaced.push({ plugin, definition: definitionOf(discovered) });
    }
    const ended = this.#entries.flatMap(({ plugin }) => (plugin && !kept.has(plugin) ? [plugin] : []));
    const endings = new Map<Plugin, Promise<void>>();
    const end = (plugin: Plugin): Promise<void> => {
      const ending = endings.get(plugin) ?? this.#after(plugin, ended, end).then(() => this.#end(plugin));
      endings.set(plugin, ending);
      return ending;
    };
    await Promise.all(ended.map(end));
    const before = new Set(this.#entries.map(({ plugin }) => plugin));
    this.#entries = entries.map((entry) => (entry.plugin ? entry : this.#entry(entry.discovered)));
    const { pluginConfig, log } = this.#options;
    for (const entry of this.#entries) {
      const { plugin, discovered } = entry;
      if (plugin) await deliverSettings(plugin, () => pluginConfig(discovered), log);
      if (!plugin || !before.has(plugin)) this.#onDidChange.fire(this.#view(entry));
      if (plugin && !before.has(plugin) && wantsToRun(plugin)) plugin.current().catch(() => undefined);
    }
    // What does not start stands with the plugin, whose present generation goes on.
    await Promise.allSettled(
      replaced.map(({ plugin, definition }) =>
        plugin.isUp ? plugin.replace({ definition }) : plugin.redefine(definition),
      ),
    );
  }

  /** Resolves when those of `plugins` that need this one have been dealt with. */
  async #after(
    plugin: Plugin,
    plugins: readonly Plugin[],
    deal: (dependant: Plugin) => Promise<void>,
  ): Promise<void> {
    await Promise.allSettled(plugins.filter((other) => needs(other, plugin)).map(deal));
  }

  /** @throws KinoportError `PLUGIN_DEPENDENCY_MISSING` when one that it cannot do without does not start */
  async #startProviders({ id, providers = [] }: PluginDefinition): Promise<void> {
    await Promise.all(
      providers.map(async (provider) => {
        try {
          await this.#find(provider.id).plugin?.current();
        } catch (error) {
          if (provider.optional) return;
          const { message } = toKinoportError(error);
          throw new KinoportError(
            'PLUGIN_DEPENDENCY_MISSING',
            `The plugin "${id}" needs the plugin "${provider.id}", which does not start: ${message}`,
            { cause: error },
          );
        }
      }),
    );
  }

  /** What runs on an older generation of it gets a new one of its own. */
  #restartDependants(provider: Plugin): void {
    for (const { plugin } of this.plugins) {
      if (!plugin.isLaunched || !needs(plugin, provider)) continue;
      // What does not start stands with the plugin.
      plugin.replace().catch(() => undefined);
    }
  }

  async #end(plugin: Plugin): Promise<void> {
    for (const hook of this.#stopHooks) {
      await hook(plugin).catch((error) => {
        this.#options.log.warn(`plugin ${plugin.id}: what uses it did not end in order`, {
          message: toKinoportError(error).message,
        });
      });
    }
    this.#generations.set(plugin.id, plugin.generation);
    await plugin.stop();
  }

  #isUsable(discovered: DiscoveredPlugin): boolean {
    return discovered.manifest !== undefined && !discovered.error && this.#mayGoOn(discovered);
  }

  #mayGoOn({ enabled, builtin, development }: DiscoveredPlugin): boolean {
    return enabled && (builtin || development !== undefined || this.#options.safeMode !== true);
  }

  #entry(discovered: DiscoveredPlugin): Entry {
    const { home, clock, log, calls, failures, processes } = this.#options;
    const { error, id } = discovered;
    if (error) log.error(`plugin ${id} cannot be used`, { code: error.code, message: error.message });
    if (!this.#isUsable(discovered)) return { discovered };
    const plugin = new Plugin(
      {
        plugin: definitionOf(discovered),
        config: this.#options.pluginConfig,
        home,
        clock,
        log,
        failures,
        serve: (peer, owner, access) => {
          const config = () => this.#options.pluginConfig(owner.definition);
          calls.serve(peer, owner, { id: owner.id, access, config });
        },
        prepare: (definition) => this.#startProviders(definition),
        ...(processes ? { processes } : {}),
      },
      this.#generations.get(id),
    );
    plugin.onDidReplace(() => this.#restartDependants(plugin));
    plugin.onDidChange(() => {
      const entry = this.#entries.find((each) => each.plugin === plugin);
      if (entry) this.#onDidChange.fire(this.#view(entry));
    });
    return { discovered, plugin };
  }

  /** @throws KinoportError `PLUGIN_NOT_FOUND` */
  #find(id: string): Entry {
    const entry = this.#entries.find(({ discovered }) => discovered.id === id || discovered.key === id);
    if (entry) return entry;
    const ids = this.#entries.map(({ discovered }) => discovered.id);
    const meant = nearest(id, ids);
    throw new KinoportError('PLUGIN_NOT_FOUND', `There is no plugin "${id.slice(0, 100)}".`, {
      hint: meant
        ? `Did you mean "${meant}"?`
        : `"${PRODUCT.command} plugin list" shows them; a new one is named by its path in the config.`,
    });
  }

  #view({ discovered, plugin }: Entry): PluginView {
    const { manifest, access } = plugin?.definition ?? discovered;
    const contributes = manifest?.package.kinoport.contributes;
    const error = plugin?.error ?? discovered.error ?? this.#leftOut(discovered);
    return {
      id: discovered.id,
      version: manifest?.package.version ?? '',
      displayName: manifest?.package.kinoport.displayName ?? discovered.id,
      state: plugin?.state ?? (discovered.error ? 'failed' : 'disabled'),
      isolation: 'process',
      generation: plugin?.generation ?? 0,
      pid: plugin?.pid ?? null,
      contributes: {
        players: (contributes?.players ?? []).map((p) => p.id),
        sources: (contributes?.sources ?? []).map((s) => s.id),
        syncs: (contributes?.syncs ?? []).map((s) => s.id),
        commands: (contributes?.commands ?? []).map((c) => c.command),
      },
      root: discovered.root,
      builtin: discovered.builtin,
      error: error ? this.#options.redactor.redactData(serializeError(error)) : null,
      attention: this.#options.attention.of(discovered.id),
      unresponsive: plugin?.isUnresponsive ?? false,
      crashes: plugin?.crashes ?? 0,
      permissions: permissionsView(access, this.#node, this.#options.home.data),
      origin: (plugin?.definition ?? discovered).origin,
      logFile: pluginLogFile(this.#options.home, discovered.id),
    };
  }

  #leftOut({ builtin, enabled }: DiscoveredPlugin): KinoportError | undefined {
    if (builtin || !enabled || this.#options.safeMode !== true) return undefined;
    return new KinoportError('PLUGIN_SAFE_MODE', 'Only the plugins that come with the program run.', {
      hint: `Stop the host and start it without --safe-mode.`,
    });
  }
}

/** The error of something that belongs to a plugin which is switched off. */
export function disabled({ id, key }: DiscoveredPlugin, what: string): KinoportError {
  return new KinoportError(
    'PLUGIN_DISABLED',
    `The ${what} belongs to the plugin "${id}", which is switched off.`,
    {
      hint: `Set "${key}": true under "plugins" in the config, or type: ${PRODUCT.command} plugin enable ${id}`,
    },
  );
}

/** Whether it is to run without anybody asking for something. */
export function wantsToRun(plugin: Plugin): boolean {
  return plugin.definition.manifest.package.kinoport.activationEvents?.includes('onStartup') ?? false;
}

function definitionOf(discovered: DiscoveredPlugin): PluginDefinition {
  const { manifest } = discovered;
  if (!manifest)
    throw discovered.error ?? new KinoportError('PLUGIN_MANIFEST_INVALID', 'There is no manifest.');
  return { ...discovered, manifest };
}

function needs(plugin: Plugin, provider: Plugin): boolean {
  return plugin.definition.providers?.some(({ id }) => id === provider.id) ?? false;
}

function lacksProvider({ error }: DiscoveredPlugin): boolean {
  return error?.code === 'PLUGIN_DEPENDENCY_MISSING' || error?.code === 'PLUGIN_DEPENDENCY_CYCLE';
}

/** Whether both are one plugin; while its manifest is broken only the config's name for it is known. */
function isSame(before: DiscoveredPlugin, now: DiscoveredPlugin): boolean {
  return now.manifest ? before.id === now.id : before.key === now.key;
}

/** Another folder, other grants, or others to build on. A change of its manifest or code alone waits until somebody asks for a reload. */
function needsNewProcess(before: DiscoveredPlugin, now: DiscoveredPlugin): boolean {
  return (
    before.root !== now.root ||
    before.builtin !== now.builtin ||
    before.development !== now.development ||
    !isDeepStrictEqual(before.providers, now.providers) ||
    !isDeepStrictEqual(before.grants, now.grants)
  );
}
