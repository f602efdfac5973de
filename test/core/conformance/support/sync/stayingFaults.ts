import { KinoportError, type SyncStatus } from '@kinoport/core';
import type { SyncFault } from './faults.ts';

/** Tells the status in another way. */
const status =
  (change: (status: SyncStatus) => SyncStatus, of: 0 | 1 = 1): NonNullable<SyncFault['room']> =>
  (room, person) =>
    person === of
      ? {
          get status() {
            return change(room.status);
          },
        }
      : {};

/** In status, connection, players, viewers and the end. */
export const stayingFaults: readonly SyncFault[] = [
  {
    clause: 'sync.status.synced',
    fault: 'a room in which nothing happens is not synced',
    room(room, person, { clock }) {
      const began = clock.now();
      if (person === 1) return {};
      return {
        get status() {
          const isOld = room.status.sync === 'synced' && clock.now() - began > 5000;
          return { ...room.status, ...(isOld ? { sync: 'syncing' as const } : {}) };
        },
      };
    },
  },
  {
    clause: 'sync.status.clock',
    fault: 'a bound of five seconds',
    room: status((told) => ({ ...told, offsetBound: 5000 })),
  },
  {
    clause: 'sync.status.told',
    fault: 'that it is closed is not told',
    room: (room) => ({
      onDidChangeStatus: (listener) =>
        room.onDidChangeStatus((told) => {
          if (told.connection !== 'closed') listener(told);
        }),
    }),
  },
  {
    clause: 'sync.status.drift',
    fault: 'a drift in seconds',
    room: status(({ drift, ...told }) => ({
      ...told,
      ...(drift === undefined ? {} : { drift: drift / 1000 }),
    })),
  },
  {
    clause: 'sync.lost.told',
    fault: 'in step without a connection',
    room: status((told) => (told.connection === 'reconnecting' ? { ...told, sync: 'synced' } : told)),
  },
  {
    clause: 'sync.lost.commands',
    fault: 'what is said is lost without a word',
    room: (room) => ({
      say: async (text) => {
        if (room.status.connection !== 'reconnecting') await room.say(text);
      },
    }),
  },
  {
    clause: 'sync.lost.back',
    fault: 'another id',
    room(room, person) {
      if (person === 0) return {};
      let wasLost = false;
      room.onDidChangeStatus(({ connection }) => {
        wasLost ||= connection === 'reconnecting';
      });
      return {
        get participants() {
          return room.participants.map((one) =>
            one.isSelf && wasLost ? { ...one, id: `${one.id}-2` } : one,
          );
        },
      };
    },
  },
  {
    clause: 'sync.lost.missed',
    fault: 'what was missed is not told',
    room: (room) => ({
      onDidChangeTimeline: (listener) =>
        room.onDidChangeTimeline((change) => {
          if (change.cause.by !== null) listener(change);
        }),
    }),
  },
  {
    clause: 'sync.lost.leave',
    fault: 'nobody can leave without a connection',
    room: (room) => ({
      leave: async () => {
        if (room.status.connection === 'reconnecting')
          throw new KinoportError('RELAY_UNREACHABLE', 'There is no way.');
        await room.leave();
      },
    }),
  },
  { clause: 'sync.player.lobby', fault: 'plays in the lobby', knobs: { playsInLobby: true } },
  {
    clause: 'sync.player.match',
    fault: 'who has nothing has the same',
    room: (room) => ({
      get participants() {
        return room.participants.map((one) => ({ ...one, match: 'same' as const }));
      },
    }),
  },
  {
    clause: 'sync.player.start',
    fault: 'a fifth of a second ahead after a start',
    knobs: { startsAhead: 0.2 },
  },
  { clause: 'sync.player.commands', fault: 'the player keeps its rate', knobs: { ignoresRate: true } },
  {
    clause: 'sync.player.late',
    fault: 'late by the time that the film has run',
    knobs: { joinsAtAnchor: true, corrects: false },
  },
  { clause: 'sync.player.corrected', fault: 'nothing is corrected', knobs: { corrects: false } },
  { clause: 'sync.player.offset', fault: 'no offset', knobs: { ignoresOffset: true } },
  { clause: 'sync.player.next', fault: 'the film before stays in the player', knobs: { loads: false } },
  {
    clause: 'sync.player.unbound',
    fault: 'the player is kept',
    room: (room) => ({
      bind: async (id) => {
        if (id !== undefined || room.status.connection === 'closed') await room.bind(id);
      },
    }),
  },
  { clause: 'sync.viewer.pause', fault: 'a play is not heard', knobs: { hears: (kind) => kind !== 'play' } },
  { clause: 'sync.viewer.seek', fault: 'a seek is not heard', knobs: { hears: (kind) => kind !== 'seek' } },
  { clause: 'sync.viewer.echo', fault: 'another rate comes back as a seek', knobs: { echoesRate: true } },
  { clause: 'sync.viewer.forbidden', fault: 'is left where it is', knobs: { takesBack: false } },
  {
    clause: 'sync.leave.told',
    fault: 'the end is told twice',
    room: (room) => ({
      onDidClose: (listener) =>
        room.onDidClose((end) => {
          listener(end);
          if (end.reason === 'left' && room.status.sync === 'lost') listener(end);
        }),
    }),
  },
  {
    clause: 'sync.leave.closed',
    fault: 'what is said afterwards is lost without a word',
    room: (room) => ({
      say: async (text) => {
        if (room.status.connection !== 'closed') await room.say(text);
      },
    }),
  },
  {
    clause: 'sync.leave.again',
    fault: 'once only',
    room: (room) => ({
      leave: async () => {
        if (room.status.connection === 'closed') throw new KinoportError('ROOM_CLOSED', 'It is over.');
        await room.leave();
      },
    }),
  },
  { clause: 'sync.leave.back', fault: 'the seat of the same name', knobs: { idByName: true } },
  { clause: 'sync.leave.alone', fault: 'the film stops', knobs: { stopsAtLeave: true } },
  {
    clause: 'sync.dispose.left',
    fault: 'the seat is kept',
    room: (room, _, world) => ({ dispose: () => world.vanish(room) }),
  },
  {
    clause: 'sync.dispose.quiet',
    fault: 'the status is told for ever',
    room: (room, _, { clock }) => ({
      onDidChangeStatus(listener) {
        const timer = clock.every(500, () => listener(room.status));
        const subscription = room.onDidChangeStatus(listener);
        return {
          dispose: async () => {
            await timer.dispose();
            await subscription.dispose();
          },
        };
      },
    }),
  },
];
