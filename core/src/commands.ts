import type { JsonObject, JsonValue } from './json.ts';

/** Parsed and checked values of a contributed command, by the names of its manifest. */
export interface CommandArguments {
  readonly args: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  readonly options: Readonly<Record<string, string | number | boolean | undefined>>;
}

/** The client's end of a running command. */
export interface CommandIo {
  readonly isTTY: boolean;
  readonly columns: number;
  readonly color: boolean;
  /** Whether `--json` was given: print with `json`, not with `line`. */
  readonly wantsJson: boolean;
  /** Aborts on Ctrl-C and when the client is lost. */
  readonly signal: AbortSignal;
  /** One line to standard output. */
  line(text: string): void;
  /** One line to standard error. */
  error(text: string): void;
  /** One JSON value on a line of its own. */
  json(value: JsonValue): void;
  /** Asks for a line. @throws KinoportError `NOT_INTERACTIVE` where there is no terminal. */
  prompt(question: string): Promise<string>;
  /** Lines of standard input; ends with the input. */
  lines(): AsyncIterable<string>;
  /**
   * Writes settings of the plugin into the user's config file, because whoever runs the command asked for that; all
   * others stay. They are in force, and `ctx.config` has them, when it resolves.
   * @throws KinoportError `INVALID_ARGUMENT` for a setting that the manifest does not have, a secret one, or a value
   *   that its schema refuses: nothing is written then; of the config file
   */
  configure(settings: JsonObject): Promise<void>;
}

/** Runs a command; returns its exit code (0 to 255; `undefined`: 0). */
export type CommandHandler = (input: CommandArguments, io: CommandIo) => Promise<number | undefined>;
