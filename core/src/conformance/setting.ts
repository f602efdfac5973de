import type { JsonObject } from '../json.ts';
import type { Disposable } from '../lifecycle.ts';
import type { PlayerSubject } from './player/subject.ts';
import type { SourceSubject } from './source/subject.ts';
import type { SyncPerson } from './sync/subject.ts';

/**
 * What `kinoport plugin test` has to know of a plugin: the default export of `kinoport.conformance.js` in its folder, or
 * a function that gives it. Everything may be left out.
 */
export interface PluginConformance {
  /** Settings that the plugin is tested with. */
  readonly config?: JsonObject;
  /** By the id of the player. What is left out is a short film that comes with the program. */
  readonly players?: Readonly<Record<string, PlayerSetting>>;
  /** By the id of the source. Without samples there is nothing to resolve, and the suite is skipped. */
  readonly sources?: Readonly<Record<string, SourceSetting>>;
  /** By the id of the sync. What is left out has its clauses skipped. */
  readonly syncs?: Readonly<Record<string, SyncSetting>>;
}

export type PlayerSetting = Partial<Pick<PlayerSubject, 'options' | 'pressPause'>> & {
  readonly media?: Partial<PlayerSubject['media']>;
};
export type SourceSetting = Omit<SourceSubject, 'source' | 'streams' | 'again'>;

/** What is done to the connections of two who meet, see `SyncPerson`. Their players come with the program. */
export interface SyncSetting {
  readonly people: readonly [SyncPersonSetting, SyncPersonSetting];
}

export type SyncPersonSetting = Pick<SyncPerson, 'invitation' | 'cut' | 'heal'>;

/** What the function is given. */
export interface ConformanceSurroundings {
  /** An empty folder, gone after the test. */
  readonly folder: string;
  /** A film of 30 s that can be played and served. */
  readonly film: string;
  /** Given back after the test: a server, for instance. */
  readonly own: (disposable: Disposable) => void;
}

export type MakeConformance = (
  surroundings: ConformanceSurroundings,
) => PluginConformance | Promise<PluginConformance>;
