import { type Cause, CLOSE, type Timeline } from '../../../src/protocol/index.ts';
import { type Effect, RoomDraft } from './draft.ts';
import { DEFAULT_POLICY, type RoomState } from './state.ts';

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/**
 * What members who know a room as it was `before` have to be told, so that they know it as it is `after`, where what
 * happened between is not known any more.
 */
export function catchUp(before: RoomState, after: RoomState | undefined): readonly Effect[] {
  if (!after)
    return before.seats.flatMap(({ connection }) => closing(connection, CLOSE.NORMAL, { reason: 'closed' }));
  const [known, now] = [before, after].map((state) => new RoomDraft(state, DEFAULT_POLICY, 0).snapshot());
  if (!known || !now) return [];
  const effects: Effect[] = before.seats.flatMap((seat) => takenFrom(seat, after));
  const tell = (message: Extract<Effect, { to: string | null }>['message']): void => {
    effects.push({ to: null, message });
  };
  const { settings, locked, title } = now;
  if (!same([known.settings, known.locked, known.title], [settings, locked, title]))
    tell({ type: 'settings', settings, locked, ...(title === undefined ? {} : { title }) });
  for (const participant of now.participants)
    if (!known.participants.some((other) => same(other, participant)))
      tell({ type: 'participant', participant });
  for (const { id } of known.participants)
    if (!now.participants.some((participant) => participant.id === id))
      tell({ type: 'left', participant: id, reason: 'gone' });
  if (known.host !== now.host) tell({ type: 'host', participant: now.host, cause: 'migrated' });
  if (!same(known.queue, now.queue)) tell({ type: 'queue', queue: now.queue });
  if (!same(known.timeline, now.timeline))
    tell({
      type: 'timeline',
      timeline: now.timeline,
      cause: { kind: kindOf(known.timeline, now.timeline), by: null },
    });
  return effects;
}

/** A connection that has not its seat any more. */
function takenFrom({ id, connection }: RoomState['seats'][number], after: RoomState): readonly Effect[] {
  const seat = after.seats.find((candidate) => candidate.id === id);
  if (seat?.connection === connection) return [];
  // Whether the seat is still kept, it learns when it comes back.
  return seat?.connection
    ? closing(connection, CLOSE.REPLACED, { reason: 'replaced' })
    : closing(connection, CLOSE.RESTART, { reason: 'draining', retryAfter: 0 });
}

function closing(
  connection: string | null,
  code: number,
  goodbye: Omit<Extract<Effect, { close: string }>['goodbye'], 'type'>,
): readonly Effect[] {
  return connection === null ? [] : [{ close: connection, code, goodbye: { type: 'goodbye', ...goodbye } }];
}

function kindOf(before: Timeline, { media, phase, position, rate }: Timeline): Cause['kind'] {
  if (media !== before.media) return 'media';
  if (phase === 'idle') return 'stop';
  if (phase === 'waiting') return 'buffering';
  if (phase !== before.phase) return phase === 'playing' ? 'play' : 'pause';
  return rate !== before.rate && position === before.position ? 'rate' : 'seek';
}
