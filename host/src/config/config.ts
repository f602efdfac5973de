import type { Disposable, Event, JsonObject, PluginPermissions, SerializedError } from '@kinoport/core';
import type { InjectionToken } from 'tsyringe';

/** A plugin as the config names it: by id (`mpv`) or by path (`../my-plugin`, relative to the config file). */
export interface PluginSetting {
  readonly enabled: boolean;
  readonly config: JsonObject;
  /** Another id for a plugin whose own clashes. */
  readonly alias?: string;
  /** What is wrong with it, where it never was right: the plugin cannot start. */
  readonly problem?: ConfigProblem;
  /** All that it may do of what its manifest asks for; absent: everything. */
  readonly permissions?: PluginPermissions;
}

/** The config file with every default filled in. */
export interface Config {
  /** Id of the player used when none is asked for. */
  readonly player: string;
  /**
   * What follows when an item has finished. Several arguments, playlists and episodes go on by themselves
   * (`episodes`), whole folders of anything too (`always`), nothing does (`never`).
   */
  readonly autoplayNext: 'episodes' | 'always' | 'never';
  readonly progress: {
    /** Share of the duration from which an item is watched, 0.5 to 1. */
    readonly watchedAt: number;
    /** Seconds from the start from which an item is offered under `continue` (or 5 % of it, what is less). */
    readonly beginAfter: number;
  };
  /** Source ids for schemes (`http`), extensions (`.mkv`) and prefixes (`tt*`), where several answer. */
  readonly routing: Readonly<Record<string, string>>;
  readonly plugins: Readonly<Record<string, PluginSetting>>;
}

/** Where in the config file something is wrong. */
export interface ConfigProblem extends SerializedError {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** The key under `plugins` whose settings these are; all others are not concerned. */
  readonly plugin?: string;
}

/** Whether no host starts with it. Those that are left keep one plugin from starting, or are met when used. */
export function isFatal({ plugin, code }: ConfigProblem): boolean {
  return plugin === undefined && code !== 'PLAYER_UNKNOWN' && code !== 'SOURCE_UNKNOWN';
}

/** The configuration in force: the last good one. */
export interface ConfigService extends Disposable {
  readonly current: Config;
  /** What is wrong with the file now; empty when `current` is what it says. */
  readonly problems: readonly ConfigProblem[];
  readonly onDidChange: Event<Config>;
  /** The file was corrected, or a new mistake made. */
  readonly onDidChangeProblems: Event<readonly ConfigProblem[]>;
}

export const ConfigService: InjectionToken<ConfigService> = Symbol('ConfigService');
