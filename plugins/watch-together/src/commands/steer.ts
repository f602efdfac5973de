import { KinoportError, type SyncParticipant } from '@kinoport/core';
import type { Room } from '../client/room.ts';
import { positionAt } from '../protocol/index.ts';
import type { Typed } from './typed.ts';

type Steering = Exclude<Typed, { command: 'list' | 'help' | 'watch' | 'leave' }>;

/** Where the room is now, seconds. */
export function roomPosition(room: Room, now: number): number {
  const at = room.roomTime(now);
  return at === undefined ? room.timeline.position : positionAt(room.timeline, at);
}

/** Carries out what was said to a room. @throws KinoportError its refusals */
export async function steer(room: Room, typed: Steering, now: number): Promise<void> {
  switch (typed.command) {
    case 'ready':
      return room.setReady(typed.ready ?? !isReady(room));
    case 'start':
      return start(room, typed);
    case 'toggle':
      return room.timeline.phase === 'paused' ? room.play() : room.pause();
    case 'play':
      return room.play();
    case 'pause':
      return room.pause();
    case 'seek':
      return room.seek(typed.position);
    case 'skip':
      return room.seek(roomPosition(room, now) + typed.seconds);
    case 'rate':
      return room.setRate(typed.rate);
    case 'offset':
      return room.setOffset(typed.seconds);
    case 'undo':
      return undo(room);
    case 'next':
      return next(room);
    case 'chat':
      return room.say(typed.text);
    case 'kick':
      return room.kick(memberOf(room, typed.who).id);
    case 'transfer':
      return room.transferHost(memberOf(room, typed.who).id);
    case 'set': {
      const { command: _, ...settings } = typed;
      return room.configure(settings);
    }
  }
}

const isReady = (room: Room): boolean => room.participants.find(({ isSelf }) => isSelf)?.isReady ?? false;

/** Whoever starts is ready; it begins where the host's player stands, which is where the host has stopped once. */
async function start(room: Room, { force, position }: Extract<Typed, { command: 'start' }>): Promise<void> {
  if (!isReady(room)) await room.setReady(true);
  const from = position ?? room.playerPosition;
  await room.start({
    ...(force ? { force } : {}),
    ...(from === undefined ? {} : { position: Math.max(0, from) }),
  });
}

async function undo(room: Room): Promise<void> {
  const from = room.soughtFrom;
  if (from === undefined) throw new KinoportError('ROOM_STATE', 'Nobody has sought yet.');
  await room.seek(from);
}

/**
 * Who else is meant by an id or a name.
 * @throws KinoportError `ROOM_STATE`
 */
function memberOf({ participants }: Room, who: string): SyncParticipant {
  const name = who.trim().toLowerCase();
  const others = participants.filter(({ isSelf }) => !isSelf);
  const named = others.filter((one) => one.id === name || one.name.toLowerCase() === name);
  const [one, ...more] = named;
  if (!one)
    throw new KinoportError('ROOM_STATE', 'Nobody else here has that name.', {
      hint: 'l lists them. A line that begins with a blank is said to the others.',
    });
  if (more.length > 0)
    throw new KinoportError('ROOM_STATE', 'More than one here has that name.', {
      hint: `Say which: ${named.map(({ id }) => id).join(', ')}`,
    });
  return one;
}

async function next(room: Room): Promise<void> {
  const at = room.queue.findIndex(({ id }) => id === room.timeline.media);
  const item = at < 0 ? undefined : room.queue[at + 1];
  if (!item) throw new KinoportError('NO_NEXT_ITEM', 'The queue of the room has nothing more.');
  await room.select(item.id);
}
