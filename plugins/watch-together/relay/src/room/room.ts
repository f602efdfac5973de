import { KinoportError } from '@kinoport/core';
import {
  CLOSE,
  type ClientMessages,
  type ClientRequest,
  cleanLine,
  DEFAULT_SETTINGS,
  LIMITS,
  type Status,
} from '../../../src/protocol/index.ts';
import { type Effect, RoomDraft } from './draft.ts';
import { type Arrival, configure, kick, lost, migrate, newSeat, remove, transfer } from './membership.ts';
import type { PasswordHash, RoomPolicy, RoomState, Seat } from './state.ts';
import { pause, play, seek, select, setQueue, setRate, start, stop } from './steering.ts';
import { settleWait, waitWake } from './waiting.ts';

/** What became of a room by one step. A step that throws has changed nothing. */
export interface Step {
  /** undefined: the room is over. */
  readonly state: RoomState | undefined;
  readonly effects: readonly Effect[];
}

/** Requests of those who are in a room. */
export type MemberRequest = Exclude<ClientRequest, { type: 'create' | 'join' | 'resume' }>;

/** Seconds behind the end of a film after which the timeline stands. */
const BEHIND_THE_END = 5;

export function newRoom(
  code: string,
  request: ClientMessages['create'],
  arrival: Arrival,
  now: number,
  password?: PasswordHash,
): { readonly state: RoomState; readonly seat: Seat } {
  const title = cleanLine(request.title ?? '', LIMITS.title);
  const { queue = [] } = request;
  if (new Set(queue.map(({ id }) => id)).size < queue.length)
    throw new KinoportError('RELAY_PROTOCOL', 'Two items of the queue have the same id.');
  const [first] = queue;
  const state: RoomState = {
    code,
    ...(title ? { title } : {}),
    host: 'p1',
    settings: { ...DEFAULT_SETTINGS, ...request.settings },
    ...(password ? { password } : {}),
    salt: request.salt,
    queue: { seq: 0, items: queue },
    timeline: { seq: 0, phase: 'idle', position: 0, at: now, rate: 1, media: first?.id ?? null },
    seats: [],
    next: 1,
    banned: [],
    activeAt: now,
  };
  const seat = newSeat(state, request.name, arrival);
  if (first && request.media) seat.claim = { item: first.id, media: request.media };
  return { state: { ...state, seats: [seat] }, seat };
}

const FOR_THE_HOST: ReadonlySet<string> = new Set(['start', 'stop', 'settings', 'kick', 'transfer']);
const STEERING: ReadonlySet<string> = new Set(['play', 'pause', 'seek', 'rate', 'queue', 'select']);

/** @throws KinoportError `ROOM_FORBIDDEN` */
export function checkMay({ state }: RoomDraft, seat: Seat, type: MemberRequest['type']): void {
  const isForTheHost = FOR_THE_HOST.has(type) || (STEERING.has(type) && state.settings.control === 'host');
  if (isForTheHost && state.host !== seat.id)
    throw new KinoportError('ROOM_FORBIDDEN', 'Only the host may do this.');
}

/**
 * @param password what is to be kept of the one in a `settings`
 * @returns a refusal that has changed the room all the same
 * @throws KinoportError a refusal that has not
 */
export function request(
  room: RoomDraft,
  seat: Seat,
  message: MemberRequest,
  password?: PasswordHash,
): KinoportError | undefined {
  const { state } = room;
  checkMay(room, seat, message.type);
  state.activeAt = room.now;
  if (message.type === 'claim') return claim(room, seat, message);
  const run = COMMANDS[message.type] as (
    room: RoomDraft,
    seat: Seat,
    message: MemberRequest,
    password?: PasswordHash,
  ) => void;
  run(room, seat, message, password);
  return undefined;
}

type Commands = {
  readonly [T in Exclude<MemberRequest['type'], 'claim'>]: (
    room: RoomDraft,
    seat: Seat,
    message: ClientMessages[T],
    password?: PasswordHash,
  ) => void;
};

const COMMANDS = {
  leave: (room, seat) => remove(room, seat, 'left'),
  ready,
  preferences(room, seat, { waitForMe }) {
    seat.waitForMe = waitForMe;
    room.tellOf(seat);
    settleWait(room);
  },
  start,
  play,
  pause,
  seek,
  rate: setRate,
  stop,
  queue: setQueue,
  select,
  chat,
  settings: (room, _, message, password) => configure(room, message, password),
  kick,
  transfer: (room, _, message) => transfer(room, message),
} satisfies Commands;

const mismatch = (): KinoportError =>
  new KinoportError('ROOM_MEDIA_MISMATCH', 'This is another film than the one of the room.');

function ready(room: RoomDraft, seat: Seat, { ready: value }: ClientMessages['ready']): void {
  if (value && room.state.settings.mismatch === 'refuse' && room.match(seat) === 'different')
    throw mismatch();
  if (seat.ready === value) return;
  seat.ready = value;
  room.tellOf(seat);
}

function claim(
  room: RoomDraft,
  seat: Seat,
  { item, media }: ClientMessages['claim'],
): KinoportError | undefined {
  if (!room.state.queue.items.some(({ id }) => id === item))
    throw new KinoportError('ROOM_STATE', 'There is no such item in the queue.');
  seat.claim = { item, media };
  const refused = room.state.settings.mismatch === 'refuse' && room.match(seat) === 'different';
  if (refused) seat.ready = false;
  room.tellOf(seat);
  return refused ? mismatch() : undefined;
}

function chat(room: RoomDraft, seat: Seat, { text }: ClientMessages['chat']): void {
  const line = cleanLine(text, LIMITS.chat);
  if (line === '') throw new KinoportError('RELAY_PROTOCOL', 'There is nothing to read in the message.');
  room.broadcast({ type: 'chat', from: seat.id, name: seat.name, text: line });
}

/** Milliseconds and share by which a figure has to differ to be worth a change of the room. */
const differs = (a: number, b: number): boolean => Math.abs(a - b) > Math.max(10, 0.2 * b);

/** Whether a status says anything that the room itself has to know. Without it the room's state need not be touched. */
export function matters(seat: Seat, status: Status): boolean {
  return (
    status.buffering !== seat.buffering ||
    (status.media !== undefined && status.media !== seat.loaded) ||
    differs(status.roundTrip ?? seat.roundTrip, seat.roundTrip) ||
    differs(status.seekTime ?? seat.seekTime, seat.seekTime)
  );
}

export function noteStatus(room: RoomDraft, seat: Seat, status: Status): void {
  if (status.media !== undefined) seat.loaded = status.media;
  seat.roundTrip = Math.min(status.roundTrip ?? seat.roundTrip, LIMITS.roundTrip);
  seat.seekTime = Math.min(status.seekTime ?? seat.seekTime, LIMITS.seekTime);
  if (status.buffering !== seat.buffering) {
    seat.buffering = status.buffering;
    if (status.buffering) seat.bufferingSince = room.now;
    else {
      delete seat.bufferingSince;
      delete seat.givenUp;
    }
    room.tellOf(seat);
  }
  settleWait(room);
}

/** What time alone does: seats that were kept long enough, a host who does not come back, waits, the end of a room. */
export function tick(room: RoomDraft): void {
  const { state, policy, now } = room;
  if (now >= state.activeAt + policy.idle) {
    for (const seat of room.seats) room.close(seat, CLOSE.NORMAL, { reason: 'expired' });
    room.ended = true;
    return;
  }
  for (const seat of [...room.seats])
    if (seat.lostAt !== undefined && now >= seat.lostAt + policy.seatKept) remove(room, seat, 'gone');
  if (room.ended) return;
  const host = room.seats.find(({ id }) => id === state.host);
  if (host?.lostAt !== undefined && now >= host.lostAt + policy.hostKept && room.connected.length > 0)
    migrate(room);
  const end = endOf(room);
  if (now >= end) {
    const position = room.position;
    room.setTimeline({ phase: 'paused', position }, { kind: 'pause', by: null });
  }
  settleWait(room);
}

/** When a film that runs is certainly over; Infinity: it does not run, or nobody knows how long it is. */
function endOf(room: RoomDraft): number {
  const { phase, at, position, rate } = room.state.timeline;
  const duration = room.item?.media.duration;
  if (phase !== 'playing' || !duration) return Number.POSITIVE_INFINITY;
  return at + ((duration - position) / rate + BEHIND_THE_END) * 1000;
}

/** The next instant at which {@link tick} has something to do. */
export function nextWake(room: RoomDraft): number {
  const { state, policy } = room;
  const host = room.seats.find(({ id }) => id === state.host);
  const away = host?.lostAt !== undefined && room.connected.length > 0;
  return Math.min(
    state.activeAt + policy.idle,
    ...room.seats.map(({ lostAt }) =>
      lostAt === undefined ? Number.POSITIVE_INFINITY : lostAt + policy.seatKept,
    ),
    away ? (host?.lostAt ?? 0) + policy.hostKept : Number.POSITIVE_INFINITY,
    endOf(room),
    waitWake(room),
  );
}

/** Runs one step on a room. @throws KinoportError the refusal; nothing has changed then */
export function step<T>(
  state: RoomState,
  policy: RoomPolicy,
  now: number,
  run: (room: RoomDraft) => T,
): Step & { readonly result: T; readonly wakeAt: number } {
  const room = new RoomDraft(state, policy, now);
  const result = run(room);
  if (room.ended)
    return { state: undefined, effects: room.effects, result, wakeAt: Number.POSITIVE_INFINITY };
  return { state: room.state, effects: room.effects, result, wakeAt: nextWake(room) };
}

/** Connections of a process that is no more are lost. */
export function disown(room: RoomDraft, relay: string): void {
  for (const { connection } of [...room.seats])
    if (connection?.startsWith(`${relay}/`)) lost(room, connection);
}
