import type { PlayerState } from '@kinoport/core';
import type { PlayerFault } from '../faults.ts';

/** How a session begins, and what it tells. */
export const tellingFaults: readonly PlayerFault[] = [
  {
    clause: 'player.probe.shape',
    fault: 'an installation of a kind that there is not',
    player: () => ({ probe: async () => [{ path: '/bin/x', argv: [], kind: 'binary' as 'native' }] }),
  },
  {
    clause: 'player.probe.order',
    fault: 'an installation that is too old comes first',
    player: ({ player }) => ({
      probe: async () => {
        const problem = { code: 'PLAYER_TOO_OLD', message: 'It is too old.' };
        return [{ path: '/bin/old', argv: [], kind: 'native', problem }, ...(await player.probe({}))];
      },
    }),
  },
  {
    clause: 'player.capabilities.consistent',
    fault: 'a flag is a text',
    player: ({ player }) => ({ capabilities: { ...player.capabilities, messages: 'yes' as never } }),
  },
  {
    clause: 'player.open.endpoint',
    fault: 'an endpoint of 5 KB',
    session: ({ session }) => ({ endpoint: { ...session.endpoint, padding: 'x'.repeat(5_000) } }),
  },
  {
    clause: 'player.open.token',
    fault: 'no token before the first frame',
    states: () => (state) => (state.status === 'opening' ? { ...state, itemToken: '' } : state),
  },
  {
    clause: 'player.open.plays',
    fault: 'opens paused whatever is asked for',
    player: ({ player }) => ({ open: (media, options) => player.open(media, { ...options, paused: true }) }),
  },
  {
    clause: 'player.open.paused',
    fault: 'opens playing whatever is asked for',
    player: ({ player }) => ({ open: (media, options) => player.open(media, { ...options, paused: false }) }),
  },
  {
    clause: 'player.open.start',
    fault: 'begins two seconds before the start',
    player: ({ player }) => ({
      open: (media, options) => {
        const { start } = options;
        return player.open(media, { ...options, start: start > 10 && start < 50 ? start - 2 : start });
      },
    }),
  },
  {
    clause: 'player.open.rate',
    fault: 'begins at normal speed whatever is asked for',
    player: ({ player }) => ({ open: (media, { rate: _, ...options }) => player.open(media, options) }),
  },
  {
    clause: 'player.open.duration',
    fault: 'tells no duration',
    states:
      () =>
      ({ duration: _, ...state }) =>
        state,
  },
  {
    clause: 'player.open.abort',
    fault: 'opens although it was called off',
    player: ({ player }) => ({ open: (media, { signal: _, ...options }) => player.open(media, options) }),
  },
  {
    clause: 'player.open.missing',
    fault: 'does not say why a missing file is not played',
    ends:
      () =>
      ({ error, ...end }) =>
        error?.message.startsWith('Missing') ? end : { ...end, ...(error ? { error } : {}) },
  },
  {
    clause: 'player.open.garbage',
    fault: 'takes a file that is no film for finished',
    ends: () => (end) =>
      end.error?.message.startsWith('Garbage') ? { ...end, reason: 'finished' as const } : end,
  },
  {
    clause: 'player.state.plain',
    fault: 'a date in the state',
    states: () => (state) => Object.assign({ told: new Date(0) }, state),
  },
  {
    clause: 'player.state.values',
    fault: 'a cause of 65 characters',
    states: () => (state) => (state.cause === 'command' ? { ...state, cause: 'c'.repeat(65) } : state),
  },
  {
    clause: 'player.state.instant',
    fault: 'an instant that is still to come',
    states: () => (state) => (state.status === 'paused' ? { ...state, at: state.at + 40 } : state),
  },
  {
    clause: 'player.state.precise',
    fault: 'positions to and fro by 80 ms',
    states: () => {
      let sign = 1;
      return (state) => {
        sign = -sign;
        return state.status === 'playing' ? { ...state, position: state.position + 0.08 * sign } : state;
      };
    },
  },
  {
    clause: 'player.state.frequent',
    fault: 'a state every two seconds',
    states: () => {
      let last: PlayerState | undefined;
      return (state) => {
        const isMoving = state.status === 'playing' && last?.status === 'playing';
        if (isMoving && state.cause === last?.cause && state.at - last.at < 2_000) return undefined;
        last = state;
        return state;
      };
    },
  },
  {
    clause: 'player.state.current',
    fault: 'the member is a moment behind the event',
    session: ({ session, clock }) => {
      let current = session.state;
      session.onDidChangeState((state) => {
        clock.after(5, () => {
          current = state;
        });
      });
      return {
        get state() {
          return current;
        },
      };
    },
  },
  {
    clause: 'player.epoch.seek',
    fault: 'the epoch stays through a seek',
    states: () => {
      const epochs = new Map<string, number>();
      return (state) => {
        const epoch = epochs.get(state.itemToken) ?? state.epoch;
        epochs.set(state.itemToken, epoch);
        return { ...state, epoch };
      };
    },
  },
  {
    clause: 'player.epoch.steady',
    fault: 'the epoch grows with a pause',
    states: () => {
      let pauses = 0;
      let last: PlayerState | undefined;
      return (state) => {
        if (state.status === 'paused' && last?.status === 'playing') pauses += 1;
        last = state;
        return { ...state, epoch: state.epoch + pauses };
      };
    },
  },
  {
    clause: 'player.cause.command',
    fault: 'forgets which command it was',
    states: () => (state) => (state.cause === 'user' ? state : { ...state, cause: 'command' }),
  },
  {
    clause: 'player.cause.user',
    fault: 'takes what the viewer does for a command',
    states: () => (state) => (state.cause === 'user' ? { ...state, cause: 'command' } : state),
  },
];
