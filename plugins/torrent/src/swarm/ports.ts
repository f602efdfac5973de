import type { Clock, Disposable, Event, Log } from '@kinoport/core';
import type { Demand, Scheduler, SchedulerOptions, SchedulerStats } from '../schedule/ports.ts';
import type { PieceStore } from '../store/ports.ts';
import type { Torrent, TorrentAddress } from '../torrent.ts';

export interface EngineSettings {
  /** 0: any. */
  readonly port: number;
  readonly dht: boolean;
  /** `host:port`; `undefined`: the usual ones. */
  readonly dhtBootstrap?: readonly string[];
  readonly trackers: readonly string[];
  /** Whether a torrent gets this machine to ask only servers of the internet, beside `trackers`. */
  readonly ssrfMitigation: boolean;
  readonly localPeers: boolean;
  readonly portMapping: boolean;
  readonly utp: boolean;
  readonly connections: number;
  /** Whether others get pieces. */
  readonly upload: boolean;
  /** Bytes a second, in all; 0: no limit. */
  readonly uploadLimit: number;
  readonly downloadLimit: number;
}

export interface EngineOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: EngineSettings;
  readonly makeScheduler: (options: SchedulerOptions) => Scheduler;
}

/** All torrents of this process: one listening port, one DHT node, limits for all. */
export interface Engine extends Disposable {
  /** Limits that can change while it runs. */
  limit(limits: Pick<EngineSettings, 'upload' | 'uploadLimit' | 'downloadLimit'>): void;
  /**
   * Looks for peers of a torrent. Of one infohash there is one swarm at a time.
   * @param peers `host:port` of peers from an earlier time, tried at once
   * @param after milliseconds until peers are looked for, unless something is wanted earlier that is not here
   */
  join(
    address: TorrentAddress,
    options?: { readonly peers?: readonly string[]; readonly after?: number },
  ): Swarm;
  /** Port that peers connect to, once it listens. */
  readonly port: number | undefined;
  readonly hasWebRtc: boolean;
  readonly hasUtp: boolean;
  /** Everything is closed when it resolves, at the latest after 2 s. */
  dispose(): Promise<void>;
}

export interface SwarmStats {
  /** Bytes a second, over the last seconds. */
  readonly downloadRate: number;
  readonly uploadRate: number;
  /** Peers that the handshake was made with, and of these those that let us ask. */
  readonly peers: number;
  readonly open: number;
  readonly received: number;
  readonly uploaded: number;
  readonly schedule: SchedulerStats | undefined;
}

/** One torrent among its peers. */
export interface Swarm extends Disposable {
  readonly infohash: string;
  /**
   * What is in the torrent: at once for a `.torrent`, else from the first peer that knows. Waits without end.
   * @throws KinoportError `TORRENT_INVALID` when peers agree on metadata that is none; `DISPOSED`
   */
  metadata(signal?: AbortSignal): Promise<Torrent>;
  /**
   * Fetches into a store from now on; what the store has already is not fetched. Once.
   * @returns when the scheduler runs
   */
  fetch(torrent: Torrent, store: PieceStore): void;
  /** Tries these addresses of peers, `host:port`, beside those that are found. */
  connect(peers: readonly string[]): void;
  /** What is wanted from now on, all of it; nothing before the first call. */
  want(demands: readonly Demand[]): void;
  /** A piece was verified and is in the store. */
  readonly onDidVerify: Event<number>;
  /** It cannot go on: the disk is full, for instance. Reads fail with it; a later `want` tries again. */
  readonly onDidFail: Event<Error>;
  readonly stats: SwarmStats;
  /** `host:port` of peers that were connected, best first, at most 100. */
  readonly peers: readonly string[];
  /** Leaves the swarm; everything that belongs to it is closed when it resolves. */
  dispose(): Promise<void>;
}
