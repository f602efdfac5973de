import Type, { type Static, type TObject, type TProperties } from 'typebox';
import { LIMITS } from './limits.ts';
import {
  Cause,
  type Immutable,
  Instant,
  Participant,
  ParticipantId,
  Queue,
  RoomSnapshot,
  Settings,
  Status,
  Timeline,
} from './model.ts';

const RequestId = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const Name = Type.String({ minLength: 1, maxLength: LIMITS.name });

const message = <T extends string, P extends TProperties>(type: T, properties: P) =>
  Type.Object({ type: Type.Literal(type), ...properties });

/** From the relay to a client. A type that a client does not know is passed over. */
export const SERVER_MESSAGES = {
  /** Answers `hello`. */
  welcome: message('welcome', {
    version: Type.Integer({ minimum: 1, maximum: 1000 }),
    features: Type.Array(Type.String({ maxLength: 32 }), { maxItems: 64 }),
    /** Program and version. */
    agent: Type.Optional(Type.String({ maxLength: 80 })),
    limits: Type.Object({
      frameBytes: Type.Integer({ minimum: 1024 }),
      members: Type.Integer({ minimum: 1 }),
    }),
    /** Milliseconds that a seat is kept for somebody whose connection is lost. */
    seatKept: Type.Number({ minimum: 0 }),
  }),

  /** Answers `create`, `join` and `resume`. */
  joined: message('joined', {
    id: RequestId,
    participant: ParticipantId,
    /** What `resume` asks for: a secret of this member alone. */
    token: Type.String({ minLength: 16, maxLength: 128 }),
    room: RoomSnapshot,
  }),
  /** Answers every other request, when it was done. */
  ok: message('ok', { id: RequestId }),
  /** Answers a request that was refused; without `id`: what came was not a message. */
  error: message('error', {
    id: Type.Optional(RequestId),
    code: Type.String({ pattern: '^[A-Z][A-Z0-9_]{1,63}$' }),
    message: Type.String({ maxLength: 500 }),
    /** Milliseconds to wait before trying again. */
    retryAfter: Type.Optional(Type.Number({ minimum: 0 })),
  }),

  /** The timeline has changed. */
  timeline: message('timeline', { timeline: Timeline, cause: Cause }),
  /** Somebody came, or something of one has changed. */
  participant: message('participant', { participant: Participant }),
  /** Somebody is no longer a member. */
  left: message('left', {
    participant: ParticipantId,
    /** gone: did not come back in time. */
    reason: Type.Enum(['left', 'kicked', 'gone']),
  }),
  /** There is another host. */
  host: message('host', { participant: ParticipantId, cause: Type.Enum(['transferred', 'migrated']) }),
  settings: message('settings', {
    settings: Settings,
    locked: Type.Boolean(),
    title: Type.Optional(Type.String({ maxLength: LIMITS.title })),
  }),
  queue: message('queue', { queue: Queue }),
  /** To all, the sender included. */
  chat: message('chat', {
    from: ParticipantId,
    /** As it was: the sender may be gone meanwhile. */
    name: Name,
    text: Type.String({ minLength: 1, maxLength: LIMITS.chat }),
  }),
  /** How others do: those whose status has changed since the last of these, every few seconds. */
  status: message('status', {
    members: Type.Array(Type.Object({ participant: ParticipantId, status: Status }), { maxItems: 1000 }),
  }),

  /** The clock exchange. `t2`, `t3`: the relay's clock when `time` came and when this left. */
  time: message('time', {
    t1: Instant,
    t2: Instant,
    t3: Instant,
    /** `seq` of the timeline now: a larger one than known says that a change is on its way or was lost. */
    seq: Type.Optional(Type.Integer({ minimum: 0 })),
  }),
  /** The last message before the relay closes the connection; see closeCodes.ts. */
  goodbye: message('goodbye', {
    reason: Type.Enum(['left', 'kicked', 'closed', 'expired', 'replaced', 'draining', 'overloaded']),
    /** Milliseconds after which to come back, with `resume`. */
    retryAfter: Type.Optional(Type.Number({ minimum: 0 })),
    /** Address of the relay to come back to, where it is another one. */
    relay: Type.Optional(Type.String({ maxLength: 500 })),
  }),
} satisfies Record<string, TObject>;

export type ServerMessages = {
  readonly [T in keyof typeof SERVER_MESSAGES]: Immutable<Static<(typeof SERVER_MESSAGES)[T]>>;
};
export type ServerMessage = ServerMessages[keyof ServerMessages];
export type ServerMessageType = ServerMessage['type'];

/** What ends a request. */
export type Answer = ServerMessages['joined'] | ServerMessages['ok'] | ServerMessages['error'];
