import { KinoportError, type SyncTimelineChange } from '@kinoport/core';
import type { SyncFault } from './faults.ts';

const isClosed = ({ status }: { readonly status: { readonly connection: string } }): boolean =>
  status.connection === 'closed';

/** Tells the changes of the timeline in another way; undefined: not at all. */
function told(
  change: (
    change: SyncTimelineChange,
    before: SyncTimelineChange | undefined,
  ) => SyncTimelineChange | undefined,
): NonNullable<SyncFault['room']> {
  return (room, person) =>
    person === 0
      ? {}
      : {
          onDidChangeTimeline(listener) {
            let before: SyncTimelineChange | undefined;
            return room.onDidChangeTimeline((given) => {
              const made = change(given, before);
              before = given;
              if (made) listener(made);
            });
          },
        };
}

/** In timeline, control and input. */
export const steeringFaults: readonly SyncFault[] = [
  {
    clause: 'sync.start.common',
    fault: 'a start in the past',
    knobs: { lead: (kind) => (kind === 'start' ? -500 : 100) },
  },
  { clause: 'sync.timeline.pause', fault: 'two seconds on', knobs: { pauseAt: 2 } },
  {
    clause: 'sync.timeline.play',
    fault: 'goes on in the past',
    knobs: { lead: (kind) => (kind === 'play' ? -500 : 100) },
  },
  {
    clause: 'sync.timeline.seek',
    fault: 'does not say from where',
    room: told(({ timeline, cause: { from: _, ...cause } }) => ({ timeline, cause })),
  },
  {
    clause: 'sync.timeline.rate',
    fault: 'back to where it last changed',
    knobs: { rateFrom: (anchor) => anchor },
  },
  {
    clause: 'sync.timeline.taken',
    fault: 'resolves before it is taken',
    room: (room) => ({
      setRate: async (rate) => {
        const done = room.setRate(rate);
        if (room.timeline.phase === 'paused' && rate === 2) done.catch(() => undefined);
        else await done;
      },
    }),
  },
  {
    clause: 'sync.timeline.order',
    fault: 'of several seeks the first alone is told',
    room: told((change, before) =>
      change.cause.kind === 'seek' && before?.cause.kind === 'seek' ? undefined : change,
    ),
  },
  {
    clause: 'sync.timeline.cause',
    fault: 'everything is the doing of the host',
    room: told(({ timeline, cause }) => ({
      timeline,
      cause: { ...cause, by: cause.by === null ? null : 'm1' },
    })),
  },
  { clause: 'sync.timeline.idempotent', fault: 'a second pause is a change', knobs: { repeats: true } },
  {
    clause: 'sync.timeline.select',
    fault: 'what is not in the queue is passed over',
    room: (room) => ({
      select: async (id) => {
        if (isClosed(room) || room.queue.some((item) => item.id === id)) await room.select(id);
      },
    }),
  },
  {
    clause: 'sync.control.everyone',
    fault: 'the rate is for the host',
    room: (room, person) => ({
      setRate: async (rate) => {
        const { control } = room.settings;
        if (person === 1 && control === 'everyone' && !isClosed(room))
          throw new KinoportError('ROOM_FORBIDDEN', 'Only the host.');
        await room.setRate(rate);
      },
    }),
  },
  {
    clause: 'sync.control.host',
    fault: 'the rate is for everyone',
    knobs: { maySteer: (kind) => kind === 'rate' },
  },
  {
    clause: 'sync.control.configure',
    fault: 'what is not named is as by default',
    room: (room) => ({ configure: (settings) => room.configure({ buffering: 'grace', ...settings }) }),
  },
  {
    clause: 'sync.control.transfer',
    fault: 'who was the host may start',
    knobs: { mayStart: ({ id }) => id === 'm1' },
  },
  { clause: 'sync.control.left', fault: 'nobody becomes the host', knobs: { keepsHost: true } },
  {
    clause: 'sync.control.kick',
    fault: 'who is sent out is told that the room was closed',
    room: (room) => ({
      onDidClose: (listener) =>
        room.onDidClose(({ reason }) => listener({ reason: reason === 'kicked' ? 'closed' : reason })),
    }),
  },
  {
    clause: 'sync.input.position',
    fault: 'what is no number is the beginning',
    room: (room, person) => ({
      seek: (position) => room.seek(person === 0 && !Number.isFinite(position) ? 0 : position),
    }),
  },
  {
    clause: 'sync.input.bounds',
    fault: 'refuses what is before the beginning',
    room: (room) => ({
      seek: async (position) => {
        if (position < 0) throw new KinoportError('INVALID_ARGUMENT', 'Before the beginning.');
        await room.seek(position);
      },
    }),
  },
  {
    clause: 'sync.input.start',
    fault: 'starts at the beginning',
    room: (room) => ({
      start: ({ position = 0, ...options } = {}) =>
        room.start({ ...options, position: Number.isFinite(position) ? position : 0 }),
    }),
  },
  { clause: 'sync.input.rate', fault: 'a tenth of the speed', knobs: { leastRate: 0.05 } },
  {
    clause: 'sync.input.offset',
    fault: 'any offset',
    room: (room) => ({
      setOffset: async (seconds) => {
        if (isClosed(room) || Math.abs(seconds) <= 60) await room.setOffset(seconds);
      },
    }),
  },
  {
    clause: 'sync.input.many',
    fault: 'leaves after twenty refusals',
    room(room) {
      let count = 0;
      return {
        seek: (position) =>
          room.seek(position).catch(async (error: unknown) => {
            count += 1;
            if (count === 20) await room.leave();
            throw error;
          }),
      };
    },
  },
];
