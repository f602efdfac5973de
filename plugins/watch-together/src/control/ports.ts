import type { Event, PlaybackHandle, PlayerCapabilities, PlayerState, SyncTimeline } from '@kinoport/core';

/** What is followed of a room's timeline; seconds, and room milliseconds. */
export type Timeline = Pick<SyncTimeline, 'seq' | 'phase' | 'position' | 'at' | 'rate'>;

/** The room's clock, see `RoomClock`. Instants are milliseconds. */
export interface RoomTime {
  /** Whether instants can be converted. */
  readonly isSet: boolean;
  toRoom(local: number): number;
  toLocal(room: number): number;
}

/** The player that is kept on the timeline: the commands of a playback session, and its state. */
export interface FollowedPlayer
  extends Pick<PlaybackHandle, 'play' | 'pause' | 'seek' | 'setRate' | 'samplePosition'> {
  readonly capabilities: PlayerCapabilities;
  readonly state: PlayerState;
  readonly onDidChangeState: Event<PlayerState>;
}

/** What the viewer did in the player itself. Positions are the room's: an own offset is taken off. */
export type ViewerIntent =
  | { readonly kind: 'play' | 'pause' | 'seek'; readonly position: number }
  /** `rate`: what the room's rate would have to be. */
  | { readonly kind: 'rate'; readonly rate: number };
