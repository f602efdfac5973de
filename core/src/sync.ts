import type { Event } from './event.ts';
import type { Disposable } from './lifecycle.ts';

/**
 * The sync contract: people in a room share one timeline. Experimental until the first room plugin is built on
 * it: members may change in a minor version.
 */
export interface Sync {
  create(options: SyncCreateOptions): Promise<SyncRoom>;
  join(invitation: string, options: SyncJoinOptions): Promise<SyncRoom>;
}

export interface SyncJoinOptions {
  /** How the others see this person; 1 to 40 characters. */
  readonly name: string;
  /** The playback session that the room drives. */
  readonly playbackId?: string;
  readonly signal?: AbortSignal;
}

export interface SyncCreateOptions extends SyncJoinOptions {
  readonly title: string;
  /** Who may steer. */
  readonly control?: 'host' | 'everyone';
}

export interface SyncParticipant {
  readonly id: string;
  readonly name: string;
  readonly isHost: boolean;
  readonly isReady: boolean;
  readonly connected: boolean;
}

/** Position now, while `phase` is `playing`: `position + rate * (room clock - at) / 1000`. */
export interface SyncTimeline {
  readonly seq: number;
  readonly phase: 'idle' | 'waiting' | 'playing' | 'paused';
  /** Seconds. */
  readonly position: number;
  /** Milliseconds of the room's clock. */
  readonly at: number;
  readonly rate: number;
}

export interface SyncRoom extends Disposable {
  readonly code: string;
  readonly participants: readonly SyncParticipant[];
  readonly timeline: SyncTimeline;
  readonly onDidChangeParticipants: Event<readonly SyncParticipant[]>;
  readonly onDidChangeTimeline: Event<SyncTimeline>;
  readonly onDidReceiveMessage: Event<{ readonly from: string; readonly text: string }>;
  setReady(ready: boolean): Promise<void>;
  start(): Promise<void>;
  play(): Promise<void>;
  pause(): Promise<void>;
  seek(position: number): Promise<void>;
  say(text: string): Promise<void>;
  leave(): Promise<void>;
}
