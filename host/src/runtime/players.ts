import {
  DisposableStore,
  KinoportError,
  type Player,
  type PlayerSession,
  type PlayerState,
  type RecoveredProgress,
} from '@kinoport/core';
import type { Outbox } from '../rpc/outbox.ts';
import type { Peer } from '../rpc/peer.ts';
import {
  type PlayerCallParams,
  type PlayerVerb,
  SESSION_METHODS,
  type SessionCallParams,
  type SessionMethod,
  type SessionOpened,
} from '../rpc/protocol.ts';
import type { RegistryImpl } from './registry.ts';

/** The optional verbs that a player implements, with the ones it must. */
export function playerVerbs(player: Player): PlayerVerb[] {
  const optional = (['attach', 'recover', 'remembered'] as const).filter(
    (verb) => player[verb] !== undefined,
  );
  return ['probe', 'open', ...optional];
}

interface Entry {
  readonly session: PlayerSession;
  readonly subscriptions: DisposableStore;
}

/** Answers the host's calls to players and their sessions, and tells it what the sessions do. */
export class PlayerServer {
  readonly #registry: RegistryImpl<Player>;
  readonly #outbox: Outbox;
  readonly #sessions = new Map<string, Entry>();

  constructor(peer: Peer, registry: RegistryImpl<Player>, outbox: Outbox) {
    this.#registry = registry;
    this.#outbox = outbox;
    peer.handle('player/call', (params, signal) => this.#call(params as PlayerCallParams, signal));
    peer.handle('session/call', (params, signal) => this.#sessionCall(params as SessionCallParams, signal));
  }

  /** Lets go of every player, leaving them running. */
  async detachAll(): Promise<void> {
    const entries = [...this.#sessions.values()];
    this.#sessions.clear();
    await Promise.allSettled(
      entries.map(async ({ session, subscriptions }) => {
        await subscriptions.dispose();
        await session.detach();
      }),
    );
  }

  async #call({ player: id, verb, args }: PlayerCallParams, signal: AbortSignal): Promise<unknown> {
    const player = this.#registry.get(id);
    const [first, second] = args;
    switch (verb) {
      case 'probe':
        return player.probe({ signal });
      case 'open': {
        const options = second as Parameters<Player['open']>[1];
        return this.#adopt(
          options.sessionId,
          await player.open(first as Parameters<Player['open']>[0], { ...options, signal }),
        );
      }
      case 'attach': {
        const options = second as Parameters<NonNullable<Player['attach']>>[1];
        if (!player.attach) throw unsupported(id, verb);
        const endpoint = first as PlayerSession['endpoint'];
        return this.#adopt(options.sessionId, await player.attach(endpoint, { ...options, signal }));
      }
      case 'recover': {
        const known: RecoveredProgress | undefined = await player.recover?.(
          first as PlayerSession['endpoint'],
        );
        return known ?? null;
      }
      case 'remembered':
        return (await player.remembered?.(first as Parameters<Player['open']>[0])) ?? null;
      default:
        throw unsupported(id, verb);
    }
  }

  #adopt(sessionId: string, session: PlayerSession): SessionOpened {
    const subscriptions = new DisposableStore();
    this.#sessions.set(sessionId, { session, subscriptions });
    let tracks: PlayerState['tracks'] | undefined;
    const tell = (state: PlayerState): void => {
      if (state.tracks !== tracks) {
        tracks = state.tracks;
        this.#outbox.state(`tracks:${sessionId}`, 'session/tracks', { sessionId, tracks });
      }
      const { tracks: _, ...rest } = state;
      this.#outbox.state(`state:${sessionId}`, 'session/state', { sessionId, state: rest });
      if (state.status === 'gone') {
        this.#sessions.delete(sessionId);
        void subscriptions.dispose();
      }
    };
    subscriptions.add(session.onDidChangeState(tell));
    subscriptions.add(session.onDidEnd((end) => this.#outbox.fact('session/end', { sessionId, end })));
    subscriptions.add(
      session.onDidRequest((request) => this.#outbox.fact('session/request', { sessionId, request })),
    );
    const { state } = session;
    tracks = state.tracks;
    return { endpoint: session.endpoint, state };
  }

  async #sessionCall({ sessionId, method, args }: SessionCallParams, signal: AbortSignal): Promise<unknown> {
    const entry = this.#sessions.get(sessionId);
    if (!entry) throw new KinoportError('PLAYER_GONE', 'The player is no longer there.');
    const { session } = entry;
    const options = (at: number): object => ({ ...(args[at] as object | undefined), signal });
    switch (method satisfies SessionMethod) {
      case 'play':
        return session.play(options(0));
      case 'pause':
        return session.pause(options(0));
      case 'seek':
        return session.seek(args[0] as number, options(1));
      case 'setRate':
        return session.setRate(args[0] as number, options(1));
      case 'setVolume':
        return session.setVolume(args[0] as object, options(1));
      case 'selectTrack':
        return session.selectTrack(args[0] as 'audio' | 'subtitle', args[1] as number | null, options(2));
      case 'addSubtitle':
        return session.addSubtitle(args[0] as Parameters<PlayerSession['addSubtitle']>[0], options(1));
      case 'showMessage':
        return session.showMessage(args[0] as string, args[1] as number);
      case 'load':
        return session.load(
          args[0] as Parameters<PlayerSession['load']>[0],
          args[1] as Parameters<PlayerSession['load']>[1],
        );
      case 'samplePosition':
        return session.samplePosition({ signal });
      case 'finish':
        return session.finish();
      case 'stop':
        return session.stop(options(0));
      case 'detach':
        this.#sessions.delete(sessionId);
        await entry.subscriptions.dispose();
        return session.detach();
      default:
        throw new KinoportError(
          'METHOD_NOT_FOUND',
          `Sessions have no method "${String(method)}" (${SESSION_METHODS.join(', ')}).`,
        );
    }
  }
}

function unsupported(id: string, verb: string): KinoportError {
  return new KinoportError('PLAYER_UNSUPPORTED', `The player "${id}" does not implement "${verb}".`);
}
