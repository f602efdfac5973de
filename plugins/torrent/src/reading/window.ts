import type { Demand, DemandClass } from '../schedule/ports.ts';

/** A read of a player that is under way, in bytes of its file. */
export interface OpenRead {
  readonly id: number;
  readonly position: number;
  /** Exclusive. */
  readonly end: number;
  /** Bytes that it has handed out. */
  readonly taken: number;
  /** Instant at which it handed out the first. */
  readonly since?: number;
}

/** A range of the file that is wanted before anybody reads it. */
export interface Prepared {
  readonly start: number;
  readonly end: number;
  /** Instant at which it is needed. */
  readonly due: number;
}

export interface WindowOptions {
  /** Where the file begins in the torrent, and how long it is. */
  readonly offset: number;
  readonly length: number;
  readonly pieceLength: number;
}

export interface WindowState {
  readonly name: string;
  readonly class: DemandClass;
  /** Instant. */
  readonly now: number;
  readonly reads: readonly OpenRead[];
  readonly prepared: readonly Prepared[];
  /** Bytes a second of the media. */
  readonly bitrate: number;
  /** Seconds. */
  readonly readAhead: number;
}

/** Least and most bytes that are fetched ahead of a reader, whatever the bitrate says. */
const LEAST_AHEAD = 2 * 1024 * 1024;
/** The least for a reader that holds much already. */
const LEAST_MORE = 1024 * 1024;
const MOST_AHEAD = 128 * 1024 * 1024;
/** A read that has taken no more than this looks at something, an index for instance: it is no playhead. */
const PROBE = 256 * 1024;

/** Bytes ahead of the playhead that are wanted. */
export function aheadOf(bitrate: number, seconds: number, pieceLength: number): number {
  return Math.min(MOST_AHEAD, Math.max(LEAST_AHEAD, pieceLength, bitrate * seconds));
}

/**
 * The same for a reader that has taken more than can have been watched: what lies in its buffers, and in those on the
 * way to it, is read-ahead as well.
 */
function aheadOfReader(read: OpenRead, bitrate: number, ahead: number, now: number): number {
  if (read.since === undefined) return ahead;
  const watched = (bitrate * (now - read.since)) / 1000;
  return Math.max(LEAST_MORE, ahead - Math.max(0, read.taken - watched));
}

/** The read that shows where the viewer is: the newest that has taken more than a look. */
export function playheadOf(reads: readonly OpenRead[]): OpenRead | undefined {
  return reads.findLast(({ taken }) => taken > PROBE) ?? reads.at(-1);
}

/**
 * What is wanted of a file: each read its own stretch, so that none keeps another from going on; the playhead's as far
 * as the read-ahead, the others' as far as they are likely to look.
 */
export function demandsOf(file: WindowOptions, state: WindowState): readonly Demand[] {
  const { name, now, reads, prepared, bitrate, readAhead } = state;
  const ahead = aheadOf(bitrate, readAhead, file.pieceLength);
  const playhead = playheadOf(reads);
  const demand = (id: string, start: number, end: number, rate: number, due = now): Demand => ({
    id: `${name}/${id}`,
    class: state.class,
    start: file.offset + Math.max(0, start),
    end: file.offset + Math.min(end, file.length),
    due,
    rate,
    order: 'deadline',
  });
  const demands = reads.map((read) => {
    const span =
      read === playhead
        ? aheadOfReader(read, bitrate, ahead, now)
        : Math.min(ahead, Math.max(PROBE, read.taken + PROBE));
    return demand(`read-${read.id}`, read.position, Math.min(read.end, read.position + span), bitrate);
  });
  for (const [n, { start, end, due }] of prepared.entries())
    demands.push(demand(`prepared-${n}`, start, end, Number.POSITIVE_INFINITY, due));
  return demands.filter(({ start, end }) => end > start);
}

/** Pieces that must stay on disk for these reads: what was just seen, and what is fetched ahead. */
export function heldPieces(
  file: WindowOptions,
  state: Pick<WindowState, 'reads' | 'prepared' | 'bitrate' | 'readAhead'>,
): readonly { readonly from: number; readonly to: number }[] {
  const ahead = aheadOf(state.bitrate, state.readAhead, file.pieceLength);
  const piece = (byte: number): number =>
    Math.floor((file.offset + Math.min(Math.max(0, byte), file.length - 1)) / file.pieceLength);
  return [
    ...state.reads.map(({ position, end }) => ({
      from: piece(position - file.pieceLength),
      to: piece(Math.min(end, position + ahead)),
    })),
    ...state.prepared.map(({ start, end }) => ({ from: piece(start), to: piece(end - 1) })),
  ];
}
