import Type, { type Static } from 'typebox';
import { LIMITS } from './limits.ts';

/** Messages are data: nobody changes them. */
export type Immutable<T> = T extends readonly (infer U)[]
  ? readonly Immutable<U>[]
  : T extends object
    ? { readonly [K in keyof T]: Immutable<T[K]> }
    : T;

/** What both sides speak about: the parts of messages. Unknown properties are passed over. */

export const ParticipantId = Type.String({ pattern: '^p[1-9][0-9]{0,8}$' });
export const ItemId = Type.String({ pattern: '^[A-Za-z0-9_-]{1,32}$' });
/** Seconds. */
export const Position = Type.Number({ minimum: 0, maximum: LIMITS.position });
export const Rate = Type.Number({ minimum: LIMITS.rate.min, maximum: LIMITS.rate.max });
/** Milliseconds of the relay's monotonic clock. */
export const Instant = Type.Number({ minimum: -1e15, maximum: 1e15 });
const Seconds = Type.Number({ minimum: 0, maximum: LIMITS.position });

export const Phase = Type.Enum(['idle', 'waiting', 'playing', 'paused']);
export type Phase = Immutable<Static<typeof Phase>>;

/**
 * Where everybody is to be. Position at an instant `t` of the relay's clock:
 * `position + (phase == playing ? rate * max(0, t - at) / 1000 : 0)`.
 */
export const Timeline = Type.Object({
  /** Grows with every change. */
  seq: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  /** idle: in the lobby; waiting: playing goes on as soon as those in `waitingFor` are ready. */
  phase: Phase,
  position: Position,
  /** While playing it may lie ahead: then everybody starts together at that instant. */
  at: Instant,
  rate: Rate,
  /** Item of the queue that this is the timeline of. */
  media: Type.Union([ItemId, Type.Null()]),
  waitingFor: Type.Optional(Type.Array(ParticipantId, { maxItems: 1000 })),
});
export type Timeline = Immutable<Static<typeof Timeline>>;

/** What has led to a timeline. */
export const Cause = Type.Object({
  kind: Type.Enum([
    'start',
    'play',
    'pause',
    'seek',
    'rate',
    'media',
    'stop',
    /** Somebody buffers, and the room waits. */
    'buffering',
    /** All that the room waited for are ready, or were given up. */
    'ready',
  ]),
  /** Who did it; null: the relay. */
  by: Type.Union([ParticipantId, Type.Null()]),
  /** Position before, for `seek`: what undoes it. */
  from: Type.Optional(Position),
});
export type Cause = Immutable<Static<typeof Cause>>;

/**
 * What a copy of a film is recognised by. Tokens are `kind:digest`, hashed with the room's salt, or `kind=value` in
 * plain, as the room's `matchPrivacy` says; see match.ts for the kinds.
 */
export const MediaClaim = Type.Object({
  tokens: Type.Optional(
    Type.Array(Type.String({ pattern: '^[a-z]{2,8}[:=].+$', maxLength: LIMITS.token }), {
      maxItems: LIMITS.tokens,
    }),
  ),
  duration: Type.Optional(Seconds),
});
export type MediaClaim = Immutable<Static<typeof MediaClaim>>;

export const QueueItem = Type.Object({
  id: ItemId,
  /** Absent where the host keeps it to itself. */
  title: Type.Optional(Type.String({ maxLength: LIMITS.title })),
  media: MediaClaim,
  /** Where others may get it: a magnet link or a plain http(s) address, given away on purpose. */
  share: Type.Optional(Type.String({ pattern: '^(magnet:\\?|https?://)[^\\s]+$', maxLength: LIMITS.share })),
});
export type QueueItem = Immutable<Static<typeof QueueItem>>;

export const Settings = Type.Object({
  /** Who may steer. */
  control: Type.Enum(['host', 'everyone']),
  /**
   * When somebody buffers: off, the others go on; grace, they wait from half a second on and 15 s at most; everyone,
   * they wait at once and until all are there.
   */
  buffering: Type.Enum(['off', 'grace', 'everyone']),
  /** What happens to a member with another film: warn, it is marked; refuse, it is not let in. */
  mismatch: Type.Enum(['warn', 'refuse']),
  /** How members tell what they have: see {@link MediaClaim}; none: by its duration alone. */
  matchPrivacy: Type.Enum(['hashed', 'plain', 'none']),
});
export type Settings = Immutable<Static<typeof Settings>>;

export const DEFAULT_SETTINGS: Settings = {
  control: 'everyone',
  buffering: 'grace',
  mismatch: 'warn',
  matchPrivacy: 'hashed',
};

export const Match = Type.Enum(['same', 'different', 'unknown']);
export type Match = Immutable<Static<typeof Match>>;

export const Participant = Type.Object({
  id: ParticipantId,
  name: Type.String({ minLength: 1, maxLength: LIMITS.name }),
  ready: Type.Boolean(),
  connected: Type.Boolean(),
  buffering: Type.Boolean(),
  /** Whether the room waits for this one. */
  waitForMe: Type.Boolean(),
  /** Whether its copy is of the film that the timeline is of. */
  match: Match,
  duration: Type.Optional(Seconds),
});
export type Participant = Immutable<Static<typeof Participant>>;

const Milliseconds = Type.Number({ minimum: 0, maximum: 1e6 });

/** How a member does, told by itself: for the others to see, and for the lead of common starts. */
export const Status = Type.Object({
  /** Its player has not enough to play. */
  buffering: Type.Boolean(),
  /** Item that is loaded in its player. */
  media: Type.Optional(Type.Union([ItemId, Type.Null()])),
  position: Type.Optional(Position),
  /** Milliseconds that its player is ahead of the timeline. */
  drift: Type.Optional(Type.Number({ minimum: -1e7, maximum: 1e7 })),
  rate: Type.Optional(Rate),
  /** Milliseconds. */
  roundTrip: Type.Optional(Milliseconds),
  /** Milliseconds that its idea of the relay's clock may be off at most. */
  clockBound: Type.Optional(Milliseconds),
  /** Milliseconds that a seek takes in its player. */
  seekTime: Type.Optional(Milliseconds),
});
export type Status = Immutable<Static<typeof Status>>;

export const Queue = Type.Object({
  seq: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  items: Type.Array(QueueItem, { maxItems: LIMITS.queueItems }),
});
export type Queue = Immutable<Static<typeof Queue>>;

/** What somebody who enters is told of the room. */
export const RoomSnapshot = Type.Object({
  code: Type.String({ minLength: 1, maxLength: 64 }),
  title: Type.Optional(Type.String({ maxLength: LIMITS.title })),
  host: ParticipantId,
  settings: Settings,
  /** Whether it has a password. */
  locked: Type.Boolean(),
  /** What tokens are hashed with; of this room only. */
  salt: Type.String({ pattern: '^[A-Za-z0-9_-]{16,64}$' }),
  queue: Queue,
  timeline: Timeline,
  participants: Type.Array(Participant, { maxItems: 1000 }),
});
export type RoomSnapshot = Immutable<Static<typeof RoomSnapshot>>;
