/** What comes out of a plugin's process is checked against these before the host believes it. */
import type {
  CacheFreed,
  CacheUsage,
  Diagnostic,
  EndReason,
  Item,
  Page,
  PlayerInstallation,
  PlayerStatus,
  PositionSample,
  RecoveredProgress,
  ResolveResult,
  SourceStream,
  StreamStats,
  Track,
} from '@kinoport/core';
import Type, { type TSchema } from 'typebox';
import type {
  DeactivateResult,
  InitializeResult,
  PublishParams,
  ReportResult,
  SessionEndNote,
  SessionOpened,
  SessionRequestNote,
  SessionStateNote,
  SessionTracksNote,
  SpawnCommandParams,
  SpawnParams,
} from '../rpc/protocol.ts';
import { checkedSchema } from './validation.ts';

const text = (max: number) => Type.String({ maxLength: max });
const id = Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' });
const bytes = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const seconds = Type.Number({ minimum: 0, maximum: 1e9 });
const optional = Type.Optional;
const json = Type.Record(Type.String(), Type.Unknown());
/** Arguments of a command. */
const values = Type.Record(
  Type.String({ maxLength: 40 }),
  Type.Union([
    Type.String({ maxLength: 32_768 }),
    Type.Number(),
    Type.Boolean(),
    Type.Array(Type.String({ maxLength: 32_768 }), { maxItems: 1000 }),
  ]),
  { maxProperties: 100 },
);
const KIB = 1024;
/** What the host keeps for a plugin. */
const kept = (kib: number) =>
  Type.Refine(
    json,
    (value) => Buffer.byteLength(JSON.stringify(value)) <= kib * KIB,
    () => `must be at most ${kib} KiB of JSON`,
  );

const statuses: PlayerStatus[] = [
  'opening',
  'playing',
  'paused',
  'buffering',
  'seeking',
  'ended',
  'failed',
  'gone',
];
const reasons: EndReason[] = ['finished', 'stopped', 'interrupted', 'failed', 'killed'];

const error = Type.Object({ code: text(64), message: text(4000), hint: optional(text(4000)) });

const track = Type.Object({
  id: Type.Integer(),
  type: Type.Enum(['video', 'audio', 'subtitle'] satisfies Track['type'][]),
  language: optional(text(100)),
  title: optional(text(1000)),
  codec: optional(text(100)),
  selected: Type.Boolean(),
  external: optional(Type.Boolean()),
});
const tracks = Type.Array(track, { maxItems: 500 });

const stateFields = {
  itemToken: Type.String({ pattern: '^[A-Za-z0-9_-]{0,64}$' }),
  status: Type.Enum(statuses),
  position: Type.Number({ minimum: -1, maximum: 1e9 }),
  at: Type.Number(),
  duration: optional(seconds),
  rate: Type.Number({ minimum: 0, maximum: 1000 }),
  volume: Type.Number({ minimum: 0, maximum: 10_000 }),
  muted: Type.Boolean(),
  seekable: Type.Boolean(),
  epoch: Type.Integer({ minimum: 0 }),
  cause: text(64),
};

export const item = Type.Object({
  key: Type.String({ minLength: 3, maxLength: 200 }),
  keys: optional(Type.Array(Type.String({ minLength: 3, maxLength: 200 }), { maxItems: 20 })),
  uri: Type.String({ minLength: 1, maxLength: 8192 }),
  title: Type.String({ minLength: 1, maxLength: 1000 }),
  kind: Type.Enum(['video', 'audio', 'container'] satisfies Item['kind'][]),
  size: optional(Type.Integer({ minimum: 0 })),
  duration: optional(seconds),
  mime: optional(text(200)),
  year: optional(Type.Integer()),
  series: optional(
    Type.Object({ title: text(1000), season: optional(Type.Integer()), episode: optional(Type.Integer()) }),
  ),
  ids: optional(json),
  art: optional(text(8192)),
  live: optional(Type.Boolean()),
  data: optional(kept(4)),
});

const subtitle = Type.Object({
  path: optional(text(8192)),
  url: optional(text(8192)),
  language: optional(text(35)),
  title: optional(text(1000)),
  forced: optional(Type.Boolean()),
});

const validators = Type.Object({ etag: optional(text(1000)), lastModified: optional(text(100)) });

/** A flag that is not there is not set. */
const flag = optional(Type.Boolean());
const capabilities = Type.Object({
  positionPrecision: optional(Type.Number({ minimum: 0 })),
  exactSeek: flag,
  exactStart: flag,
  rate: optional(Type.Object({ min: Type.Number(), max: Type.Number(), fine: flag })),
  volume: flag,
  tracks: flag,
  externalSubtitles: flag,
  messages: flag,
  attach: flag,
  survivesHost: flag,
  load: flag,
  scheduled: optional(Type.Object({ precision: Type.Number({ minimum: 0 }) })),
  multiple: flag,
});

const some = <T extends TSchema>(type: T) => Type.Array(type, { maxItems: 1000 });
const amount = optional(Type.Number({ minimum: 0 }));

export const checks = {
  initialize: checkedSchema<InitializeResult>(() =>
    Type.Object({
      players: some(Type.Object({ id: text(64), capabilities, verbs: some(text(32)) })),
      sources: some(Type.Object({ id: text(64), verbs: some(text(32)) })),
      syncs: some(text(64)),
      commands: some(text(64)),
      services: some(text(64)),
    }),
  ),
  deactivated: checkedSchema<DeactivateResult>(() =>
    Type.Object({ problems: Type.Array(text(10_000), { maxItems: 10_000 }) }),
  ),
  report: checkedSchema<ReportResult>(() =>
    Type.Object({
      startedAt: Type.Number(),
      loadedAt: Type.Union([Type.Number(), Type.Null()]),
      activatedAt: Type.Union([Type.Number(), Type.Null()]),
      resources: Type.Array(text(100), { maxItems: 10_000 }),
    }),
  ),
  page: checkedSchema<Page<Item>>(() =>
    Type.Object({ items: Type.Array(item, { maxItems: 1_000 }), cursor: optional(text(4_096)) }),
  ),
  sessionOpened: checkedSchema<SessionOpened>(() =>
    Type.Object({ endpoint: kept(4), state: Type.Object({ ...stateFields, tracks }) }),
  ),
  state: checkedSchema<SessionStateNote>(() =>
    Type.Object({ sessionId: id, state: Type.Object(stateFields) }),
  ),
  tracks: checkedSchema<SessionTracksNote>(() => Type.Object({ sessionId: id, tracks })),
  end: checkedSchema<SessionEndNote>(() =>
    Type.Object({
      sessionId: id,
      end: Type.Object({
        reason: Type.Enum(reasons),
        itemToken: id,
        position: Type.Number({ minimum: -1, maximum: 1e9 }),
        duration: optional(seconds),
        error: optional(error),
      }),
    }),
  ),
  recovered: checkedSchema<RecoveredProgress>(() =>
    Type.Object({
      itemToken: optional(id),
      position: seconds,
      duration: optional(seconds),
      updatedAt: Type.Number({ minimum: 0, maximum: 1e15 }),
      ended: optional(Type.Boolean()),
    }),
  ),
  probe: checkedSchema<PlayerInstallation[]>(() =>
    some(
      Type.Object({
        path: text(8192),
        argv: some(text(8192)),
        kind: Type.Enum([
          'native',
          'flatpak',
          'snap',
          'app',
          'browser',
        ] satisfies PlayerInstallation['kind'][]),
        version: optional(text(200)),
        problem: optional(error),
      }),
    ),
  ),
  remembered: checkedSchema<{ readonly position: number }>(() => Type.Object({ position: seconds })),
  sample: checkedSchema<PositionSample>(() =>
    Type.Object({
      position: Type.Number({ minimum: -1, maximum: 1e9 }),
      at: Type.Number(),
      uncertainty: seconds,
    }),
  ),
  stats: checkedSchema<StreamStats>(() =>
    Type.Object({
      downloadRate: amount,
      uploadRate: amount,
      peers: amount,
      bufferedSeconds: amount,
      activity: optional(text(100)),
    }),
  ),
  cacheUsage: checkedSchema<CacheUsage>(() =>
    Type.Object({
      bytes,
      limit: optional(bytes),
      entries: Type.Array(
        Type.Object({
          id: Type.String({ pattern: '^[!-~]{1,200}$' }),
          title: Type.String({ minLength: 1, maxLength: 200 }),
          bytes,
          size: optional(bytes),
          usedAt: optional(Type.Number({ minimum: 0, maximum: 1e15 })),
          pinned: Type.Boolean(),
          streams: Type.Array(id, { maxItems: 100 }),
        }),
        { maxItems: 5000 },
      ),
    }),
  ),
  diagnostics: checkedSchema<Diagnostic[]>(() =>
    Type.Array(
      Type.Object({
        label: Type.String({ minLength: 1, maxLength: 40 }),
        value: Type.String({ minLength: 1, maxLength: 300 }),
        ok: flag,
        hint: optional(text(300)),
      }),
      { maxItems: 20 },
    ),
  ),
  cacheFreed: checkedSchema<CacheFreed>(() => Type.Object({ bytes })),
  commandEnd: checkedSchema<{ readonly exitCode: number }>(() =>
    Type.Object({ exitCode: Type.Integer({ minimum: 0, maximum: 255 }) }),
  ),
  request: checkedSchema<SessionRequestNote>(() =>
    Type.Object({ sessionId: id, request: Type.Enum(['next', 'previous']) }),
  ),
  resolve: checkedSchema<ResolveResult>(() =>
    Type.Object({
      kind: Type.Enum(['single', 'playlist', 'folder']),
      title: optional(text(1000)),
      items: Type.Array(item, { maxItems: 10_000 }),
      ask: flag,
    }),
  ),
  items: checkedSchema<Item[]>(() => Type.Array(item, { maxItems: 10_000 })),
  stream: checkedSchema<SourceStream>(() =>
    Type.Object({
      location: Type.Union([
        Type.Object({ type: Type.Literal('path'), path: Type.String({ minLength: 1, maxLength: 8192 }) }),
        Type.Object({ type: Type.Literal('published') }),
      ]),
      size: optional(Type.Integer({ minimum: 0 })),
      mime: optional(text(200)),
      validators: optional(validators),
      duration: optional(seconds),
      hints: optional(json),
      subtitles: optional(Type.Array(subtitle, { maxItems: 200 })),
      record: optional(kept(16)),
    }),
  ),
  publish: checkedSchema<PublishParams & { readonly id: string }>(() =>
    Type.Object({
      id,
      size: optional(Type.Integer({ minimum: 0 })),
      type: Type.String({ pattern: '^[\\w.+-]{1,100}/[\\w.+-]{1,100}(;[ -~]{0,100})?$' }),
      name: optional(text(1000)),
      validators: optional(validators),
      socketPath: text(300),
    }),
  ),
  unpublish: checkedSchema<{ readonly id: string }>(() => Type.Object({ id })),
  spawn: checkedSchema<SpawnParams>(() =>
    Type.Object({
      command: Type.String({ minLength: 1, maxLength: 4096 }),
      args: Type.Array(Type.String({ maxLength: 32_768 }), { maxItems: 1000 }),
      options: Type.Object({
        lifetime: Type.Enum(['session', 'generation']),
        sessionId: optional(id),
        endpoint: optional(kept(4)),
        environment: optional(Type.Record(Type.String(), Type.String({ maxLength: 32_768 }))),
      }),
    }),
  ),
  spawnCommand: checkedSchema<SpawnCommandParams>(() =>
    Type.Object({
      command: Type.String({ minLength: 1, maxLength: 100 }),
      input: Type.Object({ args: values, options: values }),
    }),
  ),
  which: checkedSchema<{ command: string }>(() =>
    Type.Object({ command: Type.String({ minLength: 1, maxLength: 4096 }) }),
  ),
  run: checkedSchema<{ command: string; args: string[]; options: { timeout?: number } }>(() =>
    Type.Object({
      command: Type.String({ minLength: 1, maxLength: 4096 }),
      args: Type.Array(Type.String({ maxLength: 32_768 }), { maxItems: 1000 }),
      options: Type.Object({ timeout: optional(Type.Number({ minimum: 1, maximum: 600_000 })) }),
    }),
  ),
} as const;
