/** What the bench and a contender's process say to each other: one JSON message a line. */

export interface Opening {
  /** A `.torrent` on disk; else `magnet` is there. Both name the tracker that knows the peers. */
  readonly torrent?: string;
  readonly magnet?: string;
  /** For what it keeps on disk. */
  readonly folder: string;
}

export type ContenderRequest =
  | { readonly method: 'open'; readonly opening: Opening }
  | { readonly method: 'close' };

export type ContenderReply =
  /** The module is loaded. `pid`: the process that does the work, where it is not the contender's own. */
  | { readonly ready: true; readonly pid?: number }
  | { readonly url: string }
  | { readonly closed: true }
  | { readonly error: string };

/** A way to play a torrent, in a process of its own. */
export interface Adapter {
  readonly pid?: number;
  /** @returns where it can be read with HTTP ranges */
  open(opening: Opening): Promise<string>;
  close(): Promise<void>;
}
