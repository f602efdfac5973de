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
    one.waitForMe ? undefined : 'not waited for',
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
      ...(was.waitForMe && !one.waitForMe ? [`The room does not wait for ${name} any more.`] : []),
      ...(!was.waitForMe && one.waitForMe ? [`The room waits for ${name} again.`] : []),
      ...(was.match !== 'different' && one.match === 'different' ? [`${name} has another film.`] : []),
    ];
  });
  return [...gone, ...changes];
}

/** What has become of the timeline, and by whom; undefined: nothing worth a line. */
export function timelineLine(
  change: SyncTimelineChange,
  nameOf: (id: string) => string,
  titleOf: (media: string) => string | undefined = () => undefined,
): string | undefined {
  const { timeline } = change;
  const done = doneLine(change, nameOf, titleOf);
  if (timeline.phase !== 'waiting') return done && `${done}.`;
  const waiting = (timeline.waitingFor ?? []).map(nameOf).join(', ') || 'somebody';
  return `${done ?? `At ${formatTime(timeline.position)}`}; waiting for ${waiting}.`;
}

function doneLine(
  { timeline, cause }: SyncTimelineChange,
  nameOf: (id: string) => string,
  titleOf: (media: string) => string | undefined,
): string | undefined {
  const who = cause.by === null ? 'The room' : nameOf(cause.by);
  const at = formatTime(timeline.position);
  switch (cause.kind) {
    case 'start':
      return `${who} starts the film at ${at}`;
    case 'play':
      return cause.by === null ? undefined : `${who} goes on at ${at}`;
    case 'pause':
      return `${who} pauses at ${at}`;
    case 'seek':
      return `${who} goes to ${at}${cause.from === undefined ? '' : ` from ${formatTime(cause.from)}`}`;
    case 'rate':
      return `${who} sets the speed to ${timeline.rate}`;
    case 'media': {
      const title = timeline.media === null ? undefined : titleOf(timeline.media);
      return `${who} goes on with ${title === undefined ? 'another film' : `"${title}"`}`;
    }
    case 'stop':
      return `${who} goes back to the lobby`;
    case 'buffering':
      return undefined;
    case 'ready':
      return `On from ${at}`;
  }
}

/** What `o` has done. `seconds`: ahead of the others. */
export function offsetLine(seconds: number): string {
  if (seconds === 0) return 'Your player is with the others.';
  return `Your player is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} the others.`;
}

/** The line at the bottom. `position`: seconds. */
export function statusLine(room: Room, status: SyncStatus, position: number): string {
  const { timeline, participants, code } = room;
  const here = participants.filter(({ connected }) => connected);
  const ready = here.filter(({ isReady }) => isReady).length;
  const phase = timeline.phase === 'idle' ? `lobby, ${ready} of ${here.length} ready` : timeline.phase;
  const { duration = Number.POSITIVE_INFINITY } = room.queue.find(({ id }) => id === timeline.media) ?? {};
  const parts = [
    code,
    phase,
    ...(timeline.phase === 'idle' ? [] : [formatTime(Math.min(position, duration)), `${here.length} here`]),
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
