import type { Disposable } from './lifecycle.ts';
import type { Validators } from './source.ts';

/**
 * Bytes for players. The host's stream front makes tokens, checks hosts and ranges, and asks the plugin for
 * exactly the bytes that are needed; a player never sees the plugin, its restart, or a secret of the origin.
 */
export interface Streams {
  publish(options: PublishOptions): Promise<PublishedStream>;
}

export interface PublishOptions {
  /** The `streamId` of `Source.open` or `StreamRecord`. Absent: a new one (subtitle files, for instance). */
  readonly id?: string;
  /** Bytes; absent when unknown (a live stream): then there are no ranges. */
  readonly size?: number;
  /** Media type. */
  readonly type: string;
  /** File name at the end of the URL; only its extension matters to players. */
  readonly name?: string;
  readonly validators?: Validators;
  /**
   * The bytes from `start` up to, not including, `end` (`undefined`: to the end of a stream of unknown size), no fewer
   * and no more; both lie within the size. Several reads at once are usual. When the signal fires, or the iteration is
   * left, the read ends and lets go of what it holds.
   * Called once for each request of a player, with backpressure: a chunk is asked for when the one before is
   * taken. Throwing breaks the response off; the host asks again from the exact byte a few times, then the
   * player sees a broken connection and the session a failed read.
   */
  readonly read: (start: number, end: number | undefined, signal: AbortSignal) => AsyncIterable<Uint8Array>;
}

export interface PublishedStream extends Disposable {
  readonly id: string;
  /** The loopback address that a player opens. */
  readonly url: string;
}
