import { isAbsolute } from 'node:path';
import {
  type Clock,
  KinoportError,
  type PlaybackLoadOptions,
  type PlaybackOpenOptions,
} from '@kinoport/core';
import Type, { type TSchema } from 'typebox';
import { type CheckedSchema, checkedSchema } from '../plugins/validation.ts';
import { DISPLAY_NAMES } from '../processes/environment.ts';

/** Milliseconds; who wants something for later than that is wrong about the clock. */
const FURTHEST = 24 * 3600 * 1000;
/** Addresses that one call of a plugin names. */
const MOST_URIS = 1000;

const optional = Type.Optional;
const strict = { additionalProperties: false };
const text = (max: number) => Type.String({ minLength: 1, maxLength: max });
const uri = text(8192);
const time = Type.Number({ minimum: 0, maximum: 9_999_999 });

const loadFields = {
  source: optional(Type.String({ maxLength: 64 })),
  start: optional(time),
  paused: optional(Type.Boolean()),
  ignoreResume: optional(Type.Boolean()),
};

export interface OpenParams {
  readonly uris: readonly string[];
  readonly options: Omit<PlaybackOpenOptions, 'signal'>;
}

export const openCheck = checkedSchema<OpenParams>(() =>
  Type.Object({
    uris: Type.Array(uri, { minItems: 1, maxItems: MOST_URIS }),
    options: Type.Object(
      {
        ...loadFields,
        player: optional(Type.String({ maxLength: 64 })),
        fullscreen: optional(Type.Boolean()),
        file: optional(text(1024)),
        display: optional(
          Type.Object(
            Object.fromEntries(
              DISPLAY_NAMES.map((name) => [name, optional(Type.String({ maxLength: 4096 }))]),
            ),
            strict,
          ),
        ),
        waitAtEnd: optional(Type.Boolean()),
      },
      strict,
    ),
  }),
);

export interface CallParams {
  readonly id: string;
  readonly method: string;
  readonly args: readonly unknown[];
}

export const callCheck = checkedSchema<CallParams>(() =>
  Type.Object({
    id: Type.String({ maxLength: 64 }),
    method: Type.String({ maxLength: 64 }),
    args: Type.Array(Type.Unknown(), { maxItems: 4 }),
  }),
);

const commandFields = { id: optional(Type.String({ maxLength: 64 })) };
const command = Type.Object(commandFields, strict);
const scheduled = Type.Object({ ...commandFields, at: optional(Type.Number()) }, strict);
const trackId = Type.Union([Type.Integer({ minimum: 0, maximum: 1_000_000 }), Type.Null()]);
const subtitleFields = {
  language: optional(Type.String({ maxLength: 35 })),
  title: optional(Type.String({ maxLength: 1000 })),
  forced: optional(Type.Boolean()),
  select: optional(Type.Boolean()),
};
const absolute = Type.Refine(
  text(8192),
  (value) => isAbsolute(value),
  () => 'must be an absolute path',
);
const webAddress = Type.String({ pattern: '^https?://', maxLength: 8192 });

/** What each call of a plugin takes, in order. */
const ARGUMENTS = {
  snapshot: [],
  samplePosition: [],
  next: [],
  previous: [],
  stop: [],
  play: [scheduled],
  pause: [scheduled],
  seek: [
    Type.Number({ minimum: -1e9, maximum: 1e9 }),
    Type.Object({ ...commandFields, exact: optional(Type.Boolean()) }, strict),
  ],
  setRate: [Type.Number({ minimum: 0.01, maximum: 100 }), command],
  setVolume: [
    Type.Object(
      { volume: optional(Type.Number({ minimum: 0, maximum: 1000 })), muted: optional(Type.Boolean()) },
      strict,
    ),
    command,
  ],
  selectTrack: [Type.Enum(['audio', 'subtitle']), trackId, command],
  addSubtitle: [
    Type.Union([
      Type.Object({ path: absolute, ...subtitleFields }, strict),
      Type.Object({ url: webAddress, ...subtitleFields }, strict),
    ]),
    command,
  ],
  showMessage: [Type.String({ maxLength: 1000 }), Type.Number({ minimum: 0, maximum: 3600 })],
  load: [uri, Type.Object(loadFields, strict)],
  setUpcoming: [Type.Array(uri, { maxItems: MOST_URIS }), Type.Object({ source: loadFields.source }, strict)],
  setWaitAtEnd: [Type.Boolean()],
} as const satisfies Record<string, readonly TSchema[]>;

export type PlaybackMethod = keyof typeof ARGUMENTS;

const checks = new Map<PlaybackMethod, CheckedSchema<readonly unknown[]>>();

const argumentsOf = (method: PlaybackMethod): readonly TSchema[] => ARGUMENTS[method];

function isMethod(name: string): name is PlaybackMethod {
  return Object.hasOwn(ARGUMENTS, name);
}

/**
 * A call of a plugin, by what the contract says of it.
 * @throws KinoportError `METHOD_NOT_FOUND`, `INVALID_ARGUMENT`
 */
export function checkedCall({ method, args }: CallParams, clock: Clock): PlaybackMethod {
  if (!isMethod(method))
    throw new KinoportError('METHOD_NOT_FOUND', `Playback sessions have no method "${method}".`);
  let check = checks.get(method);
  if (!check) {
    check = checkedSchema<readonly unknown[]>(() => Type.Tuple([...argumentsOf(method)]));
    checks.set(method, check);
  }
  const problem = check.problem(args);
  if (problem) throw invalid(method, `${problem.path || 'the arguments'} ${problem.message}`);
  const at = (args[0] as { readonly at?: number } | undefined)?.at;
  if (at !== undefined && at - clock.now() > FURTHEST)
    throw invalid(method, 'the instant "at" is more than a day ahead');
  return method;
}

function invalid(method: string, what: string): KinoportError {
  return new KinoportError('INVALID_ARGUMENT', `ctx.playback: ${method}: ${what}.`, {
    hint: 'Instants are milliseconds of ctx.clock.now(), times are seconds.',
  });
}

export type LoadOptions = Omit<PlaybackLoadOptions, 'signal'>;
