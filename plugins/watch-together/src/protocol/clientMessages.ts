import Type, { type Static, type TObject, type TProperties } from 'typebox';
import { LIMITS } from './limits.ts';
import {
  type Immutable,
  Instant,
  ItemId,
  MediaClaim,
  ParticipantId,
  Position,
  QueueItem,
  Rate,
  Settings,
  Status,
} from './model.ts';

/** Number of a request, chosen by the client; its answer (`ok`, `joined`, `error`) carries the same. */
const RequestId = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const Name = Type.String({ minLength: 1, maxLength: LIMITS.name * 4 });
const Password = Type.String({ minLength: 1, maxLength: LIMITS.password });
const Code = Type.String({ minLength: 1, maxLength: 64 });
const Title = Type.String({ maxLength: LIMITS.title * 4 });
const Queue = Type.Array(QueueItem, { maxItems: LIMITS.queueItems });

const message = <T extends string, P extends TProperties>(type: T, properties: P) =>
  Type.Object({ type: Type.Literal(type), ...properties });
const request = <T extends string, P extends TProperties>(type: T, properties: P) =>
  message(type, { id: RequestId, ...properties });

/** From a client to the relay. Those with an `id` are requests: each gets exactly one answer. */
export const CLIENT_MESSAGES = {
  /** The first message of a connection, answered by `welcome`. What follows may be sent without waiting for that. */
  hello: message('hello', {
    versions: Type.Array(Type.Integer({ minimum: 1, maximum: 1000 }), { minItems: 1, maxItems: 20 }),
    features: Type.Array(Type.String({ maxLength: 32 }), { maxItems: 64 }),
    /** Program and version, for the operator's figures. */
    agent: Type.Optional(Type.String({ maxLength: 80 })),
  }),

  /** Opens a room, of which the sender is the host. Answered by `joined`. */
  create: request('create', {
    name: Name,
    title: Type.Optional(Title),
    settings: Type.Optional(Type.Partial(Settings)),
    password: Type.Optional(Password),
    /** What the relay's operator asks of those who open rooms. */
    createToken: Type.Optional(Type.String({ maxLength: 256 })),
    salt: Type.String({ pattern: '^[A-Za-z0-9_-]{16,64}$' }),
    queue: Type.Optional(Queue),
    /** What the sender has of the first item. */
    media: Type.Optional(MediaClaim),
  }),
  /** Takes a new seat. Answered by `joined`; then `claim` tells what the sender has. */
  join: request('join', { code: Code, name: Name, password: Type.Optional(Password) }),
  /** Takes a seat again after a lost connection. Answered by `joined`, with the same token. */
  resume: request('resume', {
    code: Code,
    participant: ParticipantId,
    token: Type.String({ minLength: 16, maxLength: 128 }),
  }),
  /** Gives the seat up. */
  leave: request('leave', {}),

  ready: request('ready', { ready: Type.Boolean() }),
  /** What the sender has of an item. */
  claim: request('claim', { item: ItemId, media: MediaClaim }),
  /** Whether the room is to wait when the sender buffers. */
  preferences: request('preferences', { waitForMe: Type.Boolean() }),

  /** From the lobby to the film; for the host. With `force` those who are not ready are not waited for. */
  start: request('start', { position: Type.Optional(Position), force: Type.Optional(Type.Boolean()) }),
  /** Everybody goes on at a common instant, from `position` where it is given. */
  play: request('play', { position: Type.Optional(Position) }),
  /** `position`: the frame that the sender's player stopped at; taken if it is near the timeline's. */
  pause: request('pause', { position: Type.Optional(Position) }),
  seek: request('seek', { position: Position }),
  rate: request('rate', { rate: Rate }),
  /** Back to the lobby. */
  stop: request('stop', {}),

  /** Replaces the queue. The timeline keeps its item if that is still there. */
  queue: request('queue', { items: Queue }),
  /** Plays another item of the queue from `position` (0) as soon as everybody has it. */
  select: request('select', { item: ItemId, position: Type.Optional(Position) }),

  chat: request('chat', { text: Type.String({ minLength: 1, maxLength: LIMITS.chat * 4 }) }),

  /** For the host. */
  settings: request('settings', {
    settings: Type.Partial(Settings),
    /** null: none from now on. */
    password: Type.Optional(Type.Union([Password, Type.Null()])),
    title: Type.Optional(Title),
  }),
  /** Sends somebody out, who cannot come back into the seat; for the host. */
  kick: request('kick', { participant: ParticipantId }),
  /** Makes somebody else the host; for the host. */
  transfer: request('transfer', { participant: ParticipantId }),

  /** How the sender does. No answer. At most one a second counts, but for a change of `buffering` or `media`. */
  status: message('status', { status: Status }),
  /** The clock exchange: answered by `time`. `t1`: the sender's own monotonic clock. */
  time: message('time', { t1: Instant }),
} satisfies Record<string, TObject>;

export type ClientMessages = {
  readonly [T in keyof typeof CLIENT_MESSAGES]: Immutable<Static<(typeof CLIENT_MESSAGES)[T]>>;
};
export type ClientMessage = ClientMessages[keyof ClientMessages];
export type ClientMessageType = ClientMessage['type'];

/** The messages that are answered. */
export type ClientRequest = Extract<ClientMessage, { id: number }>;
