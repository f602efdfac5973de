import {
  type Clock,
  type JsonObject,
  KinoportError,
  type PlayerCapabilities,
  type PlayerInstallation,
  type PlayerMedia,
  type PlayerOpenOptions,
  type RecoveredProgress,
} from '@kinoport/core';
import type { Peer } from '../rpc/peer.ts';
import type { PlayerVerb } from '../rpc/protocol.ts';
import { believed, believedOrNone } from './answers.ts';
import type { PluginCallOptions } from './blueprint.ts';
import { settle } from './handover.ts';
import type { Plugin } from './plugin.ts';
import type { PluginProcess } from './process.ts';
import { RemoteSession, type SessionNote } from './remoteSession.ts';
import { checks } from './schemas.ts';

const OPEN_TIMEOUT = 60_000;
const COMMAND_TIMEOUT = 30_000;

/** The sessions that players of plugins run, by id: where their notes go. */
export class SessionDirectory {
  readonly #sessions = new Map<string, RemoteSession>();

  add(session: RemoteSession): void {
    this.#sessions.set(session.id, session);
  }

  remove(session: RemoteSession): void {
    this.#sessions.delete(session.id);
  }

  /** Hands a note to the session that it is about; what a generation says of a session that is not its own is dropped. */
  note(id: string, from: Peer, note: SessionNote): void {
    this.#sessions.get(id)?.heard(from, note);
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

  async probe(signal?: AbortSignal): Promise<readonly PlayerInstallation[]> {
    const answer = await this.#call<unknown>('probe', [], signal ? { signal } : {});
    return believed(checks.probe, answer, this.#name, 'probe');
  }

  open(media: PlayerMedia, options: PlayerOpenOptions): Promise<RemoteSession> {
    const { signal, ...rest } = options;
    return this.#opened(options.sessionId, rest.start, 'open', [media, rest], signal);
  }

  /** @throws KinoportError `PLAYER_GONE` */
  attach(sessionId: string, endpoint: JsonObject, epoch: number, position: number): Promise<RemoteSession> {
    return this.#opened(sessionId, position, 'attach', [endpoint, { sessionId, epoch }]);
  }

  async recover(endpoint: JsonObject): Promise<RecoveredProgress | undefined> {
    if (!(await this.#registration()).verbs.includes('recover')) return undefined;
    const answer = await this.#call<unknown>('recover', [endpoint]);
    return believedOrNone(checks.recovered, answer, this.#name, 'recover');
  }

  async remembered(media: PlayerMedia): Promise<{ readonly position: number } | undefined> {
    if (!(await this.#registration()).verbs.includes('remembered')) return undefined;
    const answer = await this.#call<unknown>('remembered', [media]);
    return believedOrNone(checks.remembered, answer, this.#name, 'remembered');
  }

  async #opened(
    id: string,
    position: number,
    verb: 'open' | 'attach',
    args: readonly unknown[],
    signal?: AbortSignal,
  ): Promise<RemoteSession> {
    const session = new RemoteSession(this.plugin, this.id, id, this.#directory, position, this.#clock);
    this.#directory.add(session);
    let opener: PluginProcess | undefined;
    try {
      const opened = await this.#call(verb, args, {
        timeout: OPEN_TIMEOUT,
        onRouted: (generation) => {
          opener = generation;
          session.belongsTo(generation.peer);
        },
        // A player may have been started already.
        repeat: verb === 'attach',
        ...(signal ? { signal } : {}),
      });
      session.opened(opened);
      if (opener) await settle(this.plugin, session, opener, signal);
      this.#remember();
      return session;
    } catch (error) {
      session.dispose();
      throw error;
    }
  }

  #remember(): void {
    this.#known =
      this.plugin.registered?.players.find((player) => player.id === this.id)?.capabilities ?? this.#known;
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

  get #name(): string {
    return `Player "${this.id}"`;
  }

  #call<T>(verb: PlayerVerb, args: readonly unknown[], options: PluginCallOptions = {}): Promise<T> {
    return this.plugin.call<T>(
      'player/call',
      { player: this.id, verb, args },
      { timeout: COMMAND_TIMEOUT, ...options },
    );
  }
}
