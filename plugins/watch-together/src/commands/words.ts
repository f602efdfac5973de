import type { SyncParticipant, SyncStatus, SyncTimelineChange } from '@kinoport/core';
import type { Room } from '../client/room.ts';
import { formatMs, formatTime } from './time.ts';

/** What people are told. Names and titles of others are clean already. */

export function participantLine(one: SyncParticipant): string {
  const facts = [
    one.isHost ? 'host' : undefined,
    one.isSelf ? 'you' : undefined,
    one.connected ? undefined : 'connection lost',
    one.isReady ? 'ready' : 'not ready',
    one.buffering ? 'waits for data' : undefined,
    one.match === 'different' ? 'another film' : undefined,
    one.drift === undefined ? undefined : `drift ${formatMs(one.drift)}`,
    one.roundTrip === undefined ? undefined : `round trip ${one.roundTrip.toFixed(0)} ms`,
  ];
  return `${one.name} (${facts.filter((fact) => fact !== undefined).join(', ')})`;
}

/** What has become of people; one line each. */
export function peopleChanges(
  before: readonly SyncParticipant[],
  now: readonly SyncParticipant[],
): readonly string[] {
  const known = new Map(before.map((one) => [one.id, one]));
  const here = new Set(now.map(({ id }) => id));
  const gone = before.filter(({ id }) => !here.has(id)).map(({ name }) => `${name} has left.`);
  const changes = now.flatMap((one) => {
    const was = known.get(one.id);
    if (!was) return [`${one.name} has joined.`];
    const { name } = one;
    return [
      ...(was.connected && !one.connected ? [`${name} has lost the connection; the seat is kept.`] : []),
      ...(!was.connected && one.connected ? [`${name} is back.`] : []),
      ...(was.isReady !== one.isReady ? [`${name} is ${one.isReady ? '' : 'not '}ready.`] : []),
      ...(!was.isHost && one.isHost ? [`${name} is the host now.`] : []),
      ...(was.match !== 'different' && one.match === 'different' ? [`${name} has another film.`] : []),
    ];
  });
  return [...gone, ...changes];
}

/** What has become of the timeline, and by whom; undefined: nothing worth a line. */
export function timelineLine(
  { timeline, cause }: SyncTimelineChange,
  nameOf: (id: string) => string,
): string | undefined {
  const who = cause.by === null ? 'The room' : nameOf(cause.by);
  const at = formatTime(timeline.position);
  const waiting = (timeline.waitingFor ?? []).map(nameOf).join(', ');
  if (timeline.phase === 'waiting') return `At ${at}, waiting for ${waiting || 'somebody'}.`;
  switch (cause.kind) {
    case 'start':
      return `${who} starts the film at ${at}.`;
    case 'play':
      return cause.by === null ? undefined : `${who} goes on at ${at}.`;
    case 'pause':
      return `${who} pauses at ${at}.`;
    case 'seek':
      return `${who} goes to ${at}${cause.from === undefined ? '' : ` from ${formatTime(cause.from)}`}.`;
    case 'rate':
      return `${who} sets the speed to ${timeline.rate}.`;
    case 'media':
      return `${who} goes on with another film.`;
    case 'stop':
      return `${who} goes back to the lobby.`;
    case 'buffering':
      return undefined;
    case 'ready':
      return `Everybody is there: on from ${at}.`;
  }
}

/** The line at the bottom. `position`: seconds. */
export function statusLine(room: Room, status: SyncStatus, position: number): string {
  const { timeline, participants, code } = room;
  const ready = participants.filter(({ isReady }) => isReady).length;
  const phase =
    timeline.phase === 'idle' ? `lobby, ${ready} of ${participants.length} ready` : timeline.phase;
  const parts = [
    code,
    phase,
    ...(timeline.phase === 'idle' ? [] : [formatTime(position), `${participants.length} here`]),
    ...(status.connection === 'reconnecting' ? ['connecting again'] : [status.sync]),
    ...figuresOf(status),
  ];
  return parts.join(' · ');
}

export function figuresOf({ drift, offsetBound, roundTrip, rate }: SyncStatus): readonly string[] {
  return [
    ...(drift === undefined ? [] : [`drift ${formatMs(drift)}`]),
    ...(rate === undefined || Math.abs(rate - 1) < 1e-4 ? [] : [`speed ${rate.toFixed(3)}`]),
    ...(offsetBound === undefined ? [] : [`clock ±${offsetBound.toFixed(1)} ms`]),
    ...(roundTrip === undefined ? [] : [`round trip ${roundTrip.toFixed(1)} ms`]),
  ];
}
