import {
  type Clock,
  type Disposable,
  Emitter,
  type Event,
  isKinoportError,
  type JsonObject,
  KinoportError,
  type PlayerEnd,
  type PlayerRequest,
  type PlayerState,
} from '@kinoport/core';
import type { Peer } from '../rpc/peer.ts';
import type { SessionMethod, SessionOpened } from '../rpc/protocol.ts';
import { believed, believedOrNone } from './answers.ts';
import { type HandoverReason, type Survivor, TAKE_OVER_TIMEOUT } from './handover.ts';
import type { Plugin } from './plugin.ts';
import type { PluginProcess } from './process.ts';
import type { SessionDirectory } from './remotePlayer.ts';
import { checks } from './schemas.ts';

const COMMAND_TIMEOUT = 30_000;
/** Milliseconds after which a plugin that was told to end its player has to show that it lives. */
const STOP_PATIENCE = 3_000;

/** What a generation tells of a session. */
export type SessionNote =
  | { readonly state: Omit<PlayerState, 'tracks'> }
  | { readonly tracks: PlayerState['tracks'] }
  | { readonly end: PlayerEnd }
  | { readonly request: PlayerRequest };

/** A generation that is about to take a session over, and what it has told meanwhile. */
interface Candidate {
  readonly peer: Peer;
  readonly notes: SessionNote[];
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
  #owner: Peer | undefined;
  #candidate: Candidate | undefined;
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
    let asked: PluginProcess | undefined;
    const onRouted = (generation: PluginProcess): void => {
      asked = generation;
    };
    try {
      const answer = await this.plugin.call('session/call', params, { ...options, onRouted });
      return this.#answer<T>(method, answer);
    } catch (error) {
      // One that was replaced lets go of the player with commands under way: for it, the player is gone.
      const isLetGo = asked?.isRetired === true && isKinoportError(error, 'PLAYER_GONE');
      if (!isLetGo && !isKinoportError(error, 'PLUGIN_CRASHED')) throw error;
      await this.plugin.current(signal);
      if (this.#state.status === 'gone')
        throw new KinoportError('PLAYER_GONE', 'The player is no longer there.');
      return this.#answer<T>(method, await this.plugin.call('session/call', params, options));
    } finally {
      await watchdog?.dispose();
    }
  }

  #answer<T>(method: SessionMethod, answer: unknown): T {
    if (method === 'samplePosition') believed(checks.sample, answer, this.#name, method);
    return answer as T;
  }

  /** From now on this generation is believed. */
  belongsTo(peer: Peer): void {
    this.#owner = peer;
  }

  opened(answer: unknown): void {
    const { endpoint, state } = this.#checked(answer);
    this.#endpoint = endpoint;
    this.#isOpen = true;
    if (this.#heard)
      this.#state = {
        ...this.#state,
        tracks: this.#state.tracks.length > 0 ? this.#state.tracks : state.tracks,
      };
    else this.#change(state);
  }

  heard(from: Peer, note: SessionNote): void {
    if (from === this.#owner) this.#take(note);
    else if (from === this.#candidate?.peer) this.#candidate.notes.push(note);
  }

  #take(note: SessionNote): void {
    if ('state' in note) {
      this.#heard = true;
      this.#change({ ...note.state, tracks: this.#state.tracks });
    } else if ('tracks' in note) this.#change({ ...this.#state, tracks: note.tracks });
    else if ('request' in note) this.#onDidRequest.fire(note.request);
    else if (this.#onDidEnd.hasListeners) this.#onDidEnd.fire(note.end);
    else this.#earlyEnds.push(note.end);
  }

  isWith({ peer }: PluginProcess): boolean {
    return this.#owner === peer;
  }

  async takeOver(next: PluginProcess, reason: HandoverReason): Promise<() => void> {
    // The call that opens it waits for this very generation; there is no player to take over yet.
    if (!this.#isOpen || this.#state.status === 'gone') return () => undefined;
    const attach = {
      player: this.player,
      verb: 'attach',
      args: [this.#endpoint, { sessionId: this.id, epoch: this.#state.epoch }],
    };
    const candidate: Candidate = { peer: next.peer, notes: [] };
    this.#candidate = candidate;
    try {
      const opened = this.#checked(
        await next.call('player/call', attach, { timeout: TAKE_OVER_TIMEOUT[reason] }),
      );
      return () => this.#goOver(candidate, opened);
    } catch (error) {
      if (this.#candidate === candidate) this.#candidate = undefined;
      // It was the plugin that went; the generation after it finds the player where it is.
      if (reason === 'replace' || isKinoportError(error, 'PLUGIN_CRASHED')) throw error;
      await this.#lost(next);
      if (!isKinoportError(error, 'PLAYER_GONE')) throw error;
      return () => undefined;
    }
  }

  #goOver({ peer, notes }: Candidate, { endpoint, state }: SessionOpened): void {
    this.#owner = peer;
    this.#candidate = undefined;
    this.#endpoint = endpoint;
    this.#change(state);
    for (const note of notes) this.#take(note);
  }

  get #name(): string {
    return `Player "${this.player}"`;
  }

  #checked(answer: unknown): SessionOpened {
    return believed(checks.sessionOpened, answer, this.#name, 'open or attach');
  }

  /** The player went while nobody looked: what its journal knows is the best end there is. */
  async #lost(next: PluginProcess): Promise<void> {
    const recover = { player: this.player, verb: 'recover', args: [this.#endpoint] };
    const known = await next
      .call<unknown>('player/call', recover)
      .then((answer) => believedOrNone(checks.recovered, answer, this.#name, 'recover'))
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
