import type { Timeline } from './ports.ts';

/**
 * Where a timeline is at a room instant, seconds, never below 0. Until its own instant it stands at its position:
 * that is when everybody begins.
 */
export function timelinePosition(timeline: Timeline, room: number): number {
  const { phase, position, at, rate } = timeline;
  const gone = phase === 'playing' ? Math.max(0, room - at) / 1000 : 0;
  return Math.max(0, position + rate * gone);
}

/** The room instant at which a playing timeline comes to a position; `undefined` when it stands, or began after it. */
export function timelineReaches(timeline: Timeline, position: number): number | undefined {
  const { phase, at, rate } = timeline;
  if (phase !== 'playing' || !(rate > 0) || position < timeline.position) return undefined;
  return at + ((position - timeline.position) / rate) * 1000;
}

/** Whether a timeline takes the place of the one before: an older or the same one that comes late does not. */
export function supersedes(next: Timeline, current: Timeline | undefined): boolean {
  return current === undefined || next.seq > current.seq;
}
