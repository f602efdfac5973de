import { type Clock, contentKeys, isKinoportError, KinoportError, PRODUCT } from '@kinoport/core';
import type { ConfigService } from '../config/config.ts';
import { runPlaybackCommand } from '../playback/commands.ts';
import { isOfferedToContinue } from '../playback/rules.ts';
import type { OpenOptions, PlaybackService } from '../playback/service.ts';
import type { SourceCaches } from '../playback/sourceCaches.ts';
import type { DevelopRequest, PluginDevelopment } from '../plugins/dev/pluginDevelopment.ts';
import type { PluginInstaller } from '../plugins/install/pluginInstaller.ts';
import type { RemovedPlugin } from '../plugins/install/views.ts';
import type { PluginManager } from '../plugins/manager.ts';
import type { PluginSwitch } from '../plugins/pluginSwitch.ts';
import { type CheckedSchema, checkedSchema } from '../plugins/validation.ts';
import type { ProgressRecord, ProgressStore } from '../storage/progress.ts';
import { parseProgressExport, progressExport } from '../storage/progressExchange.ts';
import { cacheMethods } from './cacheMethods.ts';
import type { CommandRuns } from './commandRuns.ts';
import { installMethods } from './installMethods.ts';
import { METHODS, type MethodName, type ProgressView, type Results, type WaitingNote } from './protocol.ts';
import type { SecretSettings } from './secretSettings.ts';

/** Somebody who calls: over a WebSocket with a way back, over HTTP without one. */
export interface ApiClient {
  /** Lets the events of a session (of all, when absent) come to this client. */
  subscribe?(sessionId: string | undefined): void;
  /** Lets changes of plugins come to this client. */
  subscribePlugins?(): void;
  notify?(method: string, params: unknown): Promise<void>;
  /** As `notify`, past the events that wait; resolves when the connection has taken it. */
  send?(method: string, params: unknown): Promise<void>;
  request?<T>(method: string, params: unknown, signal: AbortSignal): Promise<T>;
  /** Fires when the client has gone. */
  readonly gone?: AbortSignal;
}

export interface ApiServices {
  readonly clock: Clock;
  readonly startedAt: number;
  readonly config: ConfigService;
  readonly plugins: PluginManager;
  readonly playback: PlaybackService;
  readonly caches: SourceCaches;
  readonly progress: ProgressStore;
  readonly commands: CommandRuns;
  readonly pluginSwitch: PluginSwitch;
  readonly secrets: SecretSettings;
  readonly installer: PluginInstaller;
  readonly removePlugin: (id: string, keepData: boolean) => Promise<RemovedPlugin>;
  readonly development: PluginDevelopment;
  /** Resolves when what an earlier host left behind is settled; playback and progress wait for it. */
  readonly restored: Promise<void>;
  readonly safeMode: boolean;
  readonly stop: () => void;
}

export type Handlers = {
  readonly [M in MethodName]: (params: never, client: ApiClient, signal: AbortSignal) => Promise<Results[M]>;
};

/** The local API, whatever carries it: parameters are checked here, once. */
export class ApiMethods {
  readonly #services: ApiServices;
  readonly #handlers: Handlers;
  readonly #checks = new Map<string, CheckedSchema<unknown>>();

  constructor(services: ApiServices) {
    this.#services = services;
    this.#handlers = this.#table();
  }

  /** @throws KinoportError `METHOD_NOT_FOUND`, `INVALID_ARGUMENT`, and those of the method */
  async call(method: string, params: unknown, client: ApiClient, signal: AbortSignal): Promise<unknown> {
    if (!Object.hasOwn(METHODS, method))
      throw new KinoportError('METHOD_NOT_FOUND', `There is no method "${method.slice(0, 100)}".`);
    const name = method as MethodName;
    let check = this.#checks.get(name);
    if (!check) {
      check = checkedSchema(() => METHODS[name]);
      this.#checks.set(name, check);
    }
    const value = params ?? {};
    const problem = check.problem(value);
    if (problem)
      throw new KinoportError(
        'INVALID_ARGUMENT',
        `${name}: ${problem.path || 'the parameter'} ${problem.message}.`,
      );
    if (/^(playback|progress|continue)\.|^commands\.run$/.test(name)) await this.#services.restored;
    return this.#handlers[name](value as never, client, signal);
  }

  #table(): Handlers {
    const { playback, progress, plugins, config, secrets } = this.#services;
    return {
      'host.status': async () => this.#status(),
      'host.stop': async () => {
        this.#services.stop();
        return { stopping: true };
      },
      'playback.open': async (params, client, signal) => {
        const begun = await playback.begin(params, {
          prepare: (made) => client.subscribe?.(made.id),
          onWait: waitingFor(client),
          signal,
        });
        return 'choice' in begun ? begun : { sessionId: begun.id };
      },
      'playback.list': async () => playback.sessions.flatMap((session) => playback.view(session) ?? []),
      'playback.subscribe': async ({ sessionId }: { sessionId?: string }, client) => {
        const sessions = sessionId === undefined ? playback.sessions : [playback.get(sessionId)];
        client.subscribe?.(sessionId);
        for (const session of sessions)
          for (const event of session.replay()) await client.notify?.('playback.event', event);
        return { sessions: sessions.map((session) => session.id) };
      },
      'playback.command': async ({
        sessionId,
        command,
      }: Parameters<typeof runPlaybackCommand>[1] extends infer C
        ? { sessionId?: string; command: C }
        : never) => {
        const session = playback.get(sessionId);
        await runPlaybackCommand(session, command);
        return { sessionId: session.id };
      },
      'progress.list': async ({ limit }: { limit?: number }) =>
        progress.list(limit === undefined ? {} : { limit }).map(view),
      'progress.get': async (params: { uri: string; source?: string }, _client, signal) =>
        view((await this.#findAll(params, signal))[0]),
      'progress.mark': async ({ uri, watched }: { uri: string; watched: boolean }, client, signal) =>
        this.#mark(uri, watched, { signal, onWait: waitingFor(client) }),
      'progress.forget': async (params: { uri: string; source?: string }, _client, signal) => {
        const records = await this.#findAll(params, signal);
        for (const { id } of records) progress.forget(id);
        return { forgotten: records.length };
      },
      'progress.export': async () => progressExport(progress.exportAll()),
      'progress.import': async ({ document }: { document: unknown }) =>
        progress.importAll(parseProgressExport(document)),
      'continue.list': async ({ limit }: { limit?: number }) =>
        progress
          .list()
          .filter((record) => isOfferedToContinue(record, config.current.progress))
          .slice(0, limit ?? 10)
          .map(view),
      'source.resolve': async ({ uri, source }: { uri: string; source?: string }, client, signal) => {
        const options = { signal, onWait: waitingFor(client) };
        const { source: by, result, alternatives } = await playback.resolve(uri, source, options);
        return { ...result, source: by.id, alternatives };
      },
      ...cacheMethods(this.#services.caches),
      'plugins.diagnose': async (_params, _client, signal) => plugins.diagnose(signal),
      'plugins.list': async () => plugins.list(),
      'plugins.get': async ({ id }: { id: string }) => plugins.set.view(id),
      'plugins.subscribe': async (_params, client) => {
        client.subscribePlugins?.();
        return plugins.list();
      },
      'plugins.reload': async ({ id }: { id: string }) => plugins.set.reload(id),
      'plugins.dev': async (params: DevelopRequest, client) =>
        this.#services.development.begin(params, staying(client)),
      'plugins.dev.load': async ({ root }: { root: string }, client, signal) =>
        this.#services.development.load(root, staying(client), signal),
      'plugins.profile': async ({ id }: { id?: string }) => plugins.set.profile(id),
      'plugins.enable': async ({ id }: { id: string }) => this.#services.pluginSwitch.enable(id),
      'plugins.disable': async ({ id }: { id: string }) => this.#services.pluginSwitch.disable(id),
      'plugins.agree': async ({ id, setting }: { id: string; setting: string }) =>
        this.#services.pluginSwitch.agree(id, setting),
      'secrets.list': async ({ plugin }: { plugin?: string }) => secrets.list(plugin),
      'secrets.set': async ({
        plugin,
        name,
        value,
      }: {
        plugin: string;
        name: string;
        value: string | null;
      }) => secrets.set(plugin, name, value),
      ...installMethods(this.#services),
      'players.probe': async () => plugins.probe() as Promise<Results['players.probe']>,
      'commands.list': async () => plugins.commands(),
      'commands.run': async (params, client, signal) => this.#services.commands.run(params, client, signal),
    };
  }

  #status(): Results['host.status'] {
    const { playback, plugins, config, startedAt } = this.#services;
    return {
      version: PRODUCT.apiVersion,
      pid: process.pid,
      startedAt,
      sessions: playback.size,
      safeMode: this.#services.safeMode,
      plugins: plugins.list().length,
      configProblems: config.problems,
    };
  }

  /** By what the address leads to, which may have moved; else by the address, for what is gone or out of reach. */
  async #findAll(
    { uri, source }: { readonly uri: string; readonly source?: string },
    signal: AbortSignal,
  ): Promise<readonly [ProgressRecord, ...ProgressRecord[]]> {
    const { progress, playback } = this.#services;
    let reason: unknown;
    try {
      // Asking how far one is must make nobody else work, nor join a swarm.
      const { result } = await playback.resolve(uri, source, { signal, onlyIfCached: true });
      const known = result.items.flatMap((item) => progress.find(contentKeys(item)) ?? []);
      const [first, ...others] = known;
      if (first) return [first, ...others];
    } catch (error) {
      reason = error;
    }
    const uncached = isKinoportError(reason, 'SOURCE_NOT_CACHED') ? reason : undefined;
    const record = progress.findByUri(uri) ?? (uncached && newestOf(progress, uncached));
    if (record) return [record];
    if (reason instanceof KinoportError && !uncached) throw reason;
    throw new KinoportError(
      'PROGRESS_NONE',
      `Nothing is known of ${uri.slice(0, 200)}: it was never played here${uncached ? ', or is not kept here any more' : ''}.`,
      { hint: `"${PRODUCT.command} progress" lists what is known.` },
    );
  }

  async #mark(uri: string, watched: boolean, options: OpenOptions): Promise<readonly ProgressView[]> {
    const { progress, playback, clock } = this.#services;
    const { source, result } = await playback.resolve(uri, undefined, options);
    return result.items
      .filter((item) => item.kind !== 'container')
      .map((item) => {
        const known = progress.find(contentKeys(item));
        const record =
          known ??
          progress.update(item, source.id, { position: 0, at: clock.wall(), durable: true, reset: true });
        return view(progress.mark(record.id, watched, clock.wall()));
      });
  }
}

function waitingFor(client: ApiClient): (note: WaitingNote) => void {
  return (note) => void client.notify?.('source.waiting', note).catch(() => undefined);
}

/** Of what a source cannot resolve without asking others, by how it says that the keys begin. */
function newestOf(progress: ProgressStore, { data }: KinoportError): ProgressRecord | undefined {
  const { keyPrefix } = (data ?? {}) as { readonly keyPrefix?: unknown };
  if (typeof keyPrefix !== 'string' || keyPrefix.length < 3) return undefined;
  const folder = keyPrefix.endsWith('/') ? keyPrefix : `${keyPrefix}/`;
  return progress.list().find(({ itemKey }) => itemKey === keyPrefix || itemKey.startsWith(folder));
}

/** @throws KinoportError `INVALID_ARGUMENT` for a client that is gone with its answer */
function staying({ gone }: ApiClient): AbortSignal {
  if (gone) return gone;
  throw new KinoportError('INVALID_ARGUMENT', 'This needs a connection that stays.', {
    hint: 'Call it over a WebSocket.',
  });
}

function view(record: ProgressRecord): ProgressView {
  const { uri, itemKey, title, position, duration, watched, updatedAt } = record;
  return {
    uri,
    itemKey,
    title,
    position: Math.round(position * 1000) / 1000,
    duration: duration ?? null,
    percent:
      duration === undefined || !(duration > 0)
        ? null
        : Math.round(Math.min(1, position / duration) * 1000) / 10,
    watched,
    updatedAt: new Date(updatedAt).toISOString(),
  };
}
