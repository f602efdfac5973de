import 'reflect-metadata';
import { join } from 'node:path';
import { type Clock, DisposableStore, deserializeError, systemClock } from '@kinoport/core';
import {
  type DependencyContainer,
  type InjectionToken,
  instanceCachingFactory,
  container as root,
} from 'tsyringe';
import { CommandRuns } from './api/commandRuns.ts';
import { ApiMethods } from './api/methods.ts';
import { SecretSettings } from './api/secretSettings.ts';
import { ApiServer } from './api/server.ts';
import { Uploads } from './api/uploads.ts';
import { ConfigService, isFatal } from './config/config.ts';
import { FileConfigService } from './config/fileConfigService.ts';
import { Home } from './home/home.ts';
import { Logger } from './log/logger.ts';
import { Redactor } from './log/redactor.ts';
import { tellOfPluginFailures } from './playback/pluginFailures.ts';
import { servePluginPlayback } from './playback/pluginPlayback.ts';
import { ProgressOwners } from './playback/progressTracker.ts';
import { PlaybackService } from './playback/service.ts';
import { SourceCaches } from './playback/sourceCaches.ts';
import { AttentionBoard } from './plugins/attention.ts';
import { PluginCalls } from './plugins/calls.ts';
import { pluginSchemas } from './plugins/configSchemas.ts';
import { Developments } from './plugins/dev/developments.ts';
import { PluginDevelopment } from './plugins/dev/pluginDevelopment.ts';
import { builtinFolders, type DiscoveredPlugin, discoverPlugins } from './plugins/discovery.ts';
import { removeLeftovers } from './plugins/install/folders.ts';
import { InstalledPlugins } from './plugins/install/installed.ts';
import { PluginInstaller } from './plugins/install/pluginInstaller.ts';
import { removePlugin } from './plugins/install/pluginRemover.ts';
import { PluginManager } from './plugins/manager.ts';
import { pluginFolders } from './plugins/permissions/pluginFolders.ts';
import { PluginSwitch } from './plugins/pluginSwitch.ts';
import { PluginProcesses } from './plugins/processes.ts';
import { servePluginSecrets } from './plugins/secrets.ts';
import { servePluginServices } from './plugins/services.ts';
import { PluginSettings } from './plugins/settings.ts';
import { clearPluginStorage, servePluginStorage } from './plugins/storage.ts';
import { PublishedStreams } from './plugins/streams.ts';
import { FailedStore } from './plugins/supervision/failedStore.ts';
import { ProcessBroker } from './processes/broker.ts';
import { ProcessGuard } from './processes/guard.ts';
import { LocalProcessBroker } from './processes/processBroker.ts';
import { ShellProcessGuard } from './processes/shellGuard.ts';
import { openSecretStore } from './secrets/openSecretStore.ts';
import { SecretStore } from './secrets/secretStore.ts';
import { Database, openDatabase } from './storage/database.ts';
import { SessionJournal } from './storage/journal.ts';
import { KeyValueStore } from './storage/keyValue.ts';
import { ProgressStore } from './storage/progress.ts';
import { SqliteSessionJournal } from './storage/sqliteJournal.ts';
import { SqliteKeyValueStore } from './storage/sqliteKeyValue.ts';
import { SqliteProgressStore } from './storage/sqliteProgress.ts';
import { StreamFront } from './streams/front.ts';
import { HttpStreamFront } from './streams/httpFront.ts';

export const ClockToken: InjectionToken<Clock> = Symbol('Clock');

/** Everything that the host consists of; disposed as one, in reverse order. */
export interface HostParts {
  readonly container: DependencyContainer;
  readonly owned: DisposableStore;
}

export interface CompositionOptions {
  readonly home: Home;
  readonly log: Logger;
  /** Learns every secret that is handed out, so that `log` does not show it. */
  readonly redactor: Redactor;
  /** That of the process, unless given. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Ends the host in order. */
  readonly stop: () => void;
  /** Only the plugins that come with the program. */
  readonly safeMode?: boolean;
  /** Resolves when what an earlier host left behind is settled. */
  readonly restored: Promise<void>;
}

/**
 * The composition root: which class stands behind which interface, and in what order things come to life.
 * Lifetimes are owned by `owned`, not by the container, whose disposal neither waits nor goes backwards.
 * @throws KinoportError of database and configuration
 */
export function compose(options: CompositionOptions): HostParts {
  const owned = new DisposableStore();
  const container = root.createChildContainer();
  const clock = systemClock;
  const startedAt = clock.wall();

  const value = <T>(token: InjectionToken<T>, instance: T): T => {
    container.register(token, { useValue: instance });
    return instance;
  };
  const once = <T>(token: InjectionToken<T>, make: (c: DependencyContainer) => T): void => {
    container.register(token, { useFactory: instanceCachingFactory(make) });
  };
  const kept = <T extends { dispose(): void | Promise<void> }>(
    token: InjectionToken<T>,
    make: (c: DependencyContainer) => T,
  ): void => once(token, (c) => owned.add(make(c)));

  value(Home, options.home);
  value(Logger, options.log);
  value(ClockToken, clock);
  const { log, home, redactor, environment = process.env } = options;

  kept(Database, () => {
    const { database, movedAside } = openDatabase(home.databaseFile, { clock });
    if (movedAside)
      log.error('the database was damaged; it was moved aside and a new one begun', { movedAside });
    return database;
  });
  once(ProgressStore, (c) => new SqliteProgressStore(c.resolve(Database)));
  once(SessionJournal, (c) => new SqliteSessionJournal(c.resolve(Database)));
  once(KeyValueStore, (c) => new SqliteKeyValueStore(c.resolve(Database)));
  kept(
    StreamFront,
    () =>
      new HttpStreamFront({
        clock,
        onError: (error) => log.error('stream front', { message: String(error) }),
      }),
  );
  kept(ProcessGuard, () => new ShellProcessGuard(clock, log));
  kept(SecretStore, () => openSecretStore({ home, clock, log, environment }));
  kept(ProcessBroker, () => new LocalProcessBroker());
  once(PluginCalls, () => new PluginCalls());
  once(PluginProcesses, (c) => {
    const [broker, journal] = [c.resolve(ProcessBroker), c.resolve(SessionJournal)];
    return new PluginProcesses(broker, journal, home, c.resolve(PluginCalls), clock, c.resolve(ProcessGuard));
  });
  once(PublishedStreams, (c) => {
    const runtime = (id: string): string => pluginFolders(home, id, '').runtime;
    return new PublishedStreams(c.resolve(StreamFront), c.resolve(PluginCalls), runtime);
  });

  container.resolve(Database);
  const config = owned.add(new FileConfigService({ file: home.configFile, clock }));
  const installed = new InstalledPlugins(home);
  void removeLeftovers(home, installed.folders());
  const developments = new Developments();
  const discover = (): readonly DiscoveredPlugin[] => {
    config.reload();
    const { current } = config;
    const found = discoverPlugins(current, home.config, builtinFolders(), installed.list(), developments);
    config.setPlugins(pluginSchemas(found, home.config));
    return found;
  };
  const discovered = discover();
  const problem = config.problems.find(isFatal);
  if (problem) {
    throw deserializeError(problem);
  }
  for (const { code, message } of config.problems) log.warn('a mistake in the config', { code, message });
  value<ConfigService>(ConfigService, config);

  const secrets = container.resolve<SecretStore>(SecretStore);
  const attention = owned.add(new AttentionBoard(container.resolve(PluginCalls), log, redactor));
  const settings = new PluginSettings(config, secrets, redactor);
  kept(PluginManager, (c) => {
    return new PluginManager({
      config,
      home,
      clock,
      log,
      calls: c.resolve(PluginCalls),
      failures: new FailedStore(c.resolve(KeyValueStore), log),
      streams: c.resolve(PublishedStreams),
      discovered,
      discover,
      processes: { guard: c.resolve(ProcessGuard) },
      ...(options.safeMode ? { safeMode: true } : {}),
      pluginConfig: (plugin) => settings.slice(plugin),
      attention,
      redactor,
    });
  });
  kept(PlaybackService, (c) => {
    return new PlaybackService({
      clock,
      log,
      plugins: c.resolve(PluginManager),
      progress: c.resolve(ProgressStore),
      journal: c.resolve(SessionJournal),
      config,
      owners: new ProgressOwners(),
      endProcess: (sessionId) => c.resolve(PluginProcesses).endSession(sessionId),
      broker: c.resolve(ProcessBroker),
      front: c.resolve(StreamFront),
    });
  });
  kept(
    PluginDevelopment,
    (c) => new PluginDevelopment({ developments, discover, set: c.resolve(PluginManager).set, log }),
  );
  once(PluginSwitch, (c) => new PluginSwitch(home.configFile, config, c.resolve(PluginManager).set));
  once(CommandRuns, (c) => {
    const configure: PluginSwitch['configure'] = (...args) => c.resolve(PluginSwitch).configure(...args);
    return new CommandRuns(c.resolve(PluginCalls), () => c.resolve(PluginManager), clock, configure);
  });
  kept(PluginInstaller, (c) => {
    const { set } = c.resolve(PluginManager);
    return new PluginInstaller({
      home,
      clock,
      log,
      discover: (change) =>
        discoverPlugins(config.current, home.config, builtinFolders(), change(installed.list())),
      refresh: () => set.refresh(),
      running: (key) => set.running(key),
    });
  });
  once(ApiMethods, (c) => {
    return new ApiMethods({
      clock,
      startedAt,
      config,
      plugins: c.resolve(PluginManager),
      playback: c.resolve(PlaybackService),
      caches: new SourceCaches(c.resolve(PluginManager), c.resolve(PlaybackService)),
      progress: c.resolve(ProgressStore),
      secrets: new SecretSettings(c.resolve(PluginManager).set, secrets, redactor),
      commands: c.resolve(CommandRuns),
      development: c.resolve(PluginDevelopment),
      pluginSwitch: c.resolve(PluginSwitch),
      installer: c.resolve(PluginInstaller),
      removePlugin: (id, keepData) => {
        const { set } = c.resolve(PluginManager);
        const forget = async (plugin: string): Promise<void> => {
          new FailedStore(c.resolve(KeyValueStore), log).clear(plugin);
          if (keepData) return;
          clearPluginStorage(c.resolve(KeyValueStore), plugin);
          await secrets.clear(plugin);
        };
        const options = { home, config, discovered: discover, refresh: () => set.refresh(), forget };
        return removePlugin(options, id, keepData);
      },
      restored: options.restored,
      safeMode: options.safeMode === true,
      stop: options.stop,
    });
  });
  kept(ApiServer, (c) => {
    return new ApiServer({
      clock,
      log,
      methods: c.resolve(ApiMethods),
      uploads: new Uploads(join(home.cache, 'uploads'), c.resolve(PlaybackService)),
      plugins: c.resolve(PluginManager),
      playback: c.resolve(PlaybackService),
    });
  });

  const calls = container.resolve(PluginCalls);
  container.resolve(PluginProcesses);
  servePluginStorage(calls, container.resolve(KeyValueStore));
  servePluginServices(calls, () => container.resolve(PluginManager));
  servePluginSecrets(calls, secrets, redactor);
  servePluginPlayback(
    calls,
    {
      playback: container.resolve(PlaybackService),
      progress: container.resolve(ProgressStore),
      clock,
    },
    owned,
  );
  container.resolve(CommandRuns);
  const plugins = container.resolve(PluginManager);
  owned.add(tellOfPluginFailures(plugins.set, container.resolve(PlaybackService)));
  owned.add(plugins.set.addStopHook((plugin) => container.resolve(PlaybackService).pluginStops(plugin)));
  for (const changed of [config.onDidChange, secrets.onDidChange]) owned.add(changed(() => void refresh()));
  async function refresh(): Promise<void> {
    await plugins.set.refresh();
    if (container.resolve(PlaybackService).size > 0) plugins.activateForPlayback();
  }
  return { container, owned };
}
