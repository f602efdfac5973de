import { join } from 'node:path';
import {
  type Clock,
  type CommandContribution,
  type Disposable,
  type JsonObject,
  KinoportError,
  type PlayerInstallation,
  serializeError,
} from '@kinoport/core';
import type { PluginView } from '../api/protocol.ts';
import type { ConfigService } from '../config/config.ts';
import type { Home } from '../home/home.ts';
import type { Logger } from '../log/logger.ts';
import type { PluginCalls } from './calls.ts';
import type { DiscoveredPlugin } from './discovery.ts';
import type { LoadedManifest } from './manifest.ts';
import { Plugin, type PluginProcessDefaults } from './plugin.ts';
import { RemotePlayer, SessionDirectory } from './remotePlayer.ts';
import { RemoteSource } from './remoteSource.ts';
import { type Route, routeUri, type SourceDeclaration } from './routing.ts';
import { checks } from './schemas.ts';
import type { PublishedStreams } from './streams.ts';

export interface PluginManagerOptions {
  readonly config: ConfigService;
  readonly home: Home;
  readonly clock: Clock;
  readonly log: Logger;
  readonly calls: PluginCalls;
  readonly streams: PublishedStreams;
  readonly discovered: readonly DiscoveredPlugin[];
  /** A plugin's slice of the config with the defaults of its manifest. */
  readonly pluginConfig: (plugin: DiscoveredPlugin) => JsonObject;
  readonly processes?: PluginProcessDefaults;
}

interface Entry {
  readonly discovered: DiscoveredPlugin;
  /** Absent while disabled or faulty. */
  readonly plugin?: Plugin;
}

/** All plugins: found, routed to by their manifests, started when they are first needed. */
export class PluginManager implements Disposable {
  readonly #options: PluginManagerOptions;
  readonly #directory = new SessionDirectory();
  readonly #entries: readonly Entry[];

  constructor(options: PluginManagerOptions) {
    this.#options = options;
    const { home, clock, log, calls, processes } = options;
    this.#hear(calls);
    this.#entries = options.discovered.map((discovered): Entry => {
      const { manifest, error, enabled } = discovered;
      if (error)
        log.error(`plugin ${discovered.id} cannot be used`, { code: error.code, message: error.message });
      if (!manifest || error || !enabled) return { discovered };
      const plugin = new Plugin({
        plugin: { ...discovered, manifest },
        config: options.pluginConfig(discovered),
        home,
        clock,
        log,
        serve: (peer, owner) => calls.serve(peer, owner),
        ...(processes ? { processes } : {}),
      });
      return { discovered, plugin };
    });
  }

  /** Starts what wants to run from the beginning. A failure is logged and shown in `list`. */
  async startEager(): Promise<void> {
    const eager = this.#plugins().filter(({ manifest }) =>
      manifest.package.kinoport.activationEvents?.includes('onStartup'),
    );
    await Promise.allSettled(eager.map(({ plugin }) => plugin.current()));
  }

  /** Starts what most films need, while the host itself is still starting. What goes wrong is met when it is used. */
  warmUp(): void {
    const { player } = this.#options.config.current;
    const wanted = [() => this.player(player).plugin, () => this.sourceFor('file:').plugin];
    for (const plugin of wanted) {
      try {
        plugin()
          .current()
          .catch(() => undefined);
      } catch {
        // Not there, or switched off.
      }
    }
  }

  /** Starts what wants to see every playback. Does not wait. */
  activateForPlayback(): void {
    for (const { plugin, manifest } of this.#plugins()) {
      if (manifest.package.kinoport.activationEvents?.includes('onPlayback'))
        plugin.current().catch(() => undefined);
    }
  }

  /** Tells running plugins their new slice of the config, where it is a new one. */
  configChanged(): void {
    for (const { plugin } of this.#plugins()) plugin.configure(this.#options.pluginConfig(plugin.discovered));
  }

  list(): readonly PluginView[] {
    return this.#entries.map(({ discovered, plugin }) => {
      const contributes = discovered.manifest?.package.kinoport.contributes;
      const error = plugin?.error ?? discovered.error;
      return {
        id: discovered.id,
        version: discovered.manifest?.package.version ?? '',
        displayName: discovered.manifest?.package.kinoport.displayName ?? discovered.id,
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
        error: error ? serializeError(error) : null,
        attention: null,
        unresponsive: false,
        crashes: 0,
        origin: discovered.builtin ? 'builtin' : 'path',
        logFile: join(this.#options.home.logs, `plugin-${discovered.id}.log`),
      };
    });
  }

  get playerIds(): readonly string[] {
    return this.#plugins().flatMap(({ manifest }) =>
      (manifest.package.kinoport.contributes?.players ?? []).map((p) => p.id),
    );
  }

  /** @throws KinoportError `PLAYER_UNKNOWN`, `PLUGIN_DISABLED` */
  player(id: string): RemotePlayer {
    const { clock } = this.#options;
    const plugin = this.#contributor(
      (c) => c?.players?.some((p) => p.id === id) ?? false,
      `player "${id}"`,
      'PLAYER_UNKNOWN',
      this.playerIds,
    );
    return new RemotePlayer(plugin, id, this.#directory, clock);
  }

  async probe(): Promise<
    readonly {
      readonly player: string;
      readonly installations: readonly PlayerInstallation[];
      readonly error?: unknown;
    }[]
  > {
    return Promise.all(
      this.playerIds.map(async (id) => {
        try {
          return { player: id, installations: await this.player(id).probe() };
        } catch (error) {
          return { player: id, installations: [], error: serializeError(error) };
        }
      }),
    );
  }

  /** @throws KinoportError `SOURCE_UNKNOWN`, `PLUGIN_DISABLED` */
  source(id: string): RemoteSource {
    const known = this.#declarations().map((d) => d.contribution.id);
    const plugin = this.#contributor(
      (c) => c?.sources?.some((s) => s.id === id) ?? false,
      `source "${id}"`,
      'SOURCE_UNKNOWN',
      known,
    );
    return new RemoteSource(plugin, id, this.#options.streams);
  }

  routes(uri: string): readonly Route[] {
    return routeUri(uri, this.#declarations(), this.#options.config.current.routing);
  }

  /** @throws KinoportError `SOURCE_NONE` */
  sourceFor(uri: string): RemoteSource {
    const [best] = this.routes(uri);
    if (!best) {
      throw new KinoportError('SOURCE_NONE', `No source answers for ${uri.slice(0, 200)}.`, {
        hint: 'Give a file, a folder or an http address, or enable a plugin that knows this kind of address.',
      });
    }
    return this.source(best.source);
  }

  commands(): readonly { readonly plugin: string; readonly contribution: CommandContribution }[] {
    return this.#plugins().flatMap(({ plugin, manifest }) =>
      (manifest.package.kinoport.contributes?.commands ?? []).map((contribution) => ({
        plugin: plugin.id,
        contribution,
      })),
    );
  }

  /** @throws KinoportError `COMMAND_UNKNOWN` */
  commandPlugin(command: string): Plugin {
    return this.#contributor(
      (c) => c?.commands?.some((entry) => entry.command === command) ?? false,
      `command "${command}"`,
      'COMMAND_UNKNOWN',
      this.commands().map((c) => c.contribution.command),
    );
  }

  /** Every plugin in reverse order of discovery, each in isolation. */
  async dispose(): Promise<void> {
    await Promise.allSettled(
      this.#plugins()
        .reverse()
        .map(({ plugin }) => plugin.stop()),
    );
  }

  #plugins(): { readonly plugin: Plugin; readonly manifest: LoadedManifest }[] {
    return this.#entries.flatMap(({ plugin, discovered }) =>
      plugin && discovered.manifest ? [{ plugin, manifest: discovered.manifest }] : [],
    );
  }

  #declarations(): readonly SourceDeclaration[] {
    return this.#plugins().flatMap(({ plugin, manifest }) =>
      (manifest.package.kinoport.contributes?.sources ?? []).map((contribution) => ({
        plugin: plugin.id,
        builtin: plugin.discovered.builtin,
        contribution,
      })),
    );
  }

  #contributor(
    has: (contributes: LoadedManifest['package']['kinoport']['contributes']) => boolean,
    what: string,
    code: 'PLAYER_UNKNOWN' | 'SOURCE_UNKNOWN' | 'COMMAND_UNKNOWN',
    known: readonly string[],
  ): Plugin {
    const found = this.#plugins().find(({ manifest }) => has(manifest.package.kinoport.contributes));
    if (found) return found.plugin;
    const off = this.#entries.find(({ discovered }) =>
      has(discovered.manifest?.package.kinoport.contributes),
    );
    if (off) {
      throw (
        off.discovered.error ??
        new KinoportError(
          'PLUGIN_DISABLED',
          `The ${what} belongs to the plugin "${off.discovered.id}", which is switched off.`,
          {
            hint: `Set "${off.discovered.key}": true under "plugins" in the config.`,
          },
        )
      );
    }
    throw new KinoportError(code, `No plugin contributes the ${what}.`, {
      hint: known.length > 0 ? `There is: ${known.join(', ')}.` : 'Enable a plugin that does in the config.',
    });
  }

  #hear(calls: PluginCalls): void {
    const invalid = (plugin: Plugin, problem: string): void =>
      this.#options.log.warn(`plugin ${plugin.id} sent something that is not of the contract`, { problem });
    calls.onNote(
      'session/state',
      checks.state,
      (n, plugin) => this.#directory.find(n.sessionId, plugin)?.heardState(n.state),
      invalid,
    );
    calls.onNote(
      'session/tracks',
      checks.tracks,
      (n, plugin) => this.#directory.find(n.sessionId, plugin)?.heardTracks(n.tracks),
      invalid,
    );
    calls.onNote(
      'session/end',
      checks.end,
      (n, plugin) => this.#directory.find(n.sessionId, plugin)?.heardEnd(n.end),
      invalid,
    );
    calls.onNote(
      'session/request',
      checks.request,
      (n, plugin) => this.#directory.find(n.sessionId, plugin)?.heardRequest(n.request),
      invalid,
    );
  }
}
