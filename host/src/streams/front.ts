import type { Disposable, Event, KinoportError, Validators } from '@kinoport/core';
import type { InjectionToken } from 'tsyringe';

/** The plugin behind a stream, whatever its generation. */
export interface StreamOwner {
  /**
   * The socket of the active generation's byte server; waits while there is none.
   * Rejects when there will be none any more (disabled, failed), or when the signal fires.
   */
  acquire(signal: AbortSignal): Promise<{ readonly socketPath: string }>;
}

export interface StreamRegistration {
  /** Of `newStreamId`. */
  readonly id: string;
  /** Bytes; absent when unknown: then there are no ranges. */
  readonly size?: number;
  /** Media type. */
  readonly type: string;
  /** File name; only its extension matters to players. */
  readonly name?: string;
  readonly validators?: Validators;
  readonly owner: StreamOwner;
}

/** A read that could not be completed, after all attempts. */
export interface FailedRead {
  readonly id: string;
  /** The byte that could not be had. */
  readonly offset: number;
  readonly error: KinoportError;
  /** Instant of the monotonic clock. */
  readonly at: number;
}

export interface StreamReads {
  readonly id: string;
  /** Bytes handed to players since the registration. */
  readonly bytesServed: number;
  /** The byte after the last one handed out, by whichever response. */
  readonly offset: number;
  /** Responses under way. */
  readonly readers: number;
}

/**
 * The one address that players open streams at: `http://127.0.0.1:<port>/s/<id>/<name>`. It checks hosts, makes
 * ranges, and asks the plugin's current generation for bytes; when one breaks in mid-response it goes on with
 * the next at the exact byte, so that no player sees the reload or crash of a source.
 */
export interface StreamFront extends Disposable {
  /** `undefined` until started. */
  readonly port: number | undefined;
  /**
   * Listens on the preferred port, or on another where that is taken, and resolves with the port in use.
   * Players that outlived a host find their stream again only when the port stays the same: store it.
   */
  start(preferredPort?: number): Promise<number>;
  /**
   * Announces a stream that will be registered again soon (after a restart of the host, before `start`):
   * requests for it wait instead of being answered with 404.
   */
  expect(id: string): void;
  /**
   * Makes a stream readable and returns its address. The same id again (after a crash or reload) keeps the
   * address and the responses under way.
   * @throws KinoportError `SOURCE_CHANGED` when size or validators of the id are not what they were; responses
   *   under way are broken off then; `INVALID_ARGUMENT`
   */
  register(registration: StreamRegistration): string;
  /** Breaks off what is under way; the address answers 404 from now on. */
  unregister(id: string): void;
  /** Failed reads of a registered stream, oldest first, the last 20. */
  failedReads(id: string): readonly FailedRead[];
  reads(id: string): StreamReads | undefined;
  /** Ids of all streams that are registered or expected. */
  readonly ids: readonly string[];
  readonly onDidFailRead: Event<FailedRead>;
  /** With the first bytes of each response, then at most 4 times a second for each stream. */
  readonly onDidRead: Event<StreamReads>;
  dispose(): Promise<void>;
}

export const StreamFront: InjectionToken<StreamFront> = Symbol('StreamFront');
