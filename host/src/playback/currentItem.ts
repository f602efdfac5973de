import type { Clock, PlayerState } from '@kinoport/core';
import type { ConfigService } from '../config/config.ts';
import type { Logger } from '../log/logger.ts';
import type { PluginManager } from '../plugins/manager.ts';
import type { RemoteStream } from '../plugins/remoteSource.ts';
import type { SessionJournal } from '../storage/journal.ts';
import type { ProgressStore } from '../storage/progress.ts';
import { type ProgressOwners, ProgressTracker } from './progressTracker.ts';
import type { QueueEntry } from './queue.ts';
import { SourceCare } from './sourceCare.ts';

/** What a playback session works with. */
export interface SessionServices {
  readonly clock: Clock;
  readonly log: Logger;
  readonly plugins: PluginManager;
  readonly progress: ProgressStore;
  readonly journal: SessionJournal;
  readonly config: ConfigService;
  readonly owners: ProgressOwners;
  /** Ends the player's process of a session, where its driver could not. */
  readonly endProcess: (sessionId: string) => Promise<void>;
}

/** The item that a session plays. */
export interface Current {
  readonly entry: QueueEntry;
  /** Where it was told to begin, seconds. */
  readonly start: number;
  /** States of an earlier epoch speak of the item before. */
  readonly sinceEpoch: number;
  readonly stream: RemoteStream;
  readonly tracker: ProgressTracker;
  readonly token: string;
  readonly care: SourceCare;
  ended: boolean;
}

/** Begins to follow an item: its progress, and its source. */
export function currentItem(
  services: SessionServices,
  item: Pick<Current, 'entry' | 'start' | 'sinceEpoch' | 'stream' | 'token'> & {
    readonly sessionId: string;
    readonly onFault: (error: unknown) => void;
    readonly onStats: () => void;
  },
): Current {
  const { clock, progress, owners, config } = services;
  const { sessionId, onFault, onStats, ...rest } = item;
  const tracker = new ProgressTracker({
    clock,
    store: progress,
    owners,
    rules: () => config.current.progress,
    sessionId,
    item: rest.entry.item,
    source: rest.entry.source,
    onFault,
  });
  return { ...rest, tracker, care: new SourceCare(clock, rest.stream, onStats), ended: false };
}

/** Whether a state speaks of this item; one from before the load, or of the item before, does not. */
export function isOf(current: Current, state: PlayerState): boolean {
  return state.itemToken === current.token && state.epoch >= current.sinceEpoch;
}
