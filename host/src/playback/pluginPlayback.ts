import {
  type Clock,
  type DisposableStore,
  KinoportError,
  type PlaybackSnapshot,
  type PlayedQuery,
} from '@kinoport/core';
import Type from 'typebox';
import type { PlaybackEvent } from '../api/protocol.ts';
import type { PluginCalls } from '../plugins/calls.ts';
import { demandOf } from '../plugins/permissions/refusal.ts';
import { checkedSchema } from '../plugins/validation.ts';
import { Outbox } from '../rpc/outbox.ts';
import type { Peer } from '../rpc/peer.ts';
import type { ProgressStore } from '../storage/progress.ts';
import {
  type CallParams,
  callCheck,
  checkedCall,
  type LoadOptions,
  type OpenParams,
  openCheck,
  type PlaybackMethod,
} from './playbackCalls.ts';
import { played } from './played.ts';
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

/** Calls that change nothing. */
const OBSERVED: ReadonlySet<PlaybackMethod> = new Set(['snapshot', 'samplePosition']);

const historyCheck = checkedSchema<PlayedQuery>(() =>
  Type.Object(
    {
      keys: Type.Optional(Type.Array(Type.String({ minLength: 3, maxLength: 200 }), { maxItems: 100 })),
      uri: Type.Optional(Type.String({ minLength: 1, maxLength: 8192 })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    },
    { additionalProperties: false },
  ),
);

export interface PluginPlaybackServices {
  readonly playback: PlaybackService;
  readonly progress: ProgressStore;
  readonly clock: Clock;
}

/** `ctx.playback` of every plugin. */
export function servePluginPlayback(
  calls: PluginCalls,
  { playback, progress, clock }: PluginPlaybackServices,
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
  calls.onCall<OpenParams>(
    'playback/open',
    async ({ uris, options }, _plugin, signal, peer) => {
      demandOf('control', calls.asker(peer));
      const { start, display, ...rest } = options;
      const session = await playback.open(
        {
          uris: [...uris],
          ...(start === undefined ? {} : { start: start.toFixed(3) }),
          ...(display === undefined ? {} : { environment: display }),
          ...rest,
        },
        { signal },
      );
      return { id: session.id };
    },
    openCheck,
  );
  calls.onCall<CallParams>(
    'playback/call',
    async (params, _plugin, signal, peer) => {
      const method = checkedCall(params, clock);
      demandOf(OBSERVED.has(method) ? 'observe' : 'control', calls.asker(peer));
      return answer(playback, playback.get(params.id), method, params.args, signal);
    },
    callCheck,
  );
  calls.onCall<PlayedQuery>(
    'playback/history',
    async (query, _plugin, _signal, peer) => {
      demandOf('history', calls.asker(peer));
      return played(progress, query);
    },
    historyCheck,
  );
}

/** The arguments are those of the method; they were checked. */
async function answer(
  playback: PlaybackService,
  session: PlaybackSession,
  method: PlaybackMethod,
  args: readonly unknown[],
  signal: AbortSignal,
): Promise<unknown> {
  switch (method) {
    case 'snapshot':
      return snapshot(session);
    case 'next':
      return session.go(1);
    case 'previous':
      return session.go(-1);
    case 'stop':
      return session.stop();
    case 'setWaitAtEnd':
      return session.setWaitAtEnd(args[0] as boolean);
    case 'load': {
      const [uri, { source, ...options }] = args as [string, LoadOptions];
      const [entry] = await playback.entriesOf([uri], source, { signal });
      return session.load(entry, options, signal);
    }
    case 'setUpcoming': {
      const [uris, { source }] = args as [readonly string[], LoadOptions];
      const entries = uris.length === 0 ? [] : await playback.entriesOf(uris, source, { signal });
      return session.setUpcoming(entries);
    }
    default:
      return session.remote.call(method, args, signal);
  }
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
