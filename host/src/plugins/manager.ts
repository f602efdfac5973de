import {
  type CommandContribution,
  type Disposable,
  KinoportError,
  type PlayerInstallation,
  serializeError,
} from '@kinoport/core';
import type { PluginDiagnostics } from '../api/diagnosticsProtocol.ts';
import type { PluginView } from '../api/protocol.ts';
import type { ConfigService } from '../config/config.ts';
import type { Peer } from '../rpc/peer.ts';
import type { PluginCalls } from './calls.ts';
import { commandsOf } from './commandContributions.ts';
import { diagnose } from './diagnostics.ts';
import type { LoadedManifest } from './manifest.ts';
import type { Plugin } from './plugin.ts';
import { disabled, PluginSet, type PluginSetOptions, wantsToRun } from './pluginSet.ts';
import { RemotePlayer, SessionDirectory } from './remotePlayer.ts';
import type { SessionNote } from './remoteSession.ts';
import { RemoteSource } from './remoteSource.ts';
import { type Route, routeUri, type SourceDeclaration } from './routing.ts';
import { checks } from './schemas.ts';
import type { PublishedStreams } from './streams.ts';

export interface PluginManagerOptions extends PluginSetOptions {
  readonly config: ConfigService;
  readonly streams: PublishedStreams;
}

/** A command of a plugin, as its manifest declares it. */
export interface PluginCommand {
  readonly plugin: string;
  /** The plugin's folder. */
  readonly root: string;
  readonly contribution: CommandContribution;
}

/** All plugins: routed to by their manifests, started when they are first needed. */
export class PluginManager implements Disposable {
  readonly #options: PluginManagerOptions;
  readonly #directory = new SessionDirectory();
  /** Which there are, and how they are. */
  readonly set: PluginSet;

  constructor(options: PluginManagerOptions) {
    this.#options = options;
    this.#hear(options.calls);
    this.set = new PluginSet(options);
  }

  /** Starts what wants to run from the beginning. A failure is logged and shown in `list`. */
  async startEager(): Promise<void> {
    const eager = this.#plugins().filter(({ plugin }) => wantsToRun(plugin));
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

  list(): readonly PluginView[] {
    return this.set.list();
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

  /** What plugins tell about themselves; starts those that do. */
  diagnose(signal?: AbortSignal): Promise<readonly PluginDiagnostics[]> {
    return diagnose(this.#plugins(), signal);
  }

  get sourceIds(): readonly string[] {
    return this.#declarations().map(({ contribution }) => contribution.id);
  }

  /** @throws KinoportError `SOURCE_UNKNOWN`, `PLUGIN_DISABLED` */
  source(id: string): RemoteSource {
    const plugin = this.#contributor(
      (c) => c?.sources?.some((s) => s.id === id) ?? false,
      `source "${id}"`,
      'SOURCE_UNKNOWN',
      this.sourceIds,
    );
    return new RemoteSource(plugin, id, this.#options.streams, this.#options.clock);
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

  commands(): readonly PluginCommand[] {
    return this.#plugins().flatMap(({ plugin, manifest }) =>
      commandsOf(manifest.package.kinoport, plugin.definition.access.granted).map((contribution) => ({
        plugin: plugin.id,
        root: manifest.root,
        contribution,
      })),
    );
  }

  /** Who offers a service, when anybody does. */
  serviceProvider(id: string): Plugin | undefined {
    return this.#plugins().find(({ manifest }) =>
      manifest.package.kinoport.contributes?.services?.some((service) => service.id === id),
    )?.plugin;
  }

  /** @throws KinoportError `COMMAND_UNKNOWN` */
  commandPlugin(command: string): Plugin {
    return this.#contributor(
      (c) =>
        c?.commands?.some((entry) => entry.command === command && entry.standalone === undefined) ?? false,
      `command "${command}"`,
      'COMMAND_UNKNOWN',
      this.commands().map((c) => c.contribution.command),
    );
  }

  async dispose(): Promise<void> {
    await this.set.dispose();
  }

  #plugins(): PluginSet['plugins'] {
    return this.set.plugins;
  }

  #declarations(): readonly SourceDeclaration[] {
    return this.#plugins().flatMap(({ plugin, manifest }) =>
      (manifest.package.kinoport.contributes?.sources ?? []).map((contribution) => ({
        plugin: plugin.id,
        builtin: plugin.definition.builtin,
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
    const off = this.set.entries.find(
      ({ discovered, plugin }) => !plugin && has(discovered.manifest?.package.kinoport.contributes),
    )?.discovered;
    if (off) throw off.error ?? disabled(off, what);
    throw new KinoportError(code, `No plugin contributes the ${what}.`, {
      hint: known.length > 0 ? `There is: ${known.join(', ')}.` : 'Enable a plugin that does in the config.',
    });
  }

  #hear(calls: PluginCalls): void {
    const invalid = (plugin: Plugin, problem: string): void =>
      this.#options.log.warn(`plugin ${plugin.id} sent something that is not of the contract`, { problem });
    const note = (id: string, peer: Peer, said: SessionNote): void => this.#directory.note(id, peer, said);
    calls.onNote('session/state', checks.state, (n, _, peer) => note(n.sessionId, peer, n), invalid);
    calls.onNote('session/tracks', checks.tracks, (n, _, peer) => note(n.sessionId, peer, n), invalid);
    calls.onNote('session/end', checks.end, (n, _, peer) => note(n.sessionId, peer, n), invalid);
    calls.onNote('session/request', checks.request, (n, _, peer) => note(n.sessionId, peer, n), invalid);
  }
}
