import type { JsonObject } from '../../json.ts';
import type { Player, PlayerMedia, PlayerOpenOptions, SubtitleFile } from '../../player.ts';

/** A player to be judged, and what the suite needs to do so. What is left out has its clauses skipped. */
export interface PlayerSubject {
  readonly player: Player;
  readonly media: {
    /** At least 20 s, with a picture and one audio track; `duration` is the true one. */
    readonly film: PlayerMedia & { readonly duration: number };
    /** A medium that is not there. */
    readonly missing?: PlayerMedia;
    /** A file that is neither picture nor sound. */
    readonly garbage?: PlayerMedia;
    /**
     * One whose bytes end long before its `duration` does: a server that breaks off and refuses from then on. It can
     * be played for two seconds at least.
     */
    readonly cut?: PlayerMedia & { readonly duration: number };
    readonly subtitle?: SubtitleFile;
  };
  /** Added to every `open`: `extraArgs` without a window, for instance. */
  readonly options?: Pick<PlayerOpenOptions, 'extraArgs' | 'environment'>;
  /** Before each `open`: a place to record the session. */
  readonly prepare?: (sessionId: string) => void | Promise<void>;
  /** Whether the program behind a session is there. */
  readonly isAlive?: (running: RunningPlayer) => Promise<boolean>;
  /** Ends the program the hard way, as a crash of it does. */
  readonly kill?: (running: RunningPlayer) => Promise<void>;
  /** Presses pause in the player's own window, as a viewer does. */
  readonly pressPause?: (running: RunningPlayer) => Promise<void>;
  /** The same player in a new process of its plugin, to attach with. Default: `player`. */
  readonly again?: () => Promise<Player>;
}

/** A session as the outside world knows it. */
export interface RunningPlayer {
  readonly sessionId: string;
  readonly endpoint: JsonObject;
}
