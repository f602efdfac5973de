import type { ApproachTarget } from './approach.ts';
import type { RoomTime, Timeline } from './ports.ts';
import { timelinePosition, timelineReaches } from './timeline.ts';

/** A room's timeline in local instants and in the positions of a player that is `ownOffset` seconds ahead of it. */
export function targetOf(timeline: Timeline, time: RoomTime, ownOffset: number): ApproachTarget {
  // A player that is to be behind the others stands at the beginning a little longer than they do.
  const waits = Math.max(0, -(timeline.position + ownOffset)) / Math.max(0.01, timeline.rate);
  return {
    begins: time.toLocal(timeline.at + waits * 1000),
    positionAt: (local) => Math.max(0, timelinePosition(timeline, time.toRoom(local)) + ownOffset),
    reaches: (position) => {
      const room = timelineReaches(timeline, position - ownOffset);
      return room === undefined ? undefined : time.toLocal(room);
    },
  };
}
