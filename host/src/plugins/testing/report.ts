import type { SerializedError } from '@kinoport/core';
import type { ClauseResult } from '@kinoport/core/conformance';

/** How a test of a plugin went. */
export interface PluginTestReport {
  readonly ok: boolean;
  readonly plugin: { readonly id: string; readonly name: string; readonly version: string };
  /** Milliseconds; `null` for what was not come to. */
  readonly times: PluginTimes;
  /** Why it did not get as far as the suites. */
  readonly error: SerializedError | null;
  readonly suites: readonly SuiteReport[];
  /** What was still there after deactivation, a sentence each. */
  readonly leftBehind: readonly string[];
}

export interface PluginTimes {
  /** From the start of the process until its first line of code. */
  readonly start: number | null;
  /** Loading the entry module. */
  readonly load: number | null;
  readonly activate: number | null;
  /** The first `probe` or `resolve`. */
  readonly firstCall: number | null;
}

export interface SuiteReport {
  readonly contract: 'player' | 'source' | 'sync';
  readonly id: string;
  /** Why none of its clauses was run. */
  readonly skipped: string | null;
  readonly results: readonly ClauseResult[];
}

/** Hears of everything as it happens. */
export interface PluginTestListener {
  manifest(plugin: PluginTestReport['plugin']): void;
  activated(times: PluginTimes): void;
  suite(suite: Pick<SuiteReport, 'contract' | 'id' | 'skipped'>): void;
  result(result: ClauseResult): void;
}
