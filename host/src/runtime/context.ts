import {
  type CommandHandler,
  type Contributions,
  type Disposable,
  DisposableStore,
  DisposeError,
  Emitter,
  type ExperimentalApi,
  type JsonObject,
  type JsonValue,
  KinoportError,
  type Log,
  type Player,
  type Plugin,
  type PluginContext,
  type Source,
  type Sync,
  serializeError,
  systemClock,
} from '@kinoport/core';
import { secretNames } from '../config/secretProperties.ts';
import type { Redactor } from '../log/redactor.ts';
import { type Demands, demandOf } from '../plugins/permissions/refusal.ts';
import { Outbox } from '../rpc/outbox.ts';
import type { Peer } from '../rpc/peer.ts';
import type { InitializeParams, InitializeResult } from '../rpc/protocol.ts';
import { serveCommands } from './commands.ts';
import { DiagnosticsServer } from './diagnostics.ts';
import { createPlayback } from './playback.ts';
import { PlayerServer, playerVerbs } from './players.ts';
import { createProcesses } from './processes.ts';
import { RegistryImpl } from './registry.ts';
import { createAttention, createSecrets, createServices, type ServiceMethods } from './services.ts';
import { serveSources, sourceVerbs } from './sources.ts';
import { createStreams } from './streams.ts';

const ids = (list: readonly { readonly id: string }[] | undefined): string[] =>
  (list ?? []).map((entry) => entry.id);

/** One generation of a plugin: its context, its registrations, and their end. */
export class PluginRuntime {
  readonly #plugin: Plugin;
  readonly #owned = new DisposableStore();
  readonly #players: RegistryImpl<Player>;
  readonly #sources: RegistryImpl<Source>;
  readonly #syncs: RegistryImpl<Sync>;
  readonly #commands: RegistryImpl<CommandHandler>;
  readonly #services: RegistryImpl<ServiceMethods>;
  readonly #diagnostics: DiagnosticsServer;
  readonly #playerServer: PlayerServer;
  readonly #context: PluginContext;
  readonly #log = createLog();
  #deactivating: Promise<readonly string[]> | undefined;

  constructor(peer: Peer, params: InitializeParams, plugin: Plugin, redactor: Redactor) {
    this.#plugin = plugin;
    const declared: Contributions = params.contributes;
    this.#players = new RegistryImpl('player', ids(declared.players), this.#owned);
    this.#sources = new RegistryImpl('source', ids(declared.sources), this.#owned);
    this.#syncs = new RegistryImpl('sync', ids(declared.syncs), this.#owned);
    this.#commands = new RegistryImpl(
      'command',
      (declared.commands ?? []).flatMap((c) => (c.standalone === undefined ? [c.command] : [])),
      this.#owned,
    );
    this.#services = new RegistryImpl('service', ids(declared.services), this.#owned);
    this.#diagnostics = new DiagnosticsServer(peer, declared.diagnostics === true, this.#owned, this.#log);
    const outbox = new Outbox({
      send: (method, value) => peer.notify(method, value),
      onOverflow: (error) => {
        this.#log.error(error.message);
        process.exit(1);
      },
    });
    this.#playerServer = new PlayerServer(peer, this.#players, outbox);
    serveSources(peer, this.#sources);
    serveCommands(peer, this.#commands, this.#log);
    const changed = this.#owned.add(new Emitter<JsonObject>());
    const secrets = secretNames(declared.configuration);
    const noted = (value: JsonObject): JsonObject => {
      redactor.add(...secrets.map((name) => value[name]));
      return value;
    };
    let config = noted(params.config);
    peer.onNotification('config/changed', (value) => {
      config = noted(value as JsonObject);
      changed.fire(config);
    });
    const demands: Demands = (kind) => demandOf(kind, { id: params.plugin.id, access: params.access });
    const services = createServices(peer, this.#services);
    const experimental = <T>(name: ExperimentalApi, member: T): T => {
      if (params.experimental.includes(name)) return member;
      throw new KinoportError('EXPERIMENTAL_API', `ctx.${name} is experimental and may change.`, {
        hint: `Say that you know: "experimental": ["${name}"] beside "contributes" in package.json.`,
      });
    };
    this.#context = {
      plugin: params.plugin,
      generation: params.generation,
      folders: params.folders,
      clock: systemClock,
      players: this.#players,
      sources: this.#sources,
      syncs: this.#syncs,
      get services() {
        return experimental('services', services);
      },
      secrets: createSecrets(peer, redactor),
      attention: createAttention(peer),
      diagnostics: this.#diagnostics,
      commands: this.#commands,
      playback: createPlayback(peer, demands),
      config: {
        get value() {
          return config;
        },
        onDidChange: changed.event,
      },
      storage: {
        get: async (key) => (await peer.call<{ readonly value?: JsonValue }>('storage/get', { key })).value,
        set: (key, value) => peer.call('storage/set', { key, ...(value === undefined ? {} : { value }) }),
        keys: () => peer.call('storage/keys', {}),
      },
      streams: createStreams(peer, demands, params.folders.runtime, this.#owned, (error) =>
        this.#log.error('A stream failed', { error: serializeError(error).message }),
      ),
      processes: createProcesses(peer),
      log: this.#log,
      subscriptions: { add: <T extends Disposable>(item: T): T => this.#owned.add(item) },
    };
  }

  async activate(): Promise<InitializeResult> {
    try {
      await this.#plugin.activate(this.#context);
    } catch (error) {
      this.#log.error('activate failed', { stack: serializeError(error).stack });
      if (error instanceof KinoportError) throw error;
      const { formatPlace, placeOfThrown } = await import('./faultPlace.ts');
      const place = placeOfThrown(error);
      throw new KinoportError('PLUGIN_ACTIVATE_FAILED', `activate failed: ${serializeError(error).message}`, {
        hint: `The stack is in the log of the plugin${place ? `; look at ${formatPlace(place)}` : '.'}`,
        ...(place ? { data: { ...place } } : {}),
        cause: error,
      });
    }
    const missing = [
      this.#players,
      this.#sources,
      this.#syncs,
      this.#commands,
      this.#services,
      this.#diagnostics,
    ].flatMap((registry) => registry.missing());
    if (missing.length > 0) {
      throw new KinoportError(
        'PLUGIN_NOT_REGISTERED',
        `The manifest declares the ${missing.join(', ')}, but activate did not register ${missing.length > 1 ? 'them' : 'it'}.`,
        {
          hint: 'Register it in activate, or take it out of contributes in package.json.',
        },
      );
    }
    return {
      players: [...this.#players.entries()].map(([id, player]) => ({
        id,
        capabilities: player.capabilities,
        verbs: playerVerbs(player),
      })),
      sources: [...this.#sources.entries()].map(([id, source]) => ({ id, verbs: sourceVerbs(source) })),
      syncs: [...this.#syncs.entries()].map(([id]) => id),
      commands: [...this.#commands.entries()].map(([command]) => command),
      services: [...this.#services.entries()].map(([id]) => id),
    };
  }

  /** Gives everything back, once; resolves with what failed at it. */
  deactivate(): Promise<readonly string[]> {
    this.#deactivating ??= this.#deactivate();
    return this.#deactivating;
  }

  async #deactivate(): Promise<readonly string[]> {
    const problems: string[] = [];
    const failed = (what: string, error: unknown): void => {
      const { message, stack } = serializeError(error);
      this.#log.error(`${what} failed`, { stack });
      problems.push(`${what} failed: ${message}`);
    };
    await this.#playerServer.detachAll();
    try {
      await this.#plugin.deactivate?.();
    } catch (error) {
      failed('deactivate', error);
    }
    try {
      await this.#owned.dispose();
    } catch (error) {
      for (const each of error instanceof DisposeError ? error.errors : [error]) failed('disposal', each);
    }
    return problems;
  }
}

/** Lines on standard output, which the host has connected to the plugin's log file. */
function createLog(): Log {
  const line = (level: string) => (message: string, data?: JsonObject) => {
    process.stdout.write(
      `${new Date().toISOString()} ${level} ${message}${data ? ` ${JSON.stringify(data)}` : ''}\n`,
    );
  };
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
}
