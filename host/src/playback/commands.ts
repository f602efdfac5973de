import { KinoportError, positionAt, systemClock, type Track } from '@kinoport/core';
import type { PlaybackCommandParams } from '../api/protocol.ts';
import type { PlaybackSession } from './session.ts';

type Command = PlaybackCommandParams['command'];

/** Commands as a viewer gives them: relative ones and toggles become the absolute ones of the player contract. */
export async function runPlaybackCommand(session: PlaybackSession, command: Command): Promise<void> {
  switch (command.name) {
    case 'stop':
      return session.stop();
    case 'next':
      return session.go(1);
    case 'previous':
      return session.go(-1);
  }
  const { remote } = session;
  const { state } = remote;
  switch (command.name) {
    case 'play':
      return remote.call('play');
    case 'pause':
      return remote.call('pause');
    case 'togglePause':
      return remote.call(state.status === 'paused' || state.status === 'ended' ? 'play' : 'pause');
    case 'seek':
      return remote.call('seek', [Math.max(0, command.position), { exact: true }]);
    case 'seekBy':
      return remote.call('seek', [
        Math.max(0, positionAt(state, systemClock.now()) + command.seconds),
        { exact: true },
      ]);
    case 'setRate':
      return remote.call('setRate', [command.rate]);
    case 'multiplyRate':
      return remote.call('setRate', [Math.min(100, Math.max(0.01, state.rate * command.factor))]);
    case 'resetRate':
      return remote.call('setRate', [1]);
    case 'volumeBy':
      return remote.call('setVolume', [{ volume: Math.max(0, state.volume + command.percent) }]);
    case 'toggleMute':
      return remote.call('setVolume', [{ muted: !state.muted }]);
    case 'cycleAudio':
      return remote.call('selectTrack', ['audio', following(state.tracks, 'audio', false)]);
    case 'cycleSubtitle':
      return remote.call('selectTrack', ['subtitle', following(state.tracks, 'subtitle', true)]);
    default:
      throw new KinoportError('INVALID_ARGUMENT', 'There is no such playback command.');
  }
}

/** The track after the selected one, round and round; with `off`, none comes after the last. */
function following(tracks: readonly Track[], type: Track['type'], off: boolean): number | null {
  const list = tracks.filter((track) => track.type === type);
  const at = list.findIndex((track) => track.selected);
  const next = list[at + 1];
  return next ? next.id : off ? null : (list[0]?.id ?? null);
}
