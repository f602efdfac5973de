import type { Disposable } from './lifecycle.ts';

/** One fact that a plugin tells about itself; a line of `kinoport doctor`. */
export interface Diagnostic {
  /** What it is about, 1 to 40 characters: `Port`. */
  readonly label: string;
  /** For people, 1 to 300 characters. No secrets: it is pasted into bug reports. */
  readonly value: string;
  /** False: less works than should by these settings, and `doctor` warns. Default: true. */
  readonly ok?: boolean;
  /** What to do about it, at most 300 characters; shown with a warning. */
  readonly hint?: string;
}

/**
 * Tells how the plugin is: at most 20 facts, within 2 s. It only looks: it starts nothing that somebody else would
 * notice, and changes nothing.
 */
export type DiagnosticsReporter = (options: {
  /** Aborts when nobody waits any longer. */
  readonly signal: AbortSignal;
}) => readonly Diagnostic[] | Promise<readonly Diagnostic[]>;

/** Answers `kinoport doctor`, which starts the plugin for it when its manifest says `"diagnostics": true`. */
export interface Diagnostics {
  /**
   * @throws KinoportError `PLUGIN_NOT_REGISTERED` when the manifest does not declare it, `PLUGIN_CONTRIBUTION_CLASH`
   *   when there is a reporter already
   */
  register(reporter: DiagnosticsReporter): Disposable;
}
