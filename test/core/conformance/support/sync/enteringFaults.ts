import { isKinoportError, KinoportError, type SyncParticipant, type SyncTimeline } from '@kinoport/core';
import type { SyncFault } from './faults.ts';

/** In rooms, lobby and talk. */
export const enteringFaults: readonly SyncFault[] = [
  {
    clause: 'sync.create.room',
    fault: 'no title for whoever opened the room',
    room: (_, person) => (person === 0 ? { title: undefined } : {}),
  },
  {
    clause: 'sync.create.settings',
    fault: 'buffering as it is by default',
    sync: (sync) => ({ create: ({ buffering: _, ...options }) => sync.create(options) }),
  },
  {
    clause: 'sync.join.invitation',
    fault: 'no title for who joins',
    room: (_, person) => (person === 1 ? { title: undefined } : {}),
  },
  {
    clause: 'sync.join.blanks',
    fault: 'blanks are of the code',
    sync: (sync) => ({
      async join(invitation, options) {
        if (invitation !== invitation.trim()) throw new KinoportError('ROOM_CODE_INVALID', 'A blank.');
        return sync.join(invitation, options);
      },
    }),
  },
  { clause: 'sync.join.password', fault: 'any password will do', knobs: { anyPassword: true } },
  {
    clause: 'sync.join.nonsense',
    fault: 'what is no code is a room that is not found',
    sync: (sync) => ({
      join: (invitation, options) =>
        sync.join(invitation, options).catch((error: unknown) => {
          if (!isKinoportError(error, 'ROOM_CODE_INVALID')) throw error;
          throw new KinoportError('ROOM_NOT_FOUND', 'There is no such room.');
        }),
    }),
  },
  { clause: 'sync.join.over', fault: 'an empty room waits for ever', knobs: { keepsEmptyRooms: true } },
  {
    clause: 'sync.join.late',
    fault: 'the timeline only from the next change on',
    room(room, person) {
      if (person === 0 || room.timeline.phase === 'idle') return {};
      const nothing: SyncTimeline = { ...room.timeline, seq: 0, phase: 'idle', position: 0 };
      const { seq } = room.timeline;
      return {
        get timeline() {
          return room.timeline.seq === seq ? nothing : room.timeline;
        },
      };
    },
  },
  {
    clause: 'sync.enter.abort',
    fault: 'a signal that nobody looks at',
    sync: (sync) => ({ join: (invitation, { signal: _, ...options }) => sync.join(invitation, options) }),
  },
  {
    clause: 'sync.enter.signal',
    fault: 'the signal of the attempt ends the room',
    sync: (sync) => ({
      async create(options) {
        const room = await sync.create(options);
        options.signal?.addEventListener('abort', () => void room.leave(), { once: true });
        return room;
      },
    }),
  },
  {
    clause: 'sync.enter.session',
    fault: 'a player that is not there is left out',
    sync: (sync) => ({
      create: (options) =>
        sync.create(options).catch((error: unknown) => {
          if (!isKinoportError(error, 'SESSION_NOT_FOUND')) throw error;
          const { playbackId: _, ...without } = options;
          return sync.create(without);
        }),
    }),
  },
  { clause: 'sync.name.clean', fault: 'names as they come', knobs: { rawNames: true } },
  {
    clause: 'sync.room.plain',
    fault: 'a Date in the status',
    room: (room) => ({
      get status() {
        return { ...room.status, told: new Date(0) };
      },
    }),
  },
  {
    clause: 'sync.roster.told',
    fault: 'the newest first',
    room: (room, person) =>
      person === 0
        ? {
            onDidChangeParticipants: (listener) =>
              room.onDidChangeParticipants((all: readonly SyncParticipant[]) => listener(all.toReversed())),
          }
        : {},
  },
  {
    clause: 'sync.roster.names',
    fault: 'a second Bob has the id of the first',
    knobs: { oneSeatAName: true },
  },
  {
    clause: 'sync.lobby.ready',
    fault: 'ready for ever',
    room: (room) => ({
      setReady: async (ready) => {
        if (ready || room.status.connection === 'closed') await room.setReady(true);
      },
    }),
  },
  {
    clause: 'sync.lobby.wait',
    fault: 'all are waited for',
    room: (room) => ({
      setWaitForMe: async () => {
        if (room.status.connection === 'closed') await room.setWaitForMe(true);
      },
    }),
  },
  {
    clause: 'sync.lobby.idle',
    fault: 'a pause in the lobby is taken',
    room: (room) => ({
      pause: async () => {
        if (room.timeline.phase !== 'idle' || room.status.connection === 'closed') await room.pause();
      },
    }),
  },
  {
    clause: 'sync.start.ready',
    fault: 'start waits for nobody',
    room: (room) => ({ start: (options) => room.start({ ...options, force: true }) }),
  },
  { clause: 'sync.start.host', fault: 'a guest may start', knobs: { mayStart: ({ id }) => id === 'm2' } },
  {
    clause: 'sync.start.again',
    fault: 'another start does nothing',
    room: (room) => ({
      start: async (options) => {
        const isOn = room.timeline.phase !== 'idle' && room.status.connection !== 'closed';
        if (!isOn) await room.start(options);
      },
    }),
  },
  {
    clause: 'sync.talk.said',
    fault: 'the sender does not hear it',
    room: (room) => ({
      onDidReceiveMessage: (listener) =>
        room.onDidReceiveMessage((message) => {
          const self = room.participants.find(({ isSelf }) => isSelf);
          if (message.from !== self?.id) listener(message);
        }),
    }),
  },
  {
    clause: 'sync.talk.order',
    fault: 'a line that comes late',
    room: (room, _, { clock }) => ({
      say: async (text) => {
        if (text === 'line 3')
          await new Promise<void>((resolve) => {
            clock.after(50, resolve);
          });
        await room.say(text);
      },
    }),
  },
  { clause: 'sync.talk.clean', fault: 'texts as they come', knobs: { rawText: true } },
  { clause: 'sync.talk.length', fault: 'a thousand characters', knobs: { textLength: 1000 } },
];
