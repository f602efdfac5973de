import type { Cause } from '../../../src/protocol/index.ts';
import type { RoomDraft } from './draft.ts';
import type { Seat } from './state.ts';

/** Milliseconds of buffering that the others do not notice, with the setting `grace`. */
const GRACE = 500;
/** Milliseconds after which they go on without whoever is not there. */
const PATIENCE = 15_000;
/** A member for whom the room has waited so often within a minute is not waited for. */
const MAX_HOLDS = 6;
const HOLDS_WITHIN = 60_000;

const buffersTooLong = (room: RoomDraft, seat: Seat): boolean => {
  if (!seat.buffering || seat.bufferingSince === undefined) return false;
  if (room.state.settings.buffering === 'everyone') return true;
  return room.state.settings.buffering === 'grace' && room.now >= seat.bufferingSince + GRACE;
};

const notLoaded = (room: RoomDraft, { loaded }: Seat): boolean =>
  loaded !== undefined && room.state.timeline.media !== null && loaded !== room.state.timeline.media;

const tired = (room: RoomDraft, { holds }: Seat): boolean =>
  holds !== undefined && holds.count >= MAX_HOLDS && room.now < holds.since + HOLDS_WITHIN;

/** Whether the room may wait for a member at all. */
const counts = (room: RoomDraft, seat: Seat): boolean =>
  seat.connection !== null && seat.waitForMe && !seat.givenUp && !tired(room, seat);

/** Those whom a film that runs is to wait for. */
export const stalled = (room: RoomDraft): readonly Seat[] =>
  room.seats.filter((seat) => counts(room, seat) && buffersTooLong(room, seat));

/** Those whom a start has to wait for: in whatever the room is set to, nobody starts without a film. */
const missing = (room: RoomDraft): readonly Seat[] =>
  room.seats.filter(
    (seat) =>
      counts(room, seat) &&
      (notLoaded(room, seat) || (seat.buffering && room.state.settings.buffering !== 'off')),
  );

/** Goes on from a position: at a common instant if everybody is there, else as soon as they are. */
export function goOn(room: RoomDraft, position: number, seeking: boolean, cause: Cause): void {
  // Who has not the film will not have it at the next seek either.
  for (const seat of room.seats) if (cause.kind === 'media' || !notLoaded(room, seat)) delete seat.givenUp;
  const absent = missing(room);
  if (absent.length > 0) waitFor(room, absent, position, cause);
  else room.setTimeline({ phase: 'playing', position, at: room.now + room.lead(seeking) }, cause);
}

function waitFor(room: RoomDraft, absent: readonly Seat[], position: number, cause: Cause): void {
  const patient = room.state.settings.buffering === 'everyone';
  room.setTimeline({ phase: 'waiting', position, waitingFor: absent.map(({ id }) => id) }, cause);
  room.state.wait = { since: room.now, until: patient ? null : room.now + PATIENCE };
}

/** Begins or ends a wait, as members are now. To be called after whatever changes one, and when time has passed. */
export function settleWait(room: RoomDraft): void {
  const { timeline } = room.state;
  if (timeline.phase === 'playing') {
    const slow = stalled(room);
    if (slow.length === 0) return;
    for (const seat of slow) countHold(room, seat);
    waitFor(room, slow, room.position, { kind: 'buffering', by: slow[0]?.id ?? null });
    return;
  }
  if (timeline.phase !== 'waiting') return;
  let absent = missing(room);
  const { until } = room.state.wait ?? { until: null };
  if (until !== null && room.now >= until) {
    for (const seat of absent) seat.givenUp = true;
    absent = [];
  }
  if (absent.length === 0) {
    room.setTimeline(
      { phase: 'playing', position: timeline.position, at: room.now + room.lead(true) },
      { kind: 'ready', by: null },
    );
    return;
  }
  const ids = absent.map(({ id }) => id);
  if (ids.join() === (timeline.waitingFor ?? []).join()) return;
  room.setTimeline({ phase: 'waiting', waitingFor: ids }, { kind: 'buffering', by: ids[0] ?? null });
}

function countHold(room: RoomDraft, seat: Seat): void {
  const { since, count } = seat.holds ?? { since: Number.NEGATIVE_INFINITY, count: 0 };
  seat.holds = room.now < since + HOLDS_WITHIN ? { since, count: count + 1 } : { since: room.now, count: 1 };
}

/** The next instant at which {@link settleWait} has to look again; Infinity: none. */
export function waitWake(room: RoomDraft): number {
  const { phase } = room.state.timeline;
  if (phase === 'waiting') return room.state.wait?.until ?? Number.POSITIVE_INFINITY;
  if (phase !== 'playing' || room.state.settings.buffering !== 'grace') return Number.POSITIVE_INFINITY;
  return Math.min(
    ...room.seats
      .filter((seat) => seat.buffering && counts(room, seat))
      .map(({ bufferingSince = room.now }) => bufferingSince + GRACE),
  );
}
