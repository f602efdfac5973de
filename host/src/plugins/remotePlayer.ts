import {
  type Clock,
  type Disposable,
  Emitter,
  type Event,
  isKinoportError,
  type JsonObject,
  KinoportError,
  type PlayerCapabilities,
  type PlayerEnd,
  type PlayerInstallation,
  type PlayerMedia,
  type PlayerOpenOptions,
  type PlayerRequest,
  type PlayerState,
  type RecoveredProgress,
} from '@kinoport/core';
import type { SessionMethod } from '../rpc/protocol.ts';
import type { Plugin, Survivor } from './plugin.ts';
import type { PluginProcess } from './process.ts';
import { checks } from './schemas.ts';

const OPEN_TIMEOUT = 60_000;
const COMMAND_TIMEOUT = 30_000;
/** Milliseconds after which a plugin that was told to end its player has to show that it lives. */
const STOP_PATIENCE = 3_000;

/** The sessions that players of plugins run, by id: where their notes go. */
export class SessionDirectory {
  readonly #sessions = new Map<string, RemoteSession>();

  add(session: RemoteSession): void {
    this.#sessions.set(session.id, session);
  }

  remove(session: RemoteSession): void {
    this.#sessions.delete(session.id);
  }

  /** Only the plugin that runs a session may speak of it. */
  find(id: string, plugin: Plugin): RemoteSession | undefined {
    const session = this.#sessions.get(id);
    return session?.plugin === plugin ? session : undefined;
  }
}

/** A player of a plugin, whatever generation of it runs. */
export class RemotePlayer {
  readonly plugin: Plugin;
  readonly id: string;
  readonly #directory: SessionDirectory;
  readonly #clock: Clock;
  #known: PlayerCapabilities | undefined;

  constructor(plugin: Plugin, id: string, directory: SessionDirectory, clock: Clock) {
    this.plugin = plugin;
    this.id = id;
    this.#directory = directory;
    this.#clock = clock;
  }

  /** As they were when a session was opened last; `undefined` before that. */
  get capabilities(): PlayerCapabilities | undefined {
    return this.#known;
  }

  probe(signal?: AbortSignal): Promise<readonly PlayerInstallation[]> {
    return this.#call('probe', [], { ...(signal ? { signal } : {}) });
  }

  async open(media: PlayerMedia, options: PlayerOpenOptions): Promise<RemoteSession> {
    const { signal, ...rest } = options;
    const session = this.#session(options.sessionId, rest.start);
    try {
      const opened = await this.#call('open', [media, rest], {
        timeout: OPEN_TIMEOUT,
        ...(signal ? { signal } : {}),
      });
      session.opened(opened);
      this.#remember();
      return session;
    } catch (error) {
      session.dispose();
      throw error;
    }
  }

  /** @throws KinoportError `PLAYER_GONE` */
  async attach(
    sessionId: string,
    endpoint: JsonObject,
    epoch: number,
    position: number,
  ): Promise<RemoteSession> {
    const session = this.#session(sessionId, position);
    try {
      session.opened(await this.#call('attach', [endpoint, { sessionId, epoch }], { timeout: OPEN_TIMEOUT }));
      this.#remember();
      return session;
    } catch (error) {
      session.dispose();
      throw error;
    }
  }

  async recover(endpoint: JsonObject): Promise<RecoveredProgress | undefined> {
    if (!(await this.#registration()).verbs.includes('recover')) return undefined;
    return recovered(await this.#call<unknown>('recover', [endpoint]));
  }

  async remembered(media: PlayerMedia): Promise<{ readonly position: number } | undefined> {
    if (!(await this.#registration()).verbs.includes('remembered')) return undefined;
    return (await this.#call<{ readonly position: number } | null>('remembered', [media])) ?? undefined;
  }

  #remember(): void {
    this.#known =
      this.plugin.registered?.players.find((player) => player.id === this.id)?.capabilities ?? this.#known;
  }

  #session(id: string, position: number): RemoteSession {
    const session = new RemoteSession(this.plugin, this.id, id, this.#directory, position, this.#clock);
    this.#directory.add(session);
    return session;
  }

  async #registration() {
    const { registered } = await this.plugin.current();
    const own = registered.players.find((player) => player.id === this.id);
    if (!own)
      throw new KinoportError(
        'PLAYER_UNKNOWN',
        `The plugin "${this.plugin.id}" registered no player "${this.id}".`,
      );
    return own;
  }

  #call<T>(
    verb: string,
    args: readonly unknown[],
    options: { signal?: AbortSignal; timeout?: number } = {},
  ): Promise<T> {
    return this.plugin.call<T>(
      'player/call',
      { player: this.id, verb, args },
      { timeout: COMMAND_TIMEOUT, ...options },
    );
  }
}

/**
 * A player's session over all generations of its plugin. When the plugin crashes the player goes on; the next
 * generation attaches, and a command that was under way is sent again.
 */
export class RemoteSession implements Survivor, Disposable {
  readonly plugin: Plugin;
  readonly player: string;
  readonly id: string;
  readonly #directory: SessionDirectory;
  readonly #clock: Clock;
  readonly #adopted: Disposable;
  readonly #onDidChangeState = new Emitter<PlayerState>();
  readonly #onDidEnd = new Emitter<PlayerEnd>();
  readonly #earlyEnds: PlayerEnd[] = [];
  readonly #onDidRequest = new Emitter<PlayerRequest>();
  #endpoint: JsonObject = {};
  #state: PlayerState;
  #heard = false;
  #isOpen = false;
  #itemToken = '';

  constructor(
    plugin: Plugin,
    player: string,
    id: string,
    directory: SessionDirectory,
    position: number,
    clock: Clock,
  ) {
    this.plugin = plugin;
    this.player = player;
    this.id = id;
    this.#directory = directory;
    this.#clock = clock;
    this.#adopted = plugin.adopt(this);
    this.#state = {
      itemToken: '',
      status: 'opening',
      position,
      at: clock.now(),
      rate: 1,
      volume: 100,
      muted: false,
      seekable: false,
      epoch: 0,
      cause: 'user',
      tracks: [],
    };
  }

  get endpoint(): JsonObject {
    return this.#endpoint;
  }

  get state(): PlayerState {
    return this.#state;
  }

  get onDidChangeState(): Event<PlayerState> {
    return this.#onDidChangeState.event;
  }

  /** An end that came before anybody listened, of an item that failed at once, is told to the first listener. */
  readonly onDidEnd: Event<PlayerEnd> = (listener) => {
    const subscription = this.#onDidEnd.event(listener);
    for (const end of this.#earlyEnds.splice(0)) this.#onDidEnd.fire(end);
    return subscription;
  };

  get onDidRequest(): Event<PlayerRequest> {
    return this.#onDidRequest.event;
  }

  /** The item that the player was told to play last, for the end that a crash makes. */
  set itemToken(token: string) {
    this.#itemToken = token;
  }

  /** @throws KinoportError as the method of `PlayerSession` */
  async call<T = void>(
    method: SessionMethod,
    args: readonly unknown[] = [],
    signal?: AbortSignal,
  ): Promise<T> {
    const params = { sessionId: this.id, method, args };
    const at = (args[0] as { readonly at?: number } | undefined)?.at;
    const wait = typeof at === 'number' ? Math.max(0, at - this.#clock.now()) : 0;
    const options = { timeout: COMMAND_TIMEOUT + wait, ...(signal ? { signal } : {}) };
    const watchdog =
      method === 'stop'
        ? this.#clock.after(STOP_PATIENCE, () => void this.plugin.endIfHung().catch(() => undefined))
        : undefined;
    try {
      return await this.plugin.call<T>('session/call', params, options);
    } catch (error) {
      if (!isKinoportError(error, 'PLUGIN_CRASHED')) throw error;
      await this.plugin.current(signal);
      if (this.#state.status === 'gone')
        throw new KinoportError('PLAYER_GONE', 'The player is no longer there.');
      return this.plugin.call<T>('session/call', params, options);
    } finally {
      await watchdog?.dispose();
    }
  }

  opened(answer: unknown): void {
    if (!checks.sessionOpened.is(answer)) {
      const problem = checks.sessionOpened.problem(answer);
      throw new KinoportError(
        'PLUGIN_PROTOCOL',
        `Player "${this.player}" answered with ${problem?.path} that ${problem?.message}.`,
        { hint: 'Report this to the author of the plugin.' },
      );
    }
    this.#endpoint = answer.endpoint;
    this.#isOpen = true;
    if (this.#heard)
      this.#state = {
        ...this.#state,
        tracks: this.#state.tracks.length > 0 ? this.#state.tracks : answer.state.tracks,
      };
    else this.#change(answer.state);
  }

  heardState(state: Omit<PlayerState, 'tracks'>): void {
    this.#heard = true;
    this.#change({ ...state, tracks: this.#state.tracks });
  }

  heardTracks(tracks: PlayerState['tracks']): void {
    this.#change({ ...this.#state, tracks });
  }

  heardEnd(end: PlayerEnd): void {
    if (this.#onDidEnd.hasListeners) this.#onDidEnd.fire(end);
    else this.#earlyEnds.push(end);
  }

  heardRequest(request: PlayerRequest): void {
    this.#onDidRequest.fire(request);
  }

  async takeOver(next: PluginProcess): Promise<void> {
    // The call that opens it waits for this very generation; there is no player to take over yet.
    if (!this.#isOpen || this.#state.status === 'gone') return;
    const attach = {
      player: this.player,
      verb: 'attach',
      args: [this.#endpoint, { sessionId: this.id, epoch: this.#state.epoch }],
    };
    try {
      this.#heard = false;
      this.opened(await next.peer.call('player/call', attach, { timeout: OPEN_TIMEOUT }));
    } catch (error) {
      // It was the plugin that went; the generation after it finds the player where it is.
      if (isKinoportError(error, 'PLUGIN_CRASHED')) throw error;
      await this.#lost(next);
      if (!isKinoportError(error, 'PLAYER_GONE')) throw error;
    }
  }

  /** The player went while nobody looked: what its journal knows is the best end there is. */
  async #lost(next: PluginProcess): Promise<void> {
    const recover = { player: this.player, verb: 'recover', args: [this.#endpoint] };
    const known = await next.peer
      .call<unknown>('player/call', recover)
      .then(recovered)
      .catch(() => undefined);
    const same = known !== undefined && known.itemToken === this.#itemToken;
    // The last state may still speak of the item before.
    const heard = this.#state.itemToken === this.#itemToken ? this.#state.position : 0;
    const position = same ? known.position : heard;
    const duration = (same ? known.duration : undefined) ?? this.#state.duration;
    this.#onDidEnd.fire({
      reason: same && known.ended === true ? 'finished' : 'killed',
      itemToken: this.#itemToken,
      position,
      ...(duration === undefined ? {} : { duration }),
    });
    this.#change({ ...this.#state, status: 'gone', position, at: this.#clock.now() });
  }

  #change(state: PlayerState): void {
    this.#state = state;
    this.#onDidChangeState.fire(state);
    if (state.status === 'gone') this.dispose();
  }

  dispose(): void {
    void this.#adopted.dispose();
    this.#directory.remove(this);
    this.#onDidChangeState.dispose();
    this.#onDidEnd.dispose();
    this.#onDidRequest.dispose();
  }
}

/** @throws KinoportError `PLUGIN_PROTOCOL`: progress is written by it. */
function recovered(answer: unknown): RecoveredProgress | undefined {
  if (answer === null) return undefined;
  const problem = checks.recovered.problem(answer);
  if (!problem) return answer as RecoveredProgress;
  throw new KinoportError(
    'PLUGIN_PROTOCOL',
    `A player answered recover with ${problem.path || 'a value'} that ${problem.message}.`,
    { hint: 'Report this to the author of the plugin.' },
  );
}
