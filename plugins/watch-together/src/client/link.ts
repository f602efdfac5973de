import type { Disposable, Event } from '@kinoport/core';
import type { ClientMessage, ServerMessage } from '../protocol/index.ts';

/** How a member speaks with a relay: whole messages, in order. A WebSocket is one; what is above knows none. */
export interface RelayLink extends Disposable {
  /** What cannot be sent is lost; the end of the link tells. */
  send(message: ClientMessage): void;
  /** Asks for a sign of life, which comes by {@link onDidHear}. */
  ping(): void;
  /** Ends it at once, and tells by {@link onDidClose}. */
  close(): void;
  readonly onDidReceive: Event<ServerMessage>;
  /** Anything at all has come. */
  readonly onDidHear: Event<void>;
  /** Once, with a code of closeCodes.ts; nothing comes after it. */
  readonly onDidClose: Event<{ readonly code: number }>;
}

/**
 * Opens a link to the relay at an address.
 * @throws KinoportError `RELAY_UNREACHABLE`, `ABORTED`
 */
export type LinkOpener = (relay: string, signal: AbortSignal) => Promise<RelayLink>;
