import type { Clock } from './clock.ts';
import type { Event } from './event.ts';
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
  /**
   * Variables of the caller that say where screen and sound are, for `ctx.playback.open`: a host that was started
   * elsewhere has others.
   */
  readonly display: Readonly<Record<string, string>>;
  /** Aborts on Ctrl-C and when the client is lost. */
  readonly signal: AbortSignal;
  /** The client is lost: its terminal was closed, or it was killed. Nobody asked for an end, and nobody reads any more. */
  readonly isClientGone: boolean;
  /** One line to standard output. */
  line(text: string): void;
  /** One line to standard error. */
  error(text: string): void;
  /** One JSON value on a line of its own. */
  json(value: JsonValue): void;
  /**
   * One line at the bottom of the terminal, rewritten with each call and cut to its width; an empty one takes it away,
   * and so does the command's end. What is typed stands below it. Shown on a terminal only, and not with `--json`.
   */
  status(text: string): void;
  /**
   * Asks for a line; a `hidden` one, a password for instance, is not shown while it is typed.
   * @throws KinoportError `NOT_INTERACTIVE` where there is no terminal.
   */
  prompt(question: string, options?: { readonly hidden?: boolean }): Promise<string>;
  /** Lines of standard input; ends with the input. */
  lines(): AsyncIterable<string>;
  /**
   * Writes settings of the plugin into the user's config file, because whoever runs the command asked for that; all
   * others stay. They are in force, and `ctx.config` has them, when it resolves.
   * @throws KinoportError `INVALID_ARGUMENT` for a setting that the manifest does not have, a secret one, or a value
   *   that its schema refuses: nothing is written then; in a `standalone` command, always; of the config file
   */
  configure(settings: JsonObject): Promise<void>;
}

/** What a `standalone` command has beside its `io`: there is no host, and so none of `PluginContext`. */
export interface StandaloneContext {
  readonly plugin: { readonly id: string; readonly version: string; readonly root: string };
  /** The plugin's slice of the config file as it was at the start, defaults filled in; without secret settings. */
  readonly config: JsonObject;
  readonly clock: Clock;
  /**
   * SIGHUP was sent to have files read again, as `systemctl reload` does. One that a terminal sends because it is closed
   * ends the command, and so does this one while nobody listens.
   */
  readonly onDidAskToReload: Event<void>;
}

/** Runs a `standalone` command in a process of its own; returns its exit code (0 to 255; `undefined`: 0). */
export type StandaloneHandler = (
  input: CommandArguments,
  io: CommandIo,
  ctx: StandaloneContext,
) => Promise<number | undefined>;

/** Gives the default export of a `standalone` command's module its type. */
export function defineCommand(handler: StandaloneHandler): StandaloneHandler {
  return handler;
}

/** Runs a command; returns its exit code (0 to 255; `undefined`: 0). */
export type CommandHandler = (input: CommandArguments, io: CommandIo) => Promise<number | undefined>;
