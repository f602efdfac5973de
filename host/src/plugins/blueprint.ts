import type { Clock, JsonObject } from '@kinoport/core';
import type { Home } from '../home/home.ts';
import type { Logger } from '../log/logger.ts';
import type { Peer } from '../rpc/peer.ts';
import type { PluginAccess } from './permissions/access.ts';
import type { Plugin } from './plugin.ts';
import type { PluginDefinition, PluginProcess, PluginProcessOptions } from './process.ts';
import type { FailedStore } from './supervision/failedStore.ts';
import type { HeartbeatTimes } from './supervision/heartbeat.ts';

/** What of a process is set from outside. */
export type PluginProcessDefaults = Pick<
  PluginProcessOptions,
  'activateTimeout' | 'guard' | 'node' | 'runtime'
> & {
  readonly heartbeat?: Partial<HeartbeatTimes>;
};

export interface PluginOptions {
  readonly plugin: PluginDefinition;
  /** Its settings at the start of a generation; fails when they are not good enough for one. */
  readonly config: (definition: PluginDefinition) => JsonObject | Promise<JsonObject>;
  readonly home: Home;
  readonly clock: Clock;
  readonly log: Logger;
  readonly failures: FailedStore;
  /** `access`: of this generation; two run while one takes over from the other. */
  readonly serve: (peer: Peer, plugin: Plugin, access: PluginAccess) => void;
  /** What has to be so before a generation is started. */
  readonly prepare?: (definition: PluginDefinition) => Promise<void>;
  readonly processes?: PluginProcessDefaults;
}

/** What the next generation is made of, where it is not what the present one is made of. */
export interface PluginChange {
  readonly definition?: PluginDefinition;
  /** Gives a generation up that has not become active yet. */
  readonly signal?: AbortSignal;
}

export interface PluginCallOptions {
  readonly signal?: AbortSignal;
  readonly timeout?: number;
  /** Is given the generation that is asked, before it is. */
  readonly onRouted?: (generation: PluginProcess) => void;
  /** Asked once more where the generation was replaced meanwhile; default true. */
  readonly repeat?: boolean;
}
