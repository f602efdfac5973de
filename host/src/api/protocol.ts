/**
 * The local API: JSON-RPC 2.0 in WebSocket text frames at `/v1/rpc`, and the same methods as `POST /v1/<method>`
 * (those without events). Every request's parameters are validated against the schemas here. `POST /v1/upload?name=x.torrent`
 * takes the bytes of a file, at most 10 MiB, and answers as `source.resolve`.
 */
import {
  type Item,
  manifestSchema,
  type PlayerInstallation,
  type PluginPermissions,
  type SerializedError,
} from '@kinoport/core';
import Type, { type Static } from 'typebox';
import type { PreparedInstall, RemovedPlugin, SearchHit } from '../plugins/install/views.ts';
import type { PluginCommand } from '../plugins/manager.ts';
import { CACHE_METHODS, type CacheResults } from './cacheProtocol.ts';
import { DIAGNOSTICS_METHODS, type DiagnosticsResults } from './diagnosticsProtocol.ts';
import type {
  PlaybackView,
  PlayChoice,
  PluginProfile,
  PluginView,
  ProgressView,
  SecretView,
} from './views.ts';

export type * from './views.ts';

/**
 * Characters of an address. One may hold a whole file (`data:`); with it a message to a plugin still has less than 4 MiB.
 */
const MAX_ADDRESS = 3 * 1024 * 1024;

const text = (max: number) => Type.String({ minLength: 1, maxLength: max });
const sessionId = Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' }));

const displayVariables = Type.Record(
  Type.String({ pattern: '^[A-Z_]{1,64}$' }),
  Type.String({ maxLength: 4096 }),
);

export const PlayParams = Type.Object({
  /** Absolute paths or addresses; the client has resolved them against its own folder. */
  uris: Type.Array(text(MAX_ADDRESS), { minItems: 1, maxItems: 10_000 }),
  player: Type.Optional(text(64)),
  source: Type.Optional(text(64)),
  /** `12.5`, `1:02:03`, `50%`, `-1:00`: parsed by the host once the duration is known. */
  start: Type.Optional(text(32)),
  ignoreResume: Type.Optional(Type.Boolean()),
  paused: Type.Optional(Type.Boolean()),
  /** Which item of a folder or playlist: a number from 0, or a part of its name. */
  file: Type.Optional(text(1024)),
  /** Begin with the first item, not with the first one not yet watched. */
  fromStart: Type.Optional(Type.Boolean()),
  shuffle: Type.Optional(Type.Boolean()),
  /** Somebody is there to choose an item where the source wants that: answered with `choice`, and nothing opens. */
  choose: Type.Optional(Type.Boolean()),
  /** `token` of the choice that `file` answers: the addresses are not resolved again while the host remembers them. */
  choice: Type.Optional(text(64)),
  subtitles: Type.Optional(Type.Array(text(8192), { maxItems: 20 })),
  audioLanguages: Type.Optional(Type.Array(text(16), { maxItems: 10 })),
  subtitleLanguages: Type.Optional(Type.Array(text(16), { maxItems: 10 })),
  rate: Type.Optional(Type.Number({ minimum: 0.01, maximum: 100 })),
  fullscreen: Type.Optional(Type.Boolean()),
  /** Nothing follows by itself when an item is over, and the window stays. */
  waitAtEnd: Type.Optional(Type.Boolean()),
  playerArgs: Type.Optional(Type.Array(Type.String({ maxLength: 8192 }), { maxItems: 200 })),
  /** `DISPLAY`, `WAYLAND_DISPLAY`, `XDG_RUNTIME_DIR`, `XAUTHORITY`, `DBUS_SESSION_BUS_ADDRESS`, `PULSE_SERVER` of the client. */
  environment: Type.Optional(displayVariables),
});
export type PlayParams = Static<typeof PlayParams>;

export const PlaybackCommandParams = Type.Object({
  sessionId,
  command: Type.Union([
    Type.Object({
      name: Type.Union([
        Type.Literal('play'),
        Type.Literal('pause'),
        Type.Literal('togglePause'),
        Type.Literal('next'),
        Type.Literal('previous'),
        Type.Literal('stop'),
        Type.Literal('cycleSubtitle'),
        Type.Literal('cycleAudio'),
        Type.Literal('toggleMute'),
        Type.Literal('resetRate'),
      ]),
    }),
    Type.Object({ name: Type.Literal('seek'), position: Type.Number() }),
    Type.Object({ name: Type.Literal('seekBy'), seconds: Type.Number() }),
    Type.Object({ name: Type.Literal('setRate'), rate: Type.Number({ minimum: 0.01, maximum: 100 }) }),
    Type.Object({ name: Type.Literal('multiplyRate'), factor: Type.Number({ minimum: 0.1, maximum: 10 }) }),
    Type.Object({ name: Type.Literal('volumeBy'), percent: Type.Number() }),
  ]),
});
export type PlaybackCommandParams = Static<typeof PlaybackCommandParams>;

const UriParams = Type.Object({ uri: text(MAX_ADDRESS), source: Type.Optional(text(64)) });

const PluginParams = Type.Object({ id: text(1024) });

/** Variables `npm_config_*` of whoever asks, above the host's own. */
const npmEnvironment = Type.Optional(
  Type.Record(
    Type.String({ pattern: '^[nN][pP][mM]_[cC][oO][nN][fF][iI][gG]_.{1,200}$' }),
    Type.String({ maxLength: 8192 }),
  ),
);

/** Method name to the schema of its parameters. */
export const METHODS = {
  'host.status': Type.Object({}),
  'host.stop': Type.Object({}),
  /** While a source makes it wait, and so for `source.resolve`: notifications `source.waiting` with a `WaitingNote`. */
  'playback.open': PlayParams,
  'playback.list': Type.Object({}),
  /** Events of one session (or of all) from now on, as notifications `playback.event`; a `started` and a `state` first. */
  'playback.subscribe': Type.Object({ sessionId }),
  'playback.command': PlaybackCommandParams,
  'progress.list': Type.Object({ limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })) }),
  'progress.get': UriParams,
  'progress.mark': Type.Object({ uri: text(MAX_ADDRESS), watched: Type.Boolean() }),
  'progress.forget': UriParams,
  'progress.export': Type.Object({}),
  'progress.import': Type.Object({ document: Type.Unknown() }),
  'continue.list': Type.Object({ limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })) }),
  'source.resolve': UriParams,
  ...CACHE_METHODS,
  ...DIAGNOSTICS_METHODS,
  'plugins.list': Type.Object({}),
  'plugins.get': PluginParams,
  /** Changes of any plugin from now on, as notifications `plugins.event` with a {@link PluginView}. */
  'plugins.subscribe': Type.Object({}),
  /** Reads the manifest again and replaces the running process by a new one; starts the plugin when it does not run. */
  'plugins.reload': PluginParams,
  /** Somebody works on a folder until this connection ends: it stands in for whatever has its id. Loads nothing yet. */
  'plugins.dev': Type.Object({
    /** Absolute. */
    root: text(8192),
    /** Port 0 is any that is free. With `wait` loading waits for a debugger. */
    inspect: Type.Optional(
      Type.Object({ port: Type.Integer({ minimum: 0, maximum: 65_535 }), wait: Type.Boolean() }),
    ),
  }),
  /** Loads the folder anew beside the running generation, which goes on when that fails. `root`: its real path. */
  'plugins.dev.load': Type.Object({ root: text(8192) }),
  /** What the plugins that run have cost so far; one of them, or all. */
  'plugins.profile': Type.Object({ id: Type.Optional(text(1024)) }),
  /** In the config file; in force when this is answered. */
  'plugins.enable': PluginParams,
  'plugins.disable': PluginParams,
  /** Sets a boolean setting to `true` in the config file, as `data.consent` of an error asks for; in force when answered. */
  'plugins.agree': Type.Object({
    id: text(1024),
    setting: Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_]{0,63}$' }),
  }),
  /** Which secrets plugins have or could have; never their values. */
  'secrets.list': Type.Object({ plugin: Type.Optional(text(1024)) }),
  /** `null` removes. */
  'secrets.set': Type.Object({
    plugin: text(1024),
    name: text(200),
    value: Type.Union([Type.String({ maxLength: 16 * 1024 }), Type.Null()]),
  }),
  /**
   * Fetches and checks a package and tells what it asks for; runs nothing of it. What is done meanwhile comes as
   * notifications `plugins.installProgress`.
   */
  'plugins.prepareInstall': Type.Object({
    /** As npm takes it; folders and files by their absolute path. Of an update: where it came from, when absent. */
    spec: Type.Optional(text(4096)),
    /** Only as a new version of the plugin of this id. */
    update: Type.Optional(text(63)),
    /** A hash that the archive has to have. */
    integrity: Type.Optional(Type.String({ pattern: '^sha512-[A-Za-z0-9+/]{86}==$' })),
    npmEnvironment,
  }),
  'plugins.install': Type.Object({
    token: text(64),
    /** What of its permissions is allowed. */
    grant: Type.Unsafe<PluginPermissions>(manifestSchema.properties.kinoport.properties.permissions),
    /** Packages whose install scripts may run. */
    builds: Type.Optional(Type.Array(text(300), { maxItems: 1000 })),
    /** Packages that are installed without running theirs. */
    skipBuilds: Type.Optional(Type.Array(text(300), { maxItems: 1000 })),
  }),
  'plugins.cancelInstall': Type.Object({ token: text(64) }),
  'plugins.remove': Type.Object({ id: text(63), keepData: Type.Boolean() }),
  'plugins.search': Type.Object({
    words: Type.Array(text(200), { maxItems: 20 }),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 250 })),
    npmEnvironment,
  }),
  'players.probe': Type.Object({}),
  /** Commands of plugins that can be run, as their manifests declare them. */
  'commands.list': Type.Object({}),
  'commands.run': Type.Object({
    command: text(64),
    args: Type.Record(Type.String(), Type.Unknown()),
    options: Type.Record(Type.String(), Type.Unknown()),
    client: Type.Object({
      isTTY: Type.Boolean(),
      columns: Type.Integer(),
      color: Type.Boolean(),
      wantsJson: Type.Boolean(),
      display: displayVariables,
    }),
  }),
} as const;
export type MethodName = keyof typeof METHODS;

export interface Results extends CacheResults, DiagnosticsResults {
  'host.status': {
    readonly version: string;
    readonly pid: number;
    readonly startedAt: number;
    readonly sessions: number;
    /** Only the plugins that come with the program run. */
    readonly safeMode: boolean;
    readonly plugins: number;
    readonly configProblems: readonly SerializedError[];
  };
  'host.stop': { readonly stopping: true };
  'playback.open': { readonly sessionId: string } | { readonly choice: PlayChoice };
  'playback.list': readonly PlaybackView[];
  'playback.subscribe': { readonly sessions: readonly string[] };
  'playback.command': { readonly sessionId: string };
  'progress.list': readonly ProgressView[];
  'progress.get': ProgressView;
  'progress.mark': readonly ProgressView[];
  'progress.forget': { readonly forgotten: number };
  'progress.export': {
    readonly kinoport: 'progress';
    readonly version: 1;
    readonly items: readonly unknown[];
  };
  'progress.import': { readonly added: number; readonly updated: number; readonly kept: number };
  'continue.list': readonly ProgressView[];
  'source.resolve': {
    readonly kind: string;
    readonly title?: string;
    readonly source: string;
    readonly alternatives: readonly string[];
    readonly ask?: boolean;
    readonly items: readonly Item[];
  };
  'plugins.list': readonly PluginView[];
  'plugins.get': PluginView;
  'plugins.subscribe': readonly PluginView[];
  'plugins.reload': PluginView;
  /** With the port on which debuggers find every generation. */
  'plugins.dev': { readonly id: string; readonly inspectPort: number | null };
  'plugins.dev.load': PluginView;
  /** None where none runs. */
  'plugins.profile': readonly PluginProfile[];
  'plugins.enable': PluginView;
  'plugins.disable': PluginView;
  'plugins.agree': PluginView;
  'secrets.list': readonly SecretView[];
  /** `changed`: false when it was so before. */
  'secrets.set': SecretView & { readonly changed: boolean };
  'plugins.prepareInstall': PreparedInstall;
  'plugins.install': PluginView;
  'plugins.cancelInstall': { readonly cancelled: true };
  'plugins.remove': RemovedPlugin;
  'plugins.search': readonly SearchHit[];
  'players.probe': readonly {
    readonly player: string;
    readonly installations: readonly PlayerInstallation[];
    readonly error?: SerializedError;
  }[];
  'commands.list': readonly PluginCommand[];
  'commands.run': { readonly exitCode: number };
}

/** Host to client while `commands.run` is under way: notifications `command.output`; requests `command.prompt`. */
export type CommandOutput = { readonly stream: 'out' | 'err' | 'status'; readonly text: string };

/** The content of {@link Home.endpointFile}. */
export interface HostEndpoint {
  readonly pid: number;
  readonly version: string;
  /** Loopback port of the API. */
  readonly port: number;
  /** 256 bits, base64url. Sent as `Authorization: Bearer`. */
  readonly token: string;
}
