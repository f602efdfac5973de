/** Why a relay closes a WebSocket: codes of RFC 6455 where they say it, else of the range for applications. */
export const CLOSE = {
  /** The member left, or the room is over: `goodbye` has said which. Do not come back. */
  NORMAL: 1000,
  /** A frame larger than allowed. */
  TOO_BIG: 1009,
  /** The relay is being ended or replaced: come back with the seat after `retryAfter` of `goodbye`. */
  RESTART: 1012,
  /** No room on this relay or for this address now. Come back later. */
  OVERLOADED: 1013,
  /** Too many frames that are not of the protocol. */
  PROTOCOL: 4000,
  /** No version in common. */
  VERSION: 4001,
  /** No `hello`, or no room entered, in time. */
  SILENT: 4002,
  /** The host has sent this member out. Do not come back. */
  KICKED: 4003,
  /** More messages than allowed, and `error` did not help. Come back later. */
  RATE: 4004,
  /** The seat was resumed by another connection. Do not come back. */
  REPLACED: 4005,
  /** The peer takes its messages too slowly. Come back. */
  SLOW: 4006,
} as const;

export type CloseCode = (typeof CLOSE)[keyof typeof CLOSE];

const FINAL: ReadonlySet<number> = new Set([CLOSE.NORMAL, CLOSE.VERSION, CLOSE.KICKED, CLOSE.REPLACED]);

/** Whether a client may come back into its seat after such a close; every code it does not know allows it. */
export function mayComeBack(code: number): boolean {
  return !FINAL.has(code);
}
