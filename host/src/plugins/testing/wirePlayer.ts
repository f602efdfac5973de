import type {
  JsonObject,
  Player,
  PlayerCapabilities,
  PlayerSession,
  PositionSample,
  ScheduledOptions,
} from '@kinoport/core';
import type { PlayerVerb } from '../../rpc/protocol.ts';
import type { RemotePlayer } from '../remotePlayer.ts';
import type { RemoteSession } from '../remoteSession.ts';

/** A player of a plugin's process with the face of the contract. */
export function wirePlayer(
  player: RemotePlayer,
  capabilities: PlayerCapabilities,
  verbs: readonly PlayerVerb[],
): Player {
  return {
    capabilities,
    probe: ({ signal }) => player.probe(signal),
    async open(media, options) {
      return wireSession(await player.open(media, options), options.itemToken);
    },
    ...(verbs.includes('attach')
      ? {
          async attach(endpoint: JsonObject, { sessionId, epoch }) {
            return wireSession(await player.attach(sessionId, endpoint, epoch, 0));
          },
        }
      : {}),
    ...(verbs.includes('recover') ? { recover: (endpoint: JsonObject) => player.recover(endpoint) } : {}),
  } satisfies Player;
}

function wireSession(session: RemoteSession, itemToken?: string): PlayerSession {
  if (itemToken !== undefined) session.itemToken = itemToken;
  const command = <T = void>(
    method: Parameters<RemoteSession['call']>[0],
    args: readonly unknown[],
    { signal, ...options }: ScheduledOptions & { readonly exact?: boolean } = {},
  ): Promise<T> => session.call<T>(method, [...args, options], signal);
  return {
    get endpoint() {
      return session.endpoint;
    },
    get state() {
      return session.state;
    },
    onDidChangeState: session.onDidChangeState,
    onDidEnd: session.onDidEnd,
    onDidRequest: session.onDidRequest,
    play: (options) => command('play', [], options),
    pause: (options) => command('pause', [], options),
    seek: (position, options) => command('seek', [position], options),
    setRate: (rate, options) => command('setRate', [rate], options),
    setVolume: (volume, options) => command('setVolume', [volume], options),
    selectTrack: (type, id, options) => command('selectTrack', [type, id], options),
    addSubtitle: (subtitle, options) => command('addSubtitle', [subtitle], options),
    showMessage: (text, seconds) => session.call('showMessage', [text, seconds]),
    async load(media, options) {
      await session.call('load', [media, options]);
      session.itemToken = options.itemToken;
    },
    samplePosition: (options) => command<PositionSample>('samplePosition', [], options),
    finish: () => session.call('finish'),
    stop: (options) => command('stop', [], options),
    async detach() {
      await session.call('detach');
      session.dispose();
    },
  };
}
