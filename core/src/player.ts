import type { Event } from './event.ts';
import type { JsonObject } from './json.ts';
import type { SubtitleTags } from './subtitleNames.ts';

/**
 * The player contract. All times are seconds (float), instants are monotonic milliseconds of `Clock.now()`.
 * All methods are asynchronous, take and return plain data, and are called from another process. Whatever is given a
 * signal that has fired already rejects with `ABORTED` and does nothing. `@kinoport/core/conformance` has this contract
 * as clauses to run against an implementation.
 */
export interface Player {
  /** What sessions of this player can do. The host asks for flags, never for a player's name. */
  readonly capabilities: PlayerCapabilities;

  /**
   * Which installations exist, best first. An installation that cannot be used is listed with `problem`.
   * Never throws because nothing is installed: that is an empty list.
   */
  probe(options: { readonly signal?: AbortSignal }): Promise<readonly PlayerInstallation[]>;

  /**
   * Starts the player with `media` and resolves as soon as it takes commands (status `opening`); the first
   * frame is the change to `playing` or `paused`. From then on the state names the item. A medium that cannot be
   * played ends as `failed` with its code, or rejects here with it.
   * @throws KinoportError `PLAYER_NOT_FOUND`, `PLAYER_TOO_OLD`, `PLAYER_START_FAILED`, `ABORTED`
   */
  open(media: PlayerMedia, options: PlayerOpenOptions): Promise<PlayerSession>;

  /**
   * Takes over a player that is already running (capability `attach`), from the `endpoint` that an earlier
   * session of this plugin reported. The player goes on undisturbed.
   * @throws KinoportError `PLAYER_GONE` when it is not there any more or is not the one the endpoint means.
   */
  attach?(endpoint: JsonObject, options: PlayerAttachOptions): Promise<PlayerSession>;

  /** What a player-side journal knows of a session whose player is gone. `undefined`: nothing. */
  recover?(endpoint: JsonObject): Promise<RecoveredProgress | undefined>;

  /**
   * Where the player's own memory (mpv's watch-later files) says that this media was left. Asked once, when the
   * host has no progress of its own; the player's memory stays as it is. `undefined`: nothing.
   */
  remembered?(media: PlayerMedia): Promise<{ readonly position: number } | undefined>;
}

export interface PlayerCapabilities {
  /** Worst error of a reported position while playing, seconds. */
  readonly positionPrecision: number;
  /** `seek(..., {exact: true})` lands within a frame. */
  readonly exactSeek: boolean;
  /** `start` is honoured to the frame. */
  readonly exactStart: boolean;
  /** Playback rate limits; absent: the rate cannot be changed. `fine`: steps below 1 % work. */
  readonly rate?: { readonly min: number; readonly max: number; readonly fine: boolean };
  readonly volume: boolean;
  /** Audio and subtitle tracks can be listed and selected. */
  readonly tracks: boolean;
  /** `addSubtitle` works. */
  readonly externalSubtitles: boolean;
  /** `showMessage` works. */
  readonly messages: boolean;
  /** `attach` is implemented. */
  readonly attach: boolean;
  /** The player lives on when plugin and host die. */
  readonly survivesHost: boolean;
  /** `load` puts the next item into the same window. */
  readonly load: boolean;
  /** `play` and `pause` honour an instant `at`; typical error in milliseconds. */
  readonly scheduled?: { readonly precision: number };
  /** Several sessions at once. */
  readonly multiple: boolean;
}

export interface PlayerInstallation {
  /** What is started, an absolute path or a command name. */
  readonly path: string;
  /** Arguments before the player's own (`flatpak run io.mpv.Mpv`: `['run', 'io.mpv.Mpv']`). */
  readonly argv: readonly string[];
  readonly kind: 'native' | 'flatpak' | 'snap' | 'app' | 'browser';
  readonly version?: string;
  /** Absent when the installation can be used; else one sentence why not, with its code. */
  readonly problem?: { readonly code: string; readonly message: string; readonly hint?: string };
}

/** A subtitle file beside the media. */
export type SubtitleFile = SubtitleTags & ({ readonly path: string } | { readonly url: string });

/** What a player gets to play. Exactly one of `path` and `url`; a `url` is a loopback address of the stream front. */
export type PlayerMedia = {
  /** Shown in the window; a player never shows the address. */
  readonly title: string;
  readonly duration?: number;
  readonly live?: boolean;
  readonly subtitles?: readonly SubtitleFile[];
} & ({ readonly path: string } | { readonly url: string });

/** How one item is started, in a new window or an existing one. */
export interface PlayerLoadOptions {
  /** Seconds; 0 is the beginning. */
  readonly start: number;
  readonly paused: boolean;
  readonly rate?: number;
  /** Preferred audio and subtitle languages, ISO 639 codes, best first; subtitles `['no']` switches them off. */
  readonly audioLanguages?: readonly string[];
  readonly subtitleLanguages?: readonly string[];
  /** Identifies the load in the player-side journal; opaque, at most 64 characters of `[A-Za-z0-9_-]`. */
  readonly itemToken: string;
}

export interface PlayerOpenOptions extends PlayerLoadOptions {
  /** The host's name of the session; unique, `[A-Za-z0-9_-]`, at most 64 characters. */
  readonly sessionId: string;
  readonly fullscreen?: boolean;
  /** The viewer's own arguments, appended last. */
  readonly extraArgs?: readonly string[];
  /** Display and sound of the viewer who asked (`DISPLAY`, `WAYLAND_DISPLAY`, ...), for `processes.spawn`. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface PlayerAttachOptions {
  readonly sessionId: string;
  /** The newest epoch that the host has seen; the session goes on from there. */
  readonly epoch: number;
  readonly signal?: AbortSignal;
}

export interface RecoveredProgress {
  /** Which load the journal speaks of. */
  readonly itemToken?: string;
  /** Seconds. */
  readonly position: number;
  readonly duration?: number;
  /** Wall clock, milliseconds since the epoch. */
  readonly updatedAt: number;
  /** The item played to its end. */
  readonly ended?: boolean;
}

/**
 * `opening`: nothing to see yet · `playing` · `paused` · `buffering`: wants to play and waits for bytes ·
 * `seeking` · `ended`: the item is over and the window may still be there · `failed`: the item cannot be
 * played · `gone`: there is no player any more; the last state of every session.
 */
export type PlayerStatus =
  | 'opening'
  | 'playing'
  | 'paused'
  | 'buffering'
  | 'seeking'
  | 'ended'
  | 'failed'
  | 'gone';

export interface Track {
  /** The player's own number, unique within its type. */
  readonly id: number;
  readonly type: 'video' | 'audio' | 'subtitle';
  readonly language?: string;
  readonly title?: string;
  readonly codec?: string;
  readonly selected: boolean;
  readonly external?: boolean;
}

/**
 * A snapshot; a new one replaces it whole. While it plays one is told at least once a second. The position now, while `status` is `playing`, is
 * `position + rate * (clock.now() - at) / 1000`; in every other status it is `position`.
 */
export interface PlayerState {
  /** The load that the state speaks of; that of the item before until the player has taken the next. */
  readonly itemToken: string;
  readonly status: PlayerStatus;
  /** Seconds; the last one known when the player tells none (while closing, for instance). */
  readonly position: number;
  /** Monotonic milliseconds: the instant at which `position` was true; never to come, never before that told last. */
  readonly at: number;
  /** Seconds; absent while unknown, and for live streams. */
  readonly duration?: number;
  /** 1 is normal speed. */
  readonly rate: number;
  /** 0 to 100 and above where the player amplifies. */
  readonly volume: number;
  readonly muted: boolean;
  readonly seekable: boolean;
  /** Grows with every load and every seek and with nothing else, so that late events are recognised. */
  readonly epoch: number;
  /** The command (its `id`) or the person (`user`) who caused the latest change of status, position or rate. */
  readonly cause: string;
  /** All tracks of the item. */
  readonly tracks: readonly Track[];
}

/** The position (seconds) of a state at an instant, monotonic milliseconds; never beyond the duration. */
export function positionAt(state: PlayerState, now: number): number {
  if (state.status !== 'playing') return state.position;
  const position = state.position + (state.rate * Math.max(0, now - state.at)) / 1000;
  return Math.min(position, state.duration ?? position);
}

/**
 * `finished`: played to the end · `stopped`: a person or command ended it · `interrupted`: the bytes ended
 * before the media did · `failed`: could not be played at all · `killed`: the player died.
 */
export type EndReason = 'finished' | 'stopped' | 'interrupted' | 'failed' | 'killed';

/** The end of one item in a session. Sent once per load. */
export interface PlayerEnd {
  readonly reason: EndReason;
  /** The load it speaks of. */
  readonly itemToken: string;
  /** Seconds; the last one known. */
  readonly position: number;
  readonly duration?: number;
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
}

/** What a person asked for in the player's window that only the queue can answer. */
export type PlayerRequest = 'next' | 'previous';

export interface CommandOptions {
  /** Comes back as `cause` in the state that the command brings about. At most 64 characters. */
  readonly id?: string;
  readonly signal?: AbortSignal;
}

export interface ScheduledOptions extends CommandOptions {
  /**
   * Monotonic milliseconds. The driver waits for the instant itself; a past one means now. A later `play` or `pause`
   * replaces one that still waits, which rejects with `ABORTED`.
   */
  readonly at?: number;
}

/** A measured position. */
export interface PositionSample {
  readonly position: number;
  /** Monotonic milliseconds. */
  readonly at: number;
  /** Seconds; half-width of what the position may be off. */
  readonly uncertainty: number;
}

/**
 * What everybody may ask of a player: of a session of a player itself, and of one of the host (`PlaybackHandle`).
 * Commands are idempotent (never toggles) and resolve when the player confirms.
 * Every command @throws KinoportError `PLAYER_GONE`, `PLAYER_COMMAND_FAILED`, `PLAYER_UNSUPPORTED`, `ABORTED`.
 */
export interface PlayerCommands {
  play(options?: ScheduledOptions): Promise<void>;
  pause(options?: ScheduledOptions): Promise<void>;
  /**
   * Seconds from the beginning; clamped to the media; what is no number is refused. Not exact: to a nearby key frame,
   * faster. Playing goes on playing, paused stays paused.
   */
  seek(position: number, options?: CommandOptions & { readonly exact?: boolean }): Promise<void>;
  /** Outside of the limits it is refused or brought within them. */
  setRate(rate: number, options?: CommandOptions): Promise<void>;
  setVolume(
    volume: { readonly volume?: number; readonly muted?: boolean },
    options?: CommandOptions,
  ): Promise<void>;
  /** A track's id, or `null` for none. */
  selectTrack(type: 'audio' | 'subtitle', id: number | null, options?: CommandOptions): Promise<void>;
  /** An absolute path, or an http(s) address. */
  addSubtitle(
    subtitle: SubtitleFile & { readonly select?: boolean },
    options?: CommandOptions,
  ): Promise<void>;
  /** A line over the picture for `seconds`. */
  showMessage(text: string, seconds: number): Promise<void>;
  samplePosition(options?: { readonly signal?: AbortSignal }): Promise<PositionSample>;
}

/** One running player. */
export interface PlayerSession extends PlayerCommands {
  /**
   * What `attach` and `recover` need to find this player again, after a crash of everything else.
   * Stored by the host; plain JSON, at most 4 KiB, no secrets.
   */
  readonly endpoint: JsonObject;
  readonly state: PlayerState;
  readonly onDidChangeState: Event<PlayerState>;
  readonly onDidEnd: Event<PlayerEnd>;
  readonly onDidRequest: Event<PlayerRequest>;

  /** The next item in the same window. The item before ends as `stopped` unless it had ended already. */
  load(media: PlayerMedia, options: PlayerLoadOptions): Promise<void>;
  /** At the end of the queue: closes the window, unless the viewer's own player settings keep it open. */
  finish(): Promise<void>;
  /** Ends the player. Resolves when it is gone; once it is, does nothing. */
  stop(options?: CommandOptions): Promise<void>;
  /**
   * Lets go of the player without disturbing it, and tells nothing more of it, no end either; called when a generation
   * of the plugin is replaced.
   */
  detach(): Promise<void>;
}
