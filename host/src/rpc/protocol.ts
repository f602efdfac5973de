/**
 * What host and plugin process say to each other. Requests of the host: `initialize`, `ping`,
 * `deactivate`, `report`, `diagnostics/report`, `player/*`, `session/call`, `source/call`, `service/call`, `command/run`. Requests of the plugin: `streams/*`, `processes/*`,
 * `storage/*`, `secrets/*`, `services/call`, `playback/*`, `command/prompt`, `command/configure`. Notifications are listed with their payloads below.
 */
import type {
  AttentionRequest,
  CommandArguments,
  Contributions,
  ExperimentalApi,
  JsonObject,
  JsonValue,
  PlayerCapabilities,
  PlayerEnd,
  PlayerRequest,
  PlayerState,
  PublishOptions,
  SpawnOptions,
} from '@kinoport/core';
import type { PluginAccess } from '../plugins/permissions/access.ts';

export interface InitializeParams {
  readonly plugin: { readonly id: string; readonly version: string; readonly root: string };
  /** File URL of the entry module. */
  readonly entry: string;
  readonly generation: number;
  readonly folders: { readonly data: string; readonly cache: string; readonly runtime: string };
  readonly config: JsonObject;
  readonly contributes: Contributions;
  /** Parts of the API that the manifest opts in to. */
  readonly experimental: readonly ExperimentalApi[];
  /** What it may do; the host holds it to that as well. */
  readonly access: PluginAccess;
  /** Somebody works on it: errors tell their place. Loading may wait for a debugger. */
  readonly development?: { readonly wait: boolean };
}

export interface InitializeResult {
  readonly players: readonly {
    readonly id: string;
    readonly capabilities: PlayerCapabilities;
    readonly verbs: readonly PlayerVerb[];
  }[];
  readonly sources: readonly { readonly id: string; readonly verbs: readonly SourceVerb[] }[];
  readonly syncs: readonly string[];
  readonly commands: readonly string[];
  readonly services: readonly string[];
}

/** Answer of `deactivate`. */
export interface DeactivateResult {
  /** What failed while everything was given back, a sentence each. */
  readonly problems: readonly string[];
}

/** Answer of `report`. Instants are of the monotonic clock. */
export interface ReportResult {
  /** The runtime began to run. */
  readonly startedAt: number;
  /** The entry module was loaded. */
  readonly loadedAt: number | null;
  readonly activatedAt: number | null;
  /** What keeps the process alive beside what did when it started: `Timeout`, `TCPSocketWrap`, once each. */
  readonly resources: readonly string[];
}

export type PlayerVerb = 'probe' | 'open' | 'attach' | 'recover' | 'remembered';
export type SourceVerb =
  | 'resolve'
  | 'list'
  | 'search'
  | 'siblings'
  | 'open'
  | 'reopen'
  | 'prefetch'
  | 'forget'
  | 'notifyPosition'
  | 'stats'
  | 'cache.usage'
  | 'cache.clear'
  | 'cache.prune'
  | 'cache.pin'
  | 'release';

export const SESSION_METHODS = [
  'play',
  'pause',
  'seek',
  'setRate',
  'setVolume',
  'selectTrack',
  'addSubtitle',
  'showMessage',
  'load',
  'samplePosition',
  'finish',
  'stop',
  'detach',
] as const;
export type SessionMethod = (typeof SESSION_METHODS)[number];

export interface PlayerCallParams {
  readonly player: string;
  readonly verb: PlayerVerb;
  readonly args: readonly unknown[];
}

export interface SessionCallParams {
  readonly sessionId: string;
  readonly method: SessionMethod;
  readonly args: readonly unknown[];
}

export interface SourceCallParams {
  readonly source: string;
  readonly verb: SourceVerb;
  readonly args: readonly unknown[];
}

/** Answer of `player/call` with `open` or `attach`. */
export interface SessionOpened {
  readonly endpoint: JsonObject;
  readonly state: PlayerState;
}

/** Notification `session/state`: everything but the tracks, which come as `session/tracks` when they change. */
export interface SessionStateNote {
  readonly sessionId: string;
  readonly state: Omit<PlayerState, 'tracks'>;
}
export interface SessionTracksNote {
  readonly sessionId: string;
  readonly tracks: PlayerState['tracks'];
}
export interface SessionEndNote {
  readonly sessionId: string;
  readonly end: PlayerEnd;
}
export interface SessionRequestNote {
  readonly sessionId: string;
  readonly request: PlayerRequest;
}

export type PublishParams = Omit<PublishOptions, 'read'> & { readonly socketPath: string };
export interface PublishResult {
  readonly id: string;
  readonly url: string;
}

export interface SpawnParams {
  readonly command: string;
  readonly args: readonly string[];
  readonly options: SpawnOptions;
}
/** Request `processes/spawnCommand` of a plugin. */
export interface SpawnCommandParams {
  readonly command: string;
  readonly input: CommandArguments;
}
export interface SpawnResult {
  readonly handle: number;
  readonly pid: number;
}

/** Request `services/call` of a plugin, without `caller`; `service/call` of the host, with it. */
export interface ServiceCallParams {
  readonly service: string;
  readonly method: string;
  readonly params: JsonValue;
  /** Id of the plugin that calls. */
  readonly caller: string;
}

/** Notification `attention/changed`. */
export interface AttentionNote {
  readonly request: AttentionRequest | null;
}

export interface CommandCancelParams {
  readonly runId: string;
  /** Not asked for: the client is lost. */
  readonly isClientGone: boolean;
}

export interface CommandRunParams {
  readonly runId: string;
  readonly command: string;
  readonly args: JsonObject;
  readonly options: JsonObject;
  readonly client: {
    readonly isTTY: boolean;
    readonly columns: number;
    readonly color: boolean;
    readonly wantsJson: boolean;
    readonly display: Readonly<Record<string, string>>;
  };
}
