import {
  Emitter,
  type Event,
  type Playback,
  type PlaybackHandle,
  type PlaybackItemEnd,
  type PlaybackSnapshot,
  type PlayerState,
  type PositionSample,
} from '@kinoport/core';
import type { Demands } from '../plugins/permissions/refusal.ts';
import type { Peer } from '../rpc/peer.ts';

interface Note {
  readonly type: 'start' | 'state' | 'end' | 'close';
  readonly value: unknown;
}

/** `ctx.playback`: the host's sessions. The host is asked for events with the first listener only. */
export function createPlayback(peer: Peer, demand: Demands): Playback {
  const start = new Emitter<PlaybackSnapshot>();
  const state = new Emitter<{ readonly id: string; readonly state: PlayerState }>();
  const end = new Emitter<PlaybackItemEnd>();
  const close = new Emitter<{ readonly id: string }>();
  let subscribed = false;
  const listening = <T>(emitter: Emitter<T>): Event<T> => {
    return (listener) => {
      demand('observe');
      if (!subscribed) {
        subscribed = true;
        // A failure means a closed connection, at which this process ends.
        peer.call('playback/subscribe', {}).catch(() => undefined);
      }
      return emitter.event(listener);
    };
  };
  peer.onNotification('playback/event', (params) => {
    const { type, value } = params as Note;
    if (type === 'start') start.fire(value as PlaybackSnapshot);
    else if (type === 'state') state.fire(value as { id: string; state: PlayerState });
    else if (type === 'end') end.fire(value as PlaybackItemEnd);
    else close.fire(value as { id: string });
  });
  const handle = (id: string): PlaybackHandle => {
    const call = <T>(
      method: string,
      args: readonly unknown[] = [],
      options?: { readonly signal?: AbortSignal },
    ): Promise<T> =>
      peer.call<T>(
        'playback/call',
        { id, method, args },
        // The host knows how long a command may take, one for a later instant for instance.
        { timeout: Number.POSITIVE_INFINITY, ...(options?.signal ? { signal: options.signal } : {}) },
      );
    return {
      id,
      snapshot: () => call<PlaybackSnapshot>('snapshot'),
      play: (options) => call('play', [plain(options)], options),
      pause: (options) => call('pause', [plain(options)], options),
      seek: (position, options) => call('seek', [position, plain(options)], options),
      setRate: (rate, options) => call('setRate', [rate, plain(options)], options),
      setVolume: (volume, options) => call('setVolume', [volume, plain(options)], options),
      selectTrack: (type, track, options) => call('selectTrack', [type, track, plain(options)], options),
      addSubtitle: (subtitle, options) => call('addSubtitle', [subtitle, plain(options)], options),
      samplePosition: (options) => call<PositionSample>('samplePosition', [], options),
      showMessage: (text, seconds) => call('showMessage', [text, seconds]),
      next: () => call('next'),
      previous: () => call('previous'),
      load: (uri, options) => call('load', [uri, plain(options)], options),
      setUpcoming: (uris, options) => call('setUpcoming', [uris, options ?? {}]),
      setWaitAtEnd: (wait) => call('setWaitAtEnd', [wait]),
      stop: () => call('stop'),
    };
  };
  return {
    list: () => peer.call('playback/list', {}),
    get: handle,
    async open(uri, options = {}) {
      const uris = typeof uri === 'string' ? [uri] : uri;
      const { id } = await peer.call<{ readonly id: string }>(
        'playback/open',
        { uris, options: plain(options) },
        // A source may have to wait for the world; the host knows for how long.
        { timeout: Number.POSITIVE_INFINITY, ...(options.signal ? { signal: options.signal } : {}) },
      );
      return handle(id);
    },
    history: (query = {}) => peer.call('playback/history', query),
    onDidStart: listening(start),
    onDidChangeState: listening(state),
    onDidEnd: listening(end),
    onDidClose: listening(close),
  };
}

function plain(options: { readonly signal?: AbortSignal } | undefined): object {
  const { signal: _, ...rest } = options ?? {};
  return rest;
}
