/** Reads bytes of a file, as they become available. */
export type ReadAt = (start: number, end: number, signal: AbortSignal) => Promise<Uint8Array>;

/** What the head of a media file tells of where its index is, and how long it plays. */
export interface MediaIndex {
  readonly container: 'mp4' | 'matroska' | 'other';
  /** Ranges that a player needs before its first picture, beside the head: `moov`, `Cues`, `Tags`, fonts; each at most 64 MiB. `end` exclusive. */
  readonly ranges: readonly { readonly start: number; readonly end: number }[];
  /** Seconds. */
  readonly duration?: number;
}

/**
 * Looks at the head of a media file, and goes on to what it points at. Never throws for what is in the file: one that
 * makes no sense is `other`. Reads at most 256 KiB in all, an index that is larger only as far as its own head.
 */
export type ProbeMedia = (
  size: number,
  read: ReadAt,
  signal: AbortSignal,
  onHead?: OnHead,
) => Promise<MediaIndex>;

/** Told what the head says, before what it points at is read: of its ranges only the beginning is known by then. */
export type OnHead = (index: MediaIndex) => void;
