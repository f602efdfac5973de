import {
  type DisposableStore,
  KinoportError,
  type PlaybackOpenOptions,
  type PlaybackSnapshot,
} from '@kinoport/core';
import Type from 'typebox';
import type { PlaybackEvent } from '../api/protocol.ts';
import type { PluginCalls } from '../plugins/calls.ts';
import { demandOf } from '../plugins/permissions/refusal.ts';
import { checkedSchema } from '../plugins/validation.ts';
import { Outbox } from '../rpc/outbox.ts';
import type { Peer } from '../rpc/peer.ts';
import type { PlaybackService } from './service.ts';
import type { PlaybackSession } from './session.ts';

function snapshot(session: PlaybackSession): PlaybackSnapshot {
  const { current, state } = session;
  const { capabilities } = session.player;
  if (!current || !state || !capabilities)
    throw new KinoportError('SESSION_NOT_FOUND', 'The session has not begun.');
  return {
    id: session.id,
    player: session.player.id,
    source: current.entry.source,
    capabilities,
    item: current.entry.item,
    index: current.index,
    queue: session.queue.map((entry) => entry.item),
    state,
  };
}

/** The player commands that `PlaybackHandle` passes on unchanged. */
const PASSED = new Set(['play', 'pause', 'seek', 'setRate', 'samplePosition', 'showMessage'] as const);
/** Calls that change nothing. */
const OBSERVED: ReadonlySet<string> = new Set(['snapshot', 'samplePosition']);
type Passed = typeof PASSED extends Set<infer T> ? T : never;

const openCheck = checkedSchema<{ readonly uri: string; readonly options: PlaybackOpenOptions }>(() =>
  Type.Object({
    uri: Type.String({ minLength: 1, maxLength: 8192 }),
    options: Type.Object(
      {
        player: Type.Optional(Type.String({ maxLength: 64 })),
        source: Type.Optional(Type.String({ maxLength: 64 })),
        start: Type.Optional(Type.Number({ minimum: 0, maximum: 9_999_999 })),
        paused: Type.Optional(Type.Boolean()),
        ignoreResume: Type.Optional(Type.Boolean()),
      },
      { additionalProperties: false },
    ),
  }),
);

const callCheck = checkedSchema<{
  readonly id: string;
  readonly method: string;
  readonly args: readonly unknown[];
}>(() =>
  Type.Object({
    id: Type.String({ maxLength: 64 }),
    method: Type.String({ maxLength: 64 }),
    args: Type.Array(Type.Unknown(), { maxItems: 4 }),
  }),
);

/** `ctx.playback` of every plugin. */
export function servePluginPlayback(
  calls: PluginCalls,
  playback: PlaybackService,
  owned: DisposableStore,
): void {
  const listeners = new Map<Peer, Outbox>();
  owned.add(
    playback.onDidEmit((event) => {
      for (const outbox of listeners.values()) tell(playback, event, outbox);
    }),
  );
  calls.onCall('playback/subscribe', async (_params, _plugin, _signal, peer) => {
    demandOf('observe', calls.asker(peer));
    if (listeners.has(peer)) return;
    const outbox = new Outbox({
      send: (method, params) => peer.notify(method, params),
      onOverflow: (error) => peer.fail(error),
    });
    listeners.set(peer, outbox);
    peer.onDidClose(() => {
      listeners.delete(peer);
      outbox.dispose();
    });
    for (const session of playback.sessions)
      for (const event of session.replay()) tell(playback, event, outbox);
  });
  calls.onCall('playback/list', async (_params, _plugin, _signal, peer) => {
    demandOf('observe', calls.asker(peer));
    return playback.sessions.filter((session) => session.state !== undefined).map(snapshot);
  });
  calls.onCall<{ readonly uri: string; readonly options: PlaybackOpenOptions }>(
    'playback/open',
    async ({ uri, options }, _plugin, _signal, peer) => {
      demandOf('control', calls.asker(peer));
      const { start, ...rest } = options;
      const session = await playback.open({
        uris: [uri],
        ...(start === undefined ? {} : { start: start.toFixed(3) }),
        ...rest,
      });
      return { id: session.id };
    },
    openCheck,
  );
  calls.onCall(
    'playback/call',
    async ({ id, method, args }, _plugin, signal, peer) => {
      demandOf(OBSERVED.has(method) ? 'observe' : 'control', calls.asker(peer));
      const session = playback.get(id);
      if (method === 'snapshot') return snapshot(session);
      if (method === 'next') return session.go(1);
      if (method === 'previous') return session.go(-1);
      if (method === 'stop') return session.stop();
      if (PASSED.has(method as Passed)) return session.remote.call(method as Passed, args, signal);
      throw new KinoportError('METHOD_NOT_FOUND', `Playback sessions have no method "${method}".`);
    },
    callCheck,
  );
}

function tell(playback: PlaybackService, event: PlaybackEvent, outbox: Outbox): void {
  const send = (type: string, value: unknown): void => outbox.fact('playback/event', { type, value });
  switch (event.type) {
    case 'state':
      outbox.state(`state:${event.sessionId}`, 'playback/event', {
        type: 'state',
        value: { id: event.sessionId, state: event.state },
      });
      break;
    case 'started': {
      const session = playback.sessions.find((s) => s.id === event.sessionId);
      if (session) send('start', snapshot(session));
      break;
    }
    case 'ended':
      send('end', {
        id: event.sessionId,
        item: event.item,
        reason: event.reason,
        position: event.position,
        ...(event.duration === null ? {} : { duration: event.duration }),
        watched: event.watched,
      });
      break;
    case 'closed':
      send('close', { id: event.sessionId });
      break;
  }
}
