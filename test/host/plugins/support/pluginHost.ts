import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, DisposableStore, type JsonObject, systemClock } from '@kinoport/core';
import type { PluginSetting } from '../../../../host/src/config/config.ts';
import { FileConfigService } from '../../../../host/src/config/fileConfigService.ts';
import { parseConfig } from '../../../../host/src/config/parseConfig.ts';
import type { Home } from '../../../../host/src/home/home.ts';
import { prepareHome } from '../../../../host/src/home/prepareHome.ts';
import { resolveHome } from '../../../../host/src/home/resolveHome.ts';
import { createLogger } from '../../../../host/src/log/logger.ts';
import { Redactor } from '../../../../host/src/log/redactor.ts';
import { AttentionBoard } from '../../../../host/src/plugins/attention.ts';
import { PluginCalls } from '../../../../host/src/plugins/calls.ts';
import { discoverPlugins } from '../../../../host/src/plugins/discovery.ts';
import { PluginManager } from '../../../../host/src/plugins/manager.ts';
import { pluginFolders } from '../../../../host/src/plugins/permissions/pluginFolders.ts';
import { servePluginSecrets } from '../../../../host/src/plugins/secrets.ts';
import { servePluginServices } from '../../../../host/src/plugins/services.ts';
import { servePluginStorage } from '../../../../host/src/plugins/storage.ts';
import { PublishedStreams } from '../../../../host/src/plugins/streams.ts';
import { FailedStore } from '../../../../host/src/plugins/supervision/failedStore.ts';
import type { HeartbeatTimes } from '../../../../host/src/plugins/supervision/heartbeat.ts';
import { FileSecretStore } from '../../../../host/src/secrets/fileSecretStore.ts';
import { openDatabase } from '../../../../host/src/storage/database.ts';
import { SqliteKeyValueStore } from '../../../../host/src/storage/sqliteKeyValue.ts';
import { HttpStreamFront } from '../../../../host/src/streams/httpFront.ts';
import { inRepository } from '../../../support/repository.ts';
import { OPEN_PERMISSIONS } from './openPermissions.ts';
import { PluginFolders } from './pluginFolders.ts';

export interface Fixture {
  /** The `kinoport` member of the manifest. */
  readonly manifest?: JsonObject;
  /** The entry module; `definePlugin`, `KinoportError` and `Emitter` are imported. */
  readonly code: string;
}

export interface PluginHostOptions {
  readonly clock?: Clock;
  readonly activateTimeout?: number;
  readonly heartbeat?: Partial<HeartbeatTimes>;
  /** Of a host before this one. */
  readonly folders?: PluginFolders;
}

const IMPORTS = "import { definePlugin, Emitter, KinoportError } from '@kinoport/core';\n";

/** The part of a host that runs plugins: real processes, a real stream front, a real database. */
export class PluginHost {
  readonly folders: PluginFolders;
  readonly #plugins: Readonly<Record<string, Fixture>>;
  readonly #options: PluginHostOptions;
  readonly home: Home;
  readonly log: string[] = [];
  readonly redactor = new Redactor();
  readonly secrets: FileSecretStore;
  readonly attention: AttentionBoard;
  readonly manager: PluginManager;
  readonly calls = new PluginCalls();
  readonly streams: PublishedStreams;
  readonly front: HttpStreamFront;
  readonly #owned = new DisposableStore();
  readonly #discover: () => ReturnType<typeof discoverPlugins>;
  #settings: Readonly<Record<string, PluginSetting>> = {};
  #slices: Readonly<Record<string, JsonObject>> = {};

  constructor(plugins: Readonly<Record<string, Fixture>>, options: PluginHostOptions = {}) {
    this.#plugins = plugins;
    this.folders = options.folders ?? new PluginFolders();
    this.#options = options;
    const clock = options.clock ?? systemClock;
    this.home = resolveHome({ KINOPORT_HOME: join(this.folders.root, 'home') }, process.platform, '');
    prepareHome(this.home);
    for (const [name, fixture] of Object.entries(options.folders ? {} : plugins)) this.#write(name, fixture);
    const { database } = openDatabase(this.home.databaseFile, { clock });
    this.#owned.add(database);
    const { calls } = this;
    const store = new SqliteKeyValueStore(database);
    servePluginStorage(calls, store);
    servePluginServices(calls, () => this.manager);
    const log = createLogger((line) => this.log.push(this.redactor.redact(line)));
    this.secrets = this.#owned.add(
      new FileSecretStore({ file: join(this.home.data, 'secrets.json'), clock: systemClock, log }),
    );
    servePluginSecrets(calls, this.secrets, this.redactor);
    this.attention = this.#owned.add(new AttentionBoard(calls, log, this.redactor));
    this.front = this.#owned.add(new HttpStreamFront({ clock: systemClock, onError: () => undefined }));
    this.streams = new PublishedStreams(this.front, calls, (id) => pluginFolders(this.home, id, '').runtime);
    const named = Object.fromEntries(Object.keys(plugins).map((name) => [`./${name}`, true]));
    const { config } = parseConfig(JSON.stringify({ plugins: named }), 'config.jsonc');
    this.#discover = () =>
      discoverPlugins(
        { ...config, plugins: { ...config.plugins, ...this.#settings } },
        this.folders.root,
        [],
      );
    const discovered = this.#discover();
    this.manager = this.#owned.add(
      new PluginManager({
        config: this.#owned.add(new FileConfigService({ file: this.home.configFile, clock: systemClock })),
        home: this.home,
        clock,
        log,
        failures: new FailedStore(store, log),
        attention: this.attention,
        redactor: this.redactor,
        calls,
        streams: this.streams,
        discovered,
        discover: this.#discover,
        pluginConfig: (plugin) => this.#slices[plugin.id] ?? {},
        processes: {
          runtime: inRepository('host/dist/runtime.js'),
          ...(options.heartbeat === undefined ? {} : { heartbeat: options.heartbeat }),
          ...(options.activateTimeout === undefined ? {} : { activateTimeout: options.activateTimeout }),
        },
      }),
    );
  }

  /** What a plugin of these tests is at the moment. */
  view(id: string) {
    const view = this.manager.list().find((plugin) => plugin.id === id);
    if (!view) throw new Error(`There is no plugin ${id}.`);
    return view;
  }

  /** Writes the code of a plugin anew. */
  rewrite(name: string, fixture: Fixture): void {
    this.#write(name, fixture);
  }

  #write(name: string, { manifest, code }: Fixture): void {
    this.folders.add(
      name,
      { kinoport: { permissions: OPEN_PERMISSIONS, ...manifest } },
      { 'index.js': IMPORTS + code },
    );
  }

  /** As the config says it from now on. */
  async setEnabled(name: string, enabled: boolean): Promise<void> {
    this.#settings = { ...this.#settings, [`./${name}`]: { enabled, config: {} } };
    await this.manager.set.refresh();
  }

  configure(slices: Readonly<Record<string, JsonObject>>): Promise<void> {
    this.#slices = slices;
    return this.manager.set.refresh();
  }

  pluginLog(id: string): string {
    const file = join(this.home.logs, `plugin-${id}.log`);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  /** Another host on the same home and plugins, after this one has ended. */
  async restarted(): Promise<PluginHost> {
    await this.#owned.dispose();
    return new PluginHost(this.#plugins, { ...this.#options, folders: this.folders });
  }

  async dispose(): Promise<void> {
    await this.#owned.dispose();
    rmSync(this.home.runtime, { recursive: true, force: true });
    this.folders.dispose();
  }
}

/** A plugin that has one source `s` of the scheme `test:`, made by an expression over `ctx`. */
export function sourcePlugin(source: string, setup = ''): Fixture {
  return {
    manifest: { contributes: { sources: [{ id: 's', schemes: ['test'] }] } },
    code: `export default definePlugin({ activate(ctx) { ${setup}
      const item = (uri) => ({ key: 'key:' + uri, uri, title: uri, kind: 'video' });
      const single = (uri) => ({ kind: 'single', items: [item(uri)] });
      ctx.sources.register('s', Object.assign({ resolve: async (uri) => single(uri), open: async () => ({}), release: async () => {} }, ${source}));
    } });`,
  };
}
