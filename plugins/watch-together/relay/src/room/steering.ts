import { KinoportError } from '@kinoport/core';
import type { ClientMessages } from '../../../src/protocol/index.ts';
import type { RoomDraft } from './draft.ts';
import type { Seat } from './state.ts';
import { goOn } from './waiting.ts';

/** Seconds that the frame which a member paused at may be away from the timeline. */
const PAUSE_TOLERANCE = 2;

const inFilm = (room: RoomDraft): void => {
  if (room.state.timeline.phase === 'idle')
    throw new KinoportError('ROOM_STATE', 'The room is in the lobby.', { hint: 'The host starts the film.' });
};

/** From the lobby to the film. */
export function start(
  room: RoomDraft,
  seat: Seat,
  { position = 0, force = false }: ClientMessages['start'],
): void {
  if (room.state.timeline.phase !== 'idle')
    throw new KinoportError('ROOM_STATE', 'The film has been started already.');
  const late = room.connected.filter(({ ready }) => !ready);
  if (late.length > 0 && !force) {
    const names = late.map(({ name }) => name).join(', ');
    throw new KinoportError('ROOM_NOT_READY', `Not ready: ${names.slice(0, 300)}.`);
  }
  goOn(room, room.withinFilm(position), true, { kind: 'start', by: seat.id });
}

export function play(room: RoomDraft, seat: Seat, { position }: ClientMessages['play']): void {
  inFilm(room);
  const { phase } = room.state.timeline;
  if (phase === 'playing' && position === undefined) return;
  const from = position === undefined ? room.position : room.withinFilm(position);
  const cause = { kind: 'play', by: seat.id } as const;
  // Whoever says play in a wait does not want to wait any longer.
  if (phase === 'waiting')
    room.setTimeline({ phase: 'playing', position: from, at: room.now + room.lead(true) }, cause);
  else goOn(room, from, position !== undefined, cause);
}

export function pause(room: RoomDraft, seat: Seat, { position }: ClientMessages['pause']): void {
  inFilm(room);
  const { phase, at } = room.state.timeline;
  if (phase === 'paused') return;
  const here = room.position;
  // Before a common start nothing has moved: a player's own figure would be of before.
  const near =
    position !== undefined &&
    room.now >= at &&
    Math.abs(position - here) <= PAUSE_TOLERANCE &&
    phase === 'playing';
  const held = near ? room.withinFilm(position) : here;
  room.setTimeline({ phase: 'paused', position: held }, { kind: 'pause', by: seat.id });
}

export function seek(room: RoomDraft, seat: Seat, request: ClientMessages['seek']): void {
  inFilm(room);
  const position = room.withinFilm(request.position);
  const cause = { kind: 'seek', by: seat.id, from: room.position } as const;
  if (room.state.timeline.phase === 'paused') room.setTimeline({ position }, cause);
  else goOn(room, position, true, cause);
}

export function setRate(room: RoomDraft, seat: Seat, { rate }: ClientMessages['rate']): void {
  const { timeline } = room.state;
  if (rate === timeline.rate) return;
  const coming = timeline.phase === 'playing' && timeline.at > room.now;
  const waitingFor = timeline.phase === 'waiting' ? { waitingFor: timeline.waitingFor } : {};
  room.setTimeline(
    { rate, position: room.position, ...(coming ? { at: timeline.at } : {}), ...waitingFor },
    { kind: 'rate', by: seat.id },
  );
}

/** Back to the lobby, where everybody is to get ready again. */
export function stop(room: RoomDraft, seat: Seat): void {
  if (room.state.timeline.phase === 'idle') return;
  room.setTimeline({ phase: 'idle', position: 0 }, { kind: 'stop', by: seat.id });
  unready(room);
}

function unready(room: RoomDraft): void {
  for (const seat of room.seats) {
    if (!seat.ready) continue;
    seat.ready = false;
    room.tellOf(seat);
  }
}

export function setQueue(room: RoomDraft, seat: Seat, { items }: ClientMessages['queue']): void {
  if (new Set(items.map(({ id }) => id)).size < items.length)
    throw new KinoportError('RELAY_PROTOCOL', 'Two items of the queue have the same id.');
  const { media } = room.state.timeline;
  room.state.queue = { seq: room.state.queue.seq + 1, items };
  room.broadcast({ type: 'queue', queue: room.state.queue });
  if (items.some(({ id }) => id === media)) return;
  const [first] = items;
  room.setTimeline({ phase: 'idle', position: 0, media: first?.id ?? null }, { kind: 'media', by: seat.id });
  if (media !== null) unready(room);
  tellMatches(room);
}

/** Another item: in the lobby it is what will be watched, else everybody goes on with it. */
export function select(room: RoomDraft, seat: Seat, { item, position = 0 }: ClientMessages['select']): void {
  if (!room.state.queue.items.some(({ id }) => id === item))
    throw new KinoportError('ROOM_STATE', 'There is no such item in the queue.');
  const cause = { kind: 'media', by: seat.id } as const;
  const { timeline } = room.state;
  if (timeline.phase === 'idle') {
    room.setTimeline({ media: item, position: 0 }, cause);
    tellMatches(room);
    return;
  }
  room.state.timeline = { ...timeline, media: item };
  goOn(room, room.withinFilm(position), true, cause);
  tellMatches(room);
}

/** What members have claimed was of another item: whether it matches is another question now. */
function tellMatches(room: RoomDraft): void {
  for (const seat of room.seats) if (seat.claim) room.tellOf(seat);
}
