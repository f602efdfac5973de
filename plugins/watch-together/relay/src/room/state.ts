import type { MediaClaim, Queue, Settings, Timeline } from '../../../src/protocol/index.ts';

/**
 * A room, whole, as plain data: it can be kept as JSON, and any process of a relay can go on with it. Instants are
 * milliseconds of the store's clock, see `RoomStore.now`.
 */
export interface RoomState {
  readonly code: string;
  title?: string;
  /** Id of the participant. */
  host: string;
  settings: Settings;
  password?: PasswordHash;
  readonly salt: string;
  queue: Queue;
  timeline: Timeline;
  /** While the phase is `waiting`. */
  wait?: Wait;
  /** The oldest first. */
  seats: readonly Seat[];
  /** Number of the next participant. */
  next: number;
  /** Addresses (as their keys) of those who were sent out, and until when they stay out. */
  banned: readonly { readonly address: string; readonly until: number }[];
  /** When somebody did something last, beyond telling a status. */
  activeAt: number;
}

export interface Wait {
  readonly since: number;
  /** When the rest goes on without those; null: never. */
  readonly until: number | null;
}

/** A member's place, also while its connection is lost. */
export interface Seat {
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the token that takes it again, in base64url. */
  readonly token: string;
  /** Key of the address that it was taken from. */
  readonly address: string;
  /** `<relay>/<number>`; null: lost. */
  connection: string | null;
  lostAt?: number;
  ready: boolean;
  waitForMe: boolean;
  buffering: boolean;
  bufferingSince?: number;
  /** What it has of which item. */
  claim?: { readonly item: string; readonly media: MediaClaim };
  /** Item that its player has loaded; null: none; absent: it has not told. */
  loaded?: string | null;
  /** Milliseconds. */
  roundTrip: number;
  seekTime: number;
  /** The room has waited for it long enough: until it is there again it does not wait for it. */
  givenUp?: boolean;
  /** How often the room has waited for it since an instant. */
  holds?: { readonly since: number; readonly count: number };
}

/** What is kept of a room's password: its scrypt, and what that was derived by. */
export interface PasswordHash {
  readonly salt: string;
  readonly hash: string;
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
}

/** What an operator decides of rooms. Spans in milliseconds. */
export interface RoomPolicy {
  readonly members: number;
  /** How long the seat of a lost connection is kept. */
  readonly seatKept: number;
  /** How long a lost host stays the host. */
  readonly hostKept: number;
  /** A room in which nobody has done anything for so long is over. */
  readonly idle: number;
}

export const DEFAULT_POLICY: RoomPolicy = {
  members: 50,
  seatKept: 300_000,
  hostKept: 20_000,
  idle: 12 * 3_600_000,
};
