/** What the methods of the local API answer with, and what its events tell. */
import type {
  AttentionRequest,
  EndReason,
  Item,
  PlayerState,
  PluginPermissions,
  SerializedError,
  StreamStats,
} from '@kinoport/core';
import type { Protection } from '../plugins/permissions/border.ts';

export interface ProgressView {
  readonly uri: string;
  readonly itemKey: string;
  readonly title: string;
  readonly position: number;
  readonly duration: number | null;
  /** 0 to 100 with one decimal; null where there is no duration. */
  readonly percent: number | null;
  readonly watched: boolean;
  /** ISO 8601. */
  readonly updatedAt: string;
}

/** What one of is to be named, by its place, as `file` of `playback.open`. */
export interface PlayChoice {
  readonly token: string;
  readonly title?: string;
  readonly items: readonly {
    readonly title: string;
    readonly uri: string;
    /** Bytes. */
    readonly size: number | null;
    /** Seconds. */
    readonly duration: number | null;
    readonly watched: boolean;
  }[];
  /** Place of the first not yet watched. */
  readonly first: number;
}

/** A source has not answered yet. */
export interface WaitingNote {
  readonly source: string;
  /** Of the item that is being opened; absent while an address is resolved. */
  readonly title?: string;
  readonly stats: StreamStats;
}

export interface PluginView {
  readonly id: string;
  readonly version: string;
  readonly displayName: string;
  readonly state: 'disabled' | 'resolved' | 'starting' | 'active' | 'stopping' | 'backoff' | 'failed';
  readonly isolation: 'process';
  readonly generation: number;
  readonly pid: number | null;
  readonly contributes: {
    readonly players: readonly string[];
    readonly sources: readonly string[];
    readonly syncs: readonly string[];
    readonly commands: readonly string[];
  };
  readonly root: string;
  readonly builtin: boolean;
  readonly error: SerializedError | null;
  /** What the user has to do, says the plugin. */
  readonly attention: AttentionRequest | null;
  /** Has not answered for 3 s. */
  readonly unresponsive: boolean;
  /** Ends within the last 5 minutes that nobody asked for. */
  readonly crashes: number;
  /** Where the code comes from. */
  readonly permissions: {
    /** What its manifest asks for. */
    readonly requested: PluginPermissions;
    /** What of it the user allows. */
    readonly granted: PluginPermissions;
    /** How far it is held to that: see `Protection`. */
    readonly protection: Protection;
    /** What it can do all the same, in words that go on after "It can". */
    readonly notStopped: readonly string[];
  };
  readonly origin: 'builtin' | 'path' | 'installed' | 'dev';
  readonly logFile: string;
}

export interface SecretView {
  /** Id of the plugin. */
  readonly plugin: string;
  readonly name: string;
  /** Whether it is a setting of the manifest; otherwise the plugin keeps it by itself. */
  readonly setting: boolean;
  /** Whether the plugin does not start without it. */
  readonly required: boolean;
  readonly set: boolean;
  readonly description: string | null;
}

/** What a running generation of a plugin has cost so far; times in milliseconds. */
export interface PluginProfile {
  readonly id: string;
  readonly generation: number;
  readonly pid: number | null;
  /** Since it became active. */
  readonly uptime: number;
  /** Until the process ran, to load the plugin, to activate it; `null` where it does not answer. */
  readonly start: number | null;
  readonly load: number | null;
  readonly activate: number | null;
  /** From the start of the process to active, seen from the host. */
  readonly ready: number;
  /** Calls of the host that were answered. */
  readonly calls: number;
  readonly firstCall: number | null;
  /** Of the last 256. */
  readonly medianCall: number | null;
  /** Both ways, since it became active. */
  readonly messagesPerSecond: number | null;
  /** `pss` counts what is shared with other processes in part, `rss` in whole. */
  readonly memory: { readonly bytes: number; readonly kind: 'pss' | 'rss' } | null;
}

export interface PlaybackView {
  readonly sessionId: string;
  readonly player: string;
  readonly source: string;
  readonly item: Item;
  readonly index: number;
  readonly count: number;
  readonly state: PlayerState;
}

/** What `playback.event` notifications carry. */
export type PlaybackEvent =
  | {
      /** Again once a second while the source makes it wait, with `stats`. */
      readonly type: 'opening';
      readonly sessionId: string;
      readonly title: string;
      readonly stats?: StreamStats;
    }
  | {
      readonly type: 'started';
      readonly sessionId: string;
      readonly player: string;
      readonly source: string;
      readonly item: Item;
      readonly index: number;
      readonly count: number;
      /** Seconds. */
      readonly start: number;
      /** Whether `start` comes from progress. */
      readonly resumed: boolean;
    }
  | {
      readonly type: 'state';
      readonly sessionId: string;
      readonly state: PlayerState;
      readonly stats?: StreamStats;
    }
  | {
      readonly type: 'ended';
      readonly sessionId: string;
      readonly item: Item;
      readonly reason: EndReason;
      readonly position: number;
      readonly duration: number | null;
      readonly watched: boolean;
      readonly error?: SerializedError;
    }
  /** Something worth a line: a position taken over from mpv, no display here, the host came back. */
  | { readonly type: 'notice'; readonly sessionId: string; readonly code: string; readonly message: string }
  /** The session is over; nothing follows. */
  | { readonly type: 'closed'; readonly sessionId: string };
