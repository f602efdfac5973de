/** What a message may hold. Both sides keep to it; a relay may allow less (`welcome.limits`). */
export const LIMITS = {
  /** Bytes of one frame, to the relay and from it. */
  frameBytes: 64 * 1024,
  /** Characters of a person's name. */
  name: 40,
  /** Characters of one chat message. */
  chat: 500,
  /** Characters of a title. */
  title: 200,
  /** Characters of a room's password. */
  password: 128,
  /** Items of a room's queue. */
  queueItems: 250,
  /** Tokens of one item that two copies of it are compared by. */
  tokens: 24,
  /** Characters of one of them. */
  token: 300,
  /** Characters of an address that a member shares. */
  share: 2048,
  /** Seconds; a week. */
  position: 604_800,
  rate: { min: 0.25, max: 4 },
  /** Milliseconds; larger figures of a member are taken as this. */
  roundTrip: 10_000,
  seekTime: 5_000,
} as const;
