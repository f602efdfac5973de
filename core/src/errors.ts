import type { JsonValue } from './json.ts';

/**
 * Every error a person can meet has one of these codes. A code is stable: scripts and tests rely on it.
 * `exit` is the process exit code of a command that ends with it (1 failed, 2 wrong usage); `text` says
 * what the code stands for, for docs/errors.md.
 */
export const ERROR_CODES = {
  // How the program is called
  USAGE: { exit: 2, text: 'The command line is not understood.' },
  NODE_TOO_OLD: { exit: 1, text: 'The Node.js that runs the program is older than it needs.' },
  NOT_INTERACTIVE: { exit: 2, text: 'A question has to be answered, but there is no terminal to ask on.' },
  INVALID_ARGUMENT: { exit: 2, text: 'A value given to a command or a call is not valid.' },
  ABORTED: { exit: 130, text: 'The work was cancelled before it was done.' },
  INTERNAL: { exit: 1, text: 'Something that should not happen did; a bug of the program or of a plugin.' },

  // Home, configuration, database
  HOME_NOT_WRITABLE: { exit: 1, text: "Kinoport's folder cannot be written to." },
  CONFIG_SYNTAX: { exit: 2, text: 'The config file is not valid JSON with comments.' },
  CONFIG_INVALID: { exit: 2, text: 'The config file has a value of the wrong type or an unknown key.' },
  CONFIG_UNREADABLE: { exit: 1, text: 'The config file cannot be read.' },
  CONFIG_UNKNOWN_PLUGIN: { exit: 2, text: 'The config file names a plugin that is not there.' },
  CONFIG_SECRET_IN_FILE: { exit: 2, text: 'The config file holds a secret, which belongs elsewhere.' },
  SECRET_MISSING: { exit: 1, text: 'A plugin needs a secret that was not given to it yet.' },
  SECRET_UNKNOWN: { exit: 2, text: 'The plugin has no secret of that name.' },
  SECRETS_LOCKED: { exit: 1, text: 'The keyring with the key to the secrets cannot be read.' },
  DATABASE_LOCKED: { exit: 1, text: 'Another program holds the database locked.' },
  DATABASE_NEWER: { exit: 1, text: 'The database was written by a newer version of the program.' },
  DATABASE_DAMAGED: { exit: 1, text: 'The database is damaged and could not be opened.' },
  LOG_UNREADABLE: { exit: 1, text: 'A log file cannot be read.' },
  STORAGE_LIMIT: { exit: 1, text: 'A plugin stores more than it may.' },

  // The host and its API
  HOST_START_FAILED: { exit: 1, text: 'The background host did not start.' },
  HOST_UNREACHABLE: { exit: 1, text: 'The background host does not answer.' },
  HOST_STOPPING: { exit: 1, text: 'The host is shutting down and takes no new work.' },
  HOST_VERSION_MISMATCH: { exit: 1, text: 'The running host is of another version than the command.' },
  API_UNAUTHORIZED: { exit: 1, text: 'A request to the local API had no valid token.' },
  API_FORBIDDEN: { exit: 1, text: 'A request to the local API came from a foreign page or host name.' },
  UPLOAD_TOO_LARGE: { exit: 1, text: 'A file that was handed over by the local API is too large.' },
  METHOD_NOT_FOUND: { exit: 1, text: 'The called method does not exist.' },

  // Plugins
  PLUGIN_NOT_FOUND: { exit: 1, text: 'There is no plugin of that id.' },
  PLUGIN_MANIFEST_INVALID: {
    exit: 1,
    text: "A plugin's package.json is missing, broken or not as the manifest schema asks.",
  },
  PLUGIN_ENGINE_MISMATCH: { exit: 1, text: 'A plugin asks for another version of the API.' },
  PLUGIN_ID_CLASH: { exit: 1, text: 'Two plugins carry the same id.' },
  PLUGIN_CONTRIBUTION_CLASH: { exit: 1, text: 'Two plugins contribute a thing of the same name.' },
  PLUGIN_LOAD_FAILED: { exit: 1, text: "A plugin's code could not be loaded." },
  PLUGIN_ACTIVATE_FAILED: { exit: 1, text: "A plugin's activate function failed." },
  PLUGIN_ACTIVATE_TIMEOUT: { exit: 1, text: "A plugin's activate function did not finish in time." },
  PLUGIN_CRASHED: { exit: 1, text: "A plugin's process ended or broke the protocol." },
  PLUGIN_DISABLED: { exit: 1, text: 'The plugin is switched off in the config.' },
  PLUGIN_UNRESPONSIVE: { exit: 1, text: 'A plugin does not take its messages.' },
  PLUGIN_FAILED: {
    exit: 1,
    text: 'A plugin broke down too often and is not started any more until it is reloaded or enabled.',
  },
  PLUGIN_REPLACED: { exit: 1, text: 'A plugin was replaced while it worked on this.' },
  PLUGIN_IN_DEVELOPMENT: { exit: 1, text: 'Another "plugin dev" works on this plugin already.' },
  PLUGIN_INSPECT_PORT: { exit: 1, text: 'The port for debuggers cannot be listened on.' },
  PLUGIN_DEPENDENCY_MISSING: {
    exit: 1,
    text: 'A plugin needs another one that is not there or does not run.',
  },
  PLUGIN_DEPENDENCY_CYCLE: { exit: 1, text: 'Plugins need each other in a circle.' },
  PLUGIN_SAFE_MODE: { exit: 1, text: 'The plugin is left out in safe mode.' },
  PLUGIN_CALL_TIMEOUT: { exit: 1, text: 'A call into a plugin was not answered in time.' },
  PLUGIN_BUSY: { exit: 1, text: 'Too many calls are under way in one plugin.' },
  PLUGIN_PROTOCOL: { exit: 1, text: 'A plugin answered something that is not of the contract.' },
  PLUGIN_NOT_REGISTERED: {
    exit: 1,
    text: 'A plugin declares something in its manifest and does not register it in activate.',
  },
  PLUGIN_SPEC_INVALID: {
    exit: 2,
    text: 'What is to be installed is not a package, folder, tarball or git address.',
  },
  PLUGIN_NOT_INSTALLED: { exit: 1, text: 'The plugin was not installed by "plugin install".' },
  PLUGIN_PACKAGE_NOT_FOUND: { exit: 1, text: 'There is no such package, version, file or branch.' },
  PLUGIN_FETCH_FAILED: {
    exit: 1,
    text: 'A package could not be fetched from its registry, server or repository.',
  },
  PLUGIN_INTEGRITY: { exit: 1, text: 'A package is not the one that its hash promises.' },
  PLUGIN_ARCHIVE_BROKEN: { exit: 1, text: 'A package is no archive that can be read.' },
  PLUGIN_ARCHIVE_UNSAFE: {
    exit: 1,
    text: 'A package holds links, devices, paths that lead out of it, or names that clash.',
  },
  PLUGIN_ARCHIVE_TOO_LARGE: { exit: 1, text: 'A package holds more files or bytes than is allowed.' },
  PLUGIN_DEPENDENCIES_FAILED: { exit: 1, text: "A plugin's dependencies could not be installed." },
  PLUGIN_BUILD_NOT_ALLOWED: {
    exit: 1,
    text: 'A package wants to run install scripts, which was not allowed.',
  },
  PLUGIN_BUILD_FAILED: { exit: 1, text: 'An install script of a package failed.' },
  PLUGIN_INSTALL_EXPIRED: { exit: 1, text: 'What was prepared to be installed is no longer there.' },
  PLUGIN_INSTALL_FAILED: { exit: 1, text: 'The work of an installation broke down.' },
  PLUGIN_LOCK_INVALID: { exit: 1, text: 'The lock file of the installed plugins cannot be read.' },
  PLUGIN_ALTERED: { exit: 1, text: 'The folder of an installed plugin is missing or was altered.' },
  GIT_NOT_FOUND: { exit: 1, text: 'The program git is not installed or not found.' },
  PERMISSION_DENIED: { exit: 1, text: 'A plugin did something that its permissions do not allow.' },
  PERMISSION_NOT_GRANTED: { exit: 1, text: 'A plugin asks for a permission that was not granted to it.' },
  EXPERIMENTAL_API: { exit: 1, text: 'A plugin uses an experimental part of the API without saying so.' },
  FILE_EXISTS: { exit: 1, text: 'Something is there already, and nothing is overwritten.' },
  FILE_NOT_WRITABLE: { exit: 1, text: 'A file or folder cannot be written.' },
  PACK_FAILED: { exit: 1, text: 'The package could not be packed by npm.' },
  PACK_REFUSED: { exit: 1, text: 'The package could not be installed by others as it is.' },
  SERVICE_UNKNOWN: { exit: 1, text: 'No plugin offers the service, or the caller does not depend on it.' },
  DISPOSED: { exit: 1, text: 'The thing was used after it was disposed.' },

  // Players
  PLAYER_NOT_FOUND: { exit: 1, text: 'The player program is not installed or not found.' },
  PLAYER_TOO_OLD: { exit: 1, text: 'The installed player is older than the driver needs.' },
  PLAYER_START_FAILED: { exit: 1, text: 'The player program ended or gave no sign of life while starting.' },
  PLAYER_GONE: { exit: 1, text: 'The player is no longer there.' },
  PLAYER_COMMAND_FAILED: { exit: 1, text: 'The player refused a command.' },
  PLAYER_UNSUPPORTED: { exit: 1, text: 'The player cannot do what was asked.' },
  PLAYER_UNKNOWN: { exit: 2, text: 'No plugin contributes a player of that id.' },
  MEDIA_UNRECOGNIZED: { exit: 1, text: 'The player does not recognise the file as picture or sound.' },
  PLAYBACK_INTERRUPTED: { exit: 1, text: 'The stream broke before the end; the position is kept.' },
  SESSION_NOT_FOUND: { exit: 1, text: 'There is no such playback session.' },
  NOTHING_PLAYING: { exit: 1, text: 'Nothing is playing.' },
  NO_NEXT_ITEM: { exit: 1, text: 'The queue has no item there.' },
  PROCESS_SPAWN_FAILED: { exit: 1, text: 'A program could not be started.' },

  // Rooms and relays
  ROOM_CODE_INVALID: { exit: 2, text: 'What was given is no code of a room and no link to one.' },
  ROOM_NOT_FOUND: { exit: 1, text: 'There is no room of that code, or it is over.' },
  ROOM_PASSWORD: { exit: 1, text: 'The room has a password, and it was not given or is another one.' },
  ROOM_FULL: { exit: 1, text: 'The room has as many members as it may.' },
  ROOM_CLOSED: { exit: 1, text: 'The room is over.' },
  ROOM_KICKED: { exit: 1, text: 'The host has sent this member out of the room.' },
  ROOM_FORBIDDEN: { exit: 1, text: 'Only the host may do this in the room.' },
  ROOM_NOT_READY: { exit: 1, text: 'Not everybody in the room is ready.' },
  ROOM_MEDIA_MISMATCH: { exit: 1, text: 'The room watches another film than the one that is here.' },
  ROOM_SEAT_INVALID: {
    exit: 1,
    text: 'The seat in the room is no longer kept, or the token is not its own.',
  },
  ROOM_MEDIA_MISSING: { exit: 1, text: 'What the room watches is not on this machine.' },
  ROOM_PLAYER_IN_USE: { exit: 1, text: 'Another room drives the player already.' },
  ROOM_HIGH_LATENCY: { exit: 1, text: 'The way to the relay is long: what the others do comes late.' },
  ROOM_STATE: { exit: 1, text: 'The room is not in a state in which this can be done.' },
  RELAY_NONE: { exit: 2, text: 'No relay is known that the room could be at.' },
  RELAY_CLOCK: {
    exit: 1,
    text: 'The clock of the relay is not what it was; the film goes on by what was known.',
  },
  RELAY_UNREACHABLE: { exit: 1, text: 'The relay cannot be reached or does not answer in time.' },
  RELAY_VERSION: { exit: 1, text: 'The relay speaks no version of the protocol that this program speaks.' },
  RELAY_PROTOCOL: { exit: 1, text: 'A message between client and relay is not as the protocol says.' },
  RELAY_UNAUTHORIZED: { exit: 1, text: 'The relay lets only those open rooms who have its token.' },
  RELAY_RATE_LIMITED: { exit: 1, text: 'The relay was asked too often; it says when to try again.' },
  RELAY_FULL: { exit: 1, text: 'The relay has as many rooms or connections as it may.' },
  RELAY_DRAINING: { exit: 1, text: 'The relay is being ended and takes nobody new.' },
  RELAY_INSECURE: { exit: 2, text: 'The relay would be reached from elsewhere without encryption.' },
  RELAY_START_FAILED: { exit: 1, text: 'The relay could not be started.' },
  RELAY_STORE: { exit: 1, text: 'The store that holds the rooms of the relay does not answer.' },

  // Sources and streams
  SOURCE_UNKNOWN: { exit: 2, text: 'No plugin contributes a source of that id.' },
  SOURCE_NONE: { exit: 1, text: 'No source answers for this kind of address.' },
  SOURCE_NOT_FOUND: { exit: 1, text: 'The file or address does not exist.' },
  SOURCE_NOT_MEDIA: {
    exit: 1,
    text: 'The address leads to something that is not media, a web page for instance.',
  },
  SOURCE_EMPTY: { exit: 1, text: 'The folder or playlist holds no media.' },
  SOURCE_FORBIDDEN: { exit: 1, text: 'The file or address may not be read.' },
  SOURCE_UNREACHABLE: { exit: 1, text: 'The server cannot be reached or does not answer in time.' },
  SOURCE_FAILED: { exit: 1, text: 'The server answered with an error.' },
  SOURCE_CHANGED: { exit: 1, text: 'The content changed while it was read.' },
  SOURCE_NOT_CACHED: {
    exit: 1,
    text: 'What the address leads to is not known here, and nobody was to be asked.',
  },
  SOURCE_UNSUPPORTED: { exit: 1, text: 'The source cannot do what was asked.' },
  STREAM_NOT_FOUND: { exit: 1, text: 'There is no such stream.' },

  // Torrents
  TORRENT_INVALID: { exit: 1, text: 'What was given is no torrent, or a broken one.' },
  TORRENT_UNSUPPORTED: {
    exit: 1,
    text: 'The torrent is of a kind that cannot be played, of version 2 alone.',
  },
  TORRENT_NOT_ACCEPTED: {
    exit: 1,
    text: 'Nobody has agreed yet to what playing a torrent means for others.',
  },
  TORRENT_METADATA_TIMEOUT: { exit: 1, text: 'Nobody who was found knows what is in the torrent.' },
  TORRENT_FILE_NOT_FOUND: { exit: 1, text: 'The torrent has no such file.' },
  TORRENT_SUPERSEDED: { exit: 1, text: 'Something else was asked for meanwhile.' },
  TORRENT_IN_USE: { exit: 1, text: 'The torrent is being played.' },
  CACHE_IN_USE: { exit: 1, text: 'A film plays from what was to be removed.' },
  CACHE_FULL: { exit: 1, text: 'There is no room on disk for what is fetched.' },
  CACHE_WRITE_FAILED: { exit: 1, text: 'What was fetched cannot be written to disk.' },
  CACHE_READ_FAILED: { exit: 1, text: 'What was fetched cannot be read from disk any more.' },
  // Progress
  PROGRESS_NONE: { exit: 1, text: 'No progress is known for this.' },
  IMPORT_INVALID: { exit: 2, text: 'The file to import is not an export of progress.' },

  // Commands
  COMMAND_UNKNOWN: { exit: 2, text: 'There is no such command.' },
  COMMAND_FAILED: { exit: 1, text: 'A command of a plugin failed.' },
} as const satisfies Record<string, { readonly exit: number; readonly text: string }>;

/** A code of {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** A code of the table, or one of a plugin's own (upper case letters, digits and underscores). */
export type AnyErrorCode = ErrorCode | (string & Record<never, never>);

/** An error as it crosses a border: plain data. */
export interface SerializedError {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly data?: JsonValue;
  readonly stack?: string;
}

/** What an error carries besides its message. */
export interface ErrorDetails {
  /** One sentence of what to do about it. */
  readonly hint?: string;
  /** Facts for programs; never a secret. */
  readonly data?: JsonValue;
  readonly cause?: unknown;
}

const CODE = /^[A-Z][A-Z0-9_]{1,63}$/;
// A plugin may bring its own copy of this module; its errors are recognised all the same.
const BRAND = Symbol.for('kinoport.error');

/**
 * The one error class of the public API: a stable code, one sentence of what happened, and one of what to do.
 * Thrown by a plugin, it arrives whole at whoever called.
 */
export class KinoportError extends Error {
  override readonly name = 'KinoportError';
  readonly [BRAND] = true;
  readonly code: AnyErrorCode;
  readonly hint: string | undefined;
  readonly data: JsonValue | undefined;

  constructor(code: AnyErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = CODE.test(code) ? code : 'INTERNAL';
    this.hint = details.hint;
    this.data = details.data;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  /** Exit code of a command that ends with this error: 1 unless the table says otherwise. */
  get exitCode(): number {
    return Object.hasOwn(ERROR_CODES, this.code) ? ERROR_CODES[this.code as ErrorCode].exit : 1;
  }

  toJSON(): SerializedError {
    return {
      code: this.code,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.data === undefined ? {} : { data: this.data }),
      ...(this.stack === undefined ? {} : { stack: this.stack }),
    };
  }
}

/** Whether a value is a {@link KinoportError} with one of the given codes (any, when none is given). */
export function isKinoportError(value: unknown, ...codes: readonly AnyErrorCode[]): value is KinoportError {
  return value instanceof KinoportError && (codes.length === 0 || codes.includes(value.code));
}

/** The same error as plain data; anything that is no KinoportError becomes `INTERNAL` (an abort: `ABORTED`). */
export function serializeError(error: unknown): SerializedError {
  return toKinoportError(error).toJSON();
}

/** Rebuilds an error from plain data. Text of the other side is taken as it is; its stack becomes ours. */
export function deserializeError(data: SerializedError): KinoportError {
  const error = new KinoportError(data.code, data.message, {
    ...(data.hint === undefined ? {} : { hint: data.hint }),
    ...(data.data === undefined ? {} : { data: data.data }),
  });
  if (data.stack !== undefined) error.stack = data.stack;
  return error;
}

/** Wraps anything thrown into a KinoportError; one that already is comes back unchanged. */
export function toKinoportError(error: unknown): KinoportError {
  if (error instanceof KinoportError) return error;
  if (error instanceof Error) {
    const code = error.name === 'AbortError' ? 'ABORTED' : 'INTERNAL';
    const wrapped = new KinoportError(code, error.message || error.name, { cause: error });
    if (error.stack !== undefined) wrapped.stack = error.stack;
    return wrapped;
  }
  return new KinoportError('INTERNAL', String(error));
}

/** The error of work that was cancelled through its AbortSignal. */
export function abortedError(message = 'The operation was cancelled.'): KinoportError {
  return new KinoportError('ABORTED', message);
}
