import { KinoportError } from '@kinoport/core';
import { CLOSE, type ClientMessages, cleanLine, cleanName, LIMITS } from '../../../src/protocol/index.ts';
import type { RoomDraft } from './draft.ts';
import { equal, tokenMatches } from './secrets.ts';
import type { PasswordHash, RoomState, Seat } from './state.ts';
import { settleWait } from './waiting.ts';

/** Milliseconds that somebody who was sent out stays out. */
const BAN = 600_000;

/** Who comes: what the process that holds the connection knows. */
export interface Arrival {
  readonly connection: string;
  /** Key of its address. */
  readonly address: string;
  /** Hash of the token of its seat. */
  readonly token: string;
}

/** What a password has to be derived by before it can be compared. */
export interface Challenge {
  readonly challenge: PasswordHash;
}

/**
 * A seat for somebody new.
 * @param password as given, derived by what the room keeps of its own
 * @throws KinoportError `ROOM_PASSWORD`, `ROOM_FULL`, `ROOM_KICKED`
 */
export function join(
  room: RoomDraft,
  request: ClientMessages['join'],
  arrival: Arrival,
  password?: PasswordHash,
): Seat | Challenge {
  const { state, seats } = room;
  const out = state.banned.some(({ address, until }) => address === arrival.address && room.now < until);
  if (out && !seats.some(({ address }) => address === arrival.address))
    throw new KinoportError('ROOM_KICKED', 'The host has sent you out of this room.');
  if (state.password && request.password === undefined)
    throw new KinoportError('ROOM_PASSWORD', 'The room has a password.');
  if (seats.length >= room.policy.members)
    throw new KinoportError('ROOM_FULL', `The room has its ${room.policy.members} members.`);
  // It may have been changed while the given one was derived.
  if (state.password && password?.salt !== state.password.salt) return { challenge: state.password };
  if (state.password && !equal(password?.hash ?? '', state.password.hash))
    throw new KinoportError('ROOM_PASSWORD', 'The password is another one.');
  const seat = newSeat(room.state, request.name, arrival);
  seats.push(seat);
  room.tellOf(seat, arrival.connection);
  return seat;
}

export function newSeat(state: RoomState, name: string, arrival: Arrival): Seat {
  const id = `p${state.next}`;
  state.next += 1;
  return {
    id,
    name: ownName(cleanName(name) || 'Somebody', state.seats),
    token: arrival.token,
    address: arrival.address,
    connection: arrival.connection,
    ready: false,
    waitForMe: true,
    buffering: false,
    roundTrip: 0,
    seekTime: 0,
  };
}

/** `Ann`, or `Ann 2` where somebody is called Ann already: nobody passes for somebody else. */
function ownName(name: string, seats: readonly Seat[]): string {
  const taken = new Set(seats.map((seat) => seat.name.toLowerCase()));
  for (let count = 1; ; count += 1) {
    const end = count === 1 ? '' : ` ${count}`;
    const own = `${cleanLine(name, LIMITS.name - end.length)}${end}`;
    if (!taken.has(own.toLowerCase())) return own;
  }
}

/** The same seat for another connection. @throws KinoportError `ROOM_SEAT_INVALID` */
export function resume(
  room: RoomDraft,
  request: ClientMessages['resume'],
  arrival: Omit<Arrival, 'token'>,
): Seat {
  const seat = room.seats.find(({ id }) => id === request.participant);
  // Whether there is such a seat is not told to who has not its token.
  if (!seat || !tokenMatches(request.token, seat.token))
    throw new KinoportError('ROOM_SEAT_INVALID', 'The seat is no longer kept, or the token is not its own.');
  room.close(seat, CLOSE.REPLACED, { reason: 'replaced' });
  seat.connection = arrival.connection;
  delete seat.lostAt;
  delete seat.loaded;
  seat.buffering = false;
  room.tellOf(seat, arrival.connection);
  return seat;
}

/** The connection of a seat is lost; nothing happens when it has another one by now. */
export function lost(room: RoomDraft, connection: string): void {
  const seat = room.seats.find((candidate) => candidate.connection === connection);
  if (!seat) return;
  seat.connection = null;
  seat.lostAt = room.now;
  seat.buffering = false;
  room.tellOf(seat);
  settleWait(room);
}

export function remove(room: RoomDraft, seat: Seat, reason: 'left' | 'kicked' | 'gone'): void {
  const place = room.seats.indexOf(seat);
  if (place < 0) return;
  room.seats.splice(place, 1);
  if (room.seats.length === 0) {
    room.ended = true;
    return;
  }
  room.broadcast({ type: 'left', participant: seat.id, reason }, seat.connection);
  if (room.state.host === seat.id) migrate(room);
  settleWait(room);
}

/** The oldest member who is there becomes the host. */
export function migrate(room: RoomDraft): void {
  const next = room.connected[0] ?? room.seats[0];
  if (!next || next.id === room.state.host) return;
  room.state.host = next.id;
  room.broadcast({ type: 'host', participant: next.id, cause: 'migrated' });
}

export function kick(room: RoomDraft, by: Seat, { participant }: ClientMessages['kick']): void {
  const seat = room.seat(participant);
  if (seat === by)
    throw new KinoportError('ROOM_STATE', 'The host cannot send itself out.', { hint: 'Leave the room.' });
  const until = room.now + BAN;
  room.state.banned = [
    ...room.state.banned.filter((ban) => room.now < ban.until).slice(-49),
    { address: seat.address, until },
  ];
  room.close(seat, CLOSE.KICKED, { reason: 'kicked' });
  remove(room, seat, 'kicked');
}

export function transfer(room: RoomDraft, { participant }: ClientMessages['transfer']): void {
  const seat = room.seat(participant);
  if (!seat.connection) throw new KinoportError('ROOM_STATE', 'That member is not connected.');
  if (seat.id === room.state.host) return;
  room.state.host = seat.id;
  room.broadcast({ type: 'host', participant: seat.id, cause: 'transferred' });
}

/** @param kept of the new password, if there is to be one */
export function configure(
  room: RoomDraft,
  { settings, password, title }: ClientMessages['settings'],
  kept?: PasswordHash,
): void {
  const { state } = room;
  state.settings = { ...state.settings, ...settings };
  if (password === null) delete state.password;
  else if (kept) state.password = kept;
  const clean = title === undefined ? state.title : cleanLine(title, LIMITS.title) || undefined;
  if (clean === undefined) delete state.title;
  else state.title = clean;
  room.broadcast({
    type: 'settings',
    settings: state.settings,
    locked: state.password !== undefined,
    ...(clean === undefined ? {} : { title: clean }),
  });
  settleWait(room);
}
