import type { Timeline } from './model.ts';

/** Seconds at an instant of the relay's clock; before a common start it is the position to start from. */
export function positionAt(timeline: Timeline, instant: number): number {
  if (timeline.phase !== 'playing') return timeline.position;
  return timeline.position + (timeline.rate * Math.max(0, instant - timeline.at)) / 1000;
}
