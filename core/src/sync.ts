import type { Event } from './event.ts';
import type { Disposable } from './lifecycle.ts';

/**
 * The sync contract: people in a room share one timeline, each with a copy and a player of their own. A room drives a
 * playback session through `ctx.playback`, so every player can be in one.
 *
 * Positions are seconds. Instants of a room are milliseconds of the room's own clock, which is no machine's: a room
 * knows how far this machine's is from it, and within what bound ({@link SyncStatus}).
 */
export interface Sync {
  /**
   * Opens a room, of which this person is the host, in the lobby.
   * @throws KinoportError `RELAY_UNREACHABLE`, `RELAY_VERSION`, `RELAY_UNAUTHORIZED`, `RELAY_FULL`,
   * `RELAY_RATE_LIMITED`, `RELAY_DRAINING`, `SESSION_NOT_FOUND`, `ABORTED`
   */
  create(options: SyncCreateOptions): Promise<SyncRoom>;
  /**
   * Enters a room by its code or link; blanks around it and the case of a code do not count. Who comes while the film
   * runs is placed where the others are.
   * @throws KinoportError as {@link create}; `ROOM_CODE_INVALID`, `ROOM_NOT_FOUND`, `ROOM_PASSWORD`, `ROOM_FULL`,
   * `ROOM_MEDIA_MISMATCH`, `ROOM_KICKED`
   */
  join(invitation: string, options: SyncJoinOptions): Promise<SyncRoom>;
}

export interface SyncJoinOptions {
  /** How the others see this person: 1 to 40 characters, what is longer is cut; controls are taken out. */
  readonly name: string;
  readonly password?: string;
  /** The playback session that the room drives; {@link SyncRoom.bind} gives it one later. */
  readonly playbackId?: string;
  /** Ends the attempt, not the room. */
  readonly signal?: AbortSignal;
}

export interface SyncCreateOptions extends SyncJoinOptions, Partial<SyncSettings> {
  /** What is watched, for the others to read. */
  readonly title?: string;
}

export interface SyncSettings {
  /** Who may steer. */
  readonly control: 'host' | 'everyone';
  /** What happens when somebody's player has to wait for data: nothing, a wait of some seconds, a wait for all. */
  readonly buffering: 'off' | 'grace' | 'everyone';
  /** Whether a member with another film is marked, or not let in. */
  readonly mismatch: 'warn' | 'refuse';
}

export interface SyncParticipant {
  /** Public; says nothing that lets another take the seat. */
  readonly id: string;
  /** Without controls and marks of direction. One that was taken may have got a number behind it. */
  readonly name: string;
  /** Of exactly one: when the host leaves, somebody else is it. */
  readonly isHost: boolean;
  /** Whether it is this machine's own. */
  readonly isSelf: boolean;
  readonly isReady: boolean;
  /** False while its connection is lost and its seat is kept. */
  readonly connected: boolean;
  readonly buffering: boolean;
  /** Whether the room waits for it when it buffers. */
  readonly waitForMe: boolean;
  /** Whether it has the same film as the room. */
  readonly match: 'same' | 'different' | 'unknown';
  /** Milliseconds that its player is ahead of the timeline; absent when it has not told. */
  readonly drift?: number;
  /** Milliseconds to the relay and back. */
  readonly roundTrip?: number;
}

/**
 * Where everybody is to be. While `phase` is `playing`: `position + rate * max(0, room clock - at) / 1000`; `at` may
 * lie ahead, then all start together at that instant.
 */
export interface SyncTimeline {
  /** Grows with every change; the same timeline has the same at all members. */
  readonly seq: number;
  /** idle: in the lobby; waiting: goes on by itself when those in `waitingFor` are ready. */
  readonly phase: 'idle' | 'waiting' | 'playing' | 'paused';
  /** Seconds. */
  readonly position: number;
  /** Milliseconds of the room's clock. */
  readonly at: number;
  readonly rate: number;
  /** Item of the queue that this is the timeline of; null while there is none. */
  readonly media: string | null;
  /** Ids of participants. */
  readonly waitingFor?: readonly string[];
}

/** A timeline and what has led to it. */
export interface SyncTimelineChange {
  readonly timeline: SyncTimeline;
  readonly cause: {
    readonly kind: 'start' | 'play' | 'pause' | 'seek' | 'rate' | 'media' | 'stop' | 'buffering' | 'ready';
    /** Id of who did it; null: the room itself. */
    readonly by: string | null;
    /** Seconds; the position before a seek, which undoes it. */
    readonly from?: number;
  };
}

/** An item of a room's queue. Which bytes it is each member knows of itself. */
export interface SyncMedia {
  readonly id: string;
  readonly title?: string;
  /** Seconds. */
  readonly duration?: number;
  /** Address that the host gives to the others: a magnet link or plain http(s). */
  readonly share?: string;
}

/** How this machine is in step with the room. */
export interface SyncStatus {
  /** closed: for good, see {@link SyncRoom.onDidClose}. */
  readonly connection: 'connected' | 'reconnecting' | 'closed';
  /** By the age of the last news of the relay: synced below 5 s, syncing below 10 s, else lost. */
  readonly sync: 'synced' | 'syncing' | 'lost';
  /** Milliseconds that the player is ahead of the timeline; absent while nothing plays. */
  readonly drift?: number;
  /** Milliseconds from this machine's clock to the room's, and how far that may be off. */
  readonly offset?: number;
  readonly offsetBound?: number;
  /** Milliseconds to the relay and back. */
  readonly roundTrip?: number;
  /** Rate that the player has now, corrections included. */
  readonly rate?: number;
  /** The last correction that was made; `amount`: seconds of a seek, or the factor of a rate. */
  readonly correction?: { readonly kind: 'seek' | 'rate'; readonly amount: number; readonly at: number };
}

export type SyncEndReason = 'left' | 'kicked' | 'closed' | 'expired' | 'replaced' | 'lost';

/**
 * A room that this machine is a member of. While the connection is lost, commands throw `RELAY_UNREACHABLE`; it comes
 * back into the same seat by itself. After the room is closed its methods throw `ROOM_CLOSED`, but for `leave` and
 * `dispose`, which do nothing.
 */
export interface SyncRoom extends Disposable {
  readonly code: string;
  /** Link that others join by; the bare code where the room has none. */
  readonly invitation: string;
  readonly title: string | undefined;
  readonly settings: SyncSettings;
  readonly participants: readonly SyncParticipant[];
  readonly timeline: SyncTimeline;
  readonly queue: readonly SyncMedia[];
  readonly status: SyncStatus;

  /** Settings, title or queue. */
  readonly onDidChangeRoom: Event<void>;
  /** Somebody came, went, or changed; with all of them, in the order of their coming. */
  readonly onDidChangeParticipants: Event<readonly SyncParticipant[]>;
  /** In order, none left out while the connection holds; after a lost one only the newest. */
  readonly onDidChangeTimeline: Event<SyncTimelineChange>;
  readonly onDidChangeStatus: Event<SyncStatus>;
  /** In order, to everybody, the sender included. `from`: id of a participant, `name`: as it was then. */
  readonly onDidReceiveMessage: Event<{
    readonly from: string;
    readonly name: string;
    readonly text: string;
  }>;
  /** What the person should know and nobody has to act on: another film, a high round trip. */
  readonly onDidWarn: Event<{ readonly code: string; readonly message: string }>;
  /** Once, and nothing after it. */
  readonly onDidClose: Event<{ readonly reason: SyncEndReason }>;

  /**
   * The playback session that the room drives from now on; what is in its queue is what this person has of the room's.
   * undefined: none, the film goes on alone. @throws KinoportError `SESSION_NOT_FOUND`
   */
  bind(playbackId: string | undefined): Promise<void>;
  setReady(ready: boolean): Promise<void>;
  /** Whether the room is to wait when this machine buffers. */
  setWaitForMe(wait: boolean): Promise<void>;
  /**
   * Seconds by which this machine is to be ahead of the others (behind: negative), at most a minute; for this machine
   * alone. @throws KinoportError `INVALID_ARGUMENT`
   */
  setOffset(seconds: number): Promise<void>;

  /**
   * From the lobby to the film; for the host. `force` does not wait for those who are not ready.
   * @throws KinoportError `ROOM_FORBIDDEN`, `ROOM_NOT_READY`, `ROOM_STATE`, `INVALID_ARGUMENT`
   */
  start(options?: { readonly position?: number; readonly force?: boolean }): Promise<void>;
  /**
   * These resolve when the room has taken the command and `timeline` shows it. In the lobby they are refused, but for
   * `setRate` and `select`. @throws KinoportError `ROOM_FORBIDDEN`, `ROOM_STATE`
   */
  play(): Promise<void>;
  pause(): Promise<void>;
  /**
   * @param position seconds; what is below 0 is 0, what is beyond the film its end
   * @throws KinoportError `INVALID_ARGUMENT` what is no number
   */
  seek(position: number): Promise<void>;
  /** @param rate 0.25 to 4. @throws KinoportError `INVALID_ARGUMENT` */
  setRate(rate: number): Promise<void>;
  /** Everybody goes on with another item of the queue. @throws KinoportError `ROOM_STATE` for one that is not in it */
  select(mediaId: string): Promise<void>;

  /**
   * At most 500 characters, one line: what is longer is cut, controls are taken out.
   * @throws KinoportError `INVALID_ARGUMENT` when nothing is left
   */
  say(text: string): Promise<void>;

  /** For the host, as the two that follow. @throws KinoportError `ROOM_FORBIDDEN` */
  configure(settings: Partial<SyncSettings>): Promise<void>;
  kick(participantId: string): Promise<void>;
  transferHost(participantId: string): Promise<void>;

  /** Gives the seat up, also while the connection is lost. The film goes on for this machine alone. */
  leave(): Promise<void>;
}
