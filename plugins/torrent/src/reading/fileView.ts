import { abortedError, type Clock, type Disposable, isKinoportError } from '@kinoport/core';
import type { MediaIndex } from '../media/ports.ts';
import { probeMedia } from '../media/probeMedia.ts';
import type { Demand, DemandClass } from '../schedule/ports.ts';
import type { PieceStore } from '../store/ports.ts';
import { lengthOfPiece, type Torrent, type TorrentFile } from '../torrent.ts';
import type { PieceWaiters } from './pieces.ts';
import { aheadOf, demandsOf, heldPieces, type OpenRead, type Prepared, playheadOf } from './window.ts';

export interface FileViewOptions {
  /** Its name among all views of the torrent. */
  readonly name: string;
  readonly torrent: Torrent;
  readonly file: TorrentFile;
  readonly store: PieceStore;
  readonly waiters: PieceWaiters;
  readonly clock: Clock;
  readonly class: DemandClass;
  /** Seconds of media to have beyond what is watched. */
  readonly readAhead: () => number;
  /** What it wants has changed. */
  readonly onChange: () => void;
}

/** Before the index was read: 8 Mbit/s, what most films stay below. */
const USUAL_BITRATE = 1_000_000;
/** Tells what the file is, and where its index. */
const FIRST = 64 * 1024;
/** Milliseconds until the rest of the first stretch is needed. */
const HEAD_AFTER = 800;
/** At the end of a file lies the index of an MP4 that was not made for streaming, or the cues of a Matroska. */
const TAIL = 256 * 1024;
/**
 * Milliseconds by which the head goes before the tail where there is not enough for both: an MP4 may have its index
 * there, without which nothing is shown, others have at most what a seek needs.
 */
const TAIL_AFTER = 800;
const MP4_TAIL_AFTER = 1;
/** Milliseconds until the cues of a Matroska are needed: no player reads them before it seeks. */
const CUES_AFTER = 10_000;
/** Most bytes handed out at a time. */
const CHUNK = 256 * 1024;
/** A demand is renewed when its reader has gone on by so much. */
const STEP = 512 * 1024;

interface Read extends OpenRead {
  position: number;
  taken: number;
  since?: number;
  /** `position` when the demands were made last. */
  told: number;
}

/** `undefined`: where something is needed, the head says where. */
function tailAfterOf(path: string): number | undefined {
  if (/\.(?:mkv|webm|mka|mk3d)$/i.test(path)) return undefined;
  return /\.(?:mp4|m4v|mov|m4a|m4b|3gp)$/i.test(path) ? MP4_TAIL_AFTER : TAIL_AFTER;
}

/** One file of a torrent as somebody reads it, or is about to. */
export class FileView implements Disposable {
  readonly #options: FileViewOptions;
  readonly #reads: Read[] = [];
  readonly #over = new AbortController();
  #class: DemandClass;
  readonly #head: readonly Prepared[];
  readonly #tail: Prepared;
  #prepared: readonly Prepared[];
  #index: MediaIndex | undefined;
  #nextRead = 0;
  #watched = 0;

  constructor(options: FileViewOptions) {
    this.#options = options;
    this.#class = options.class;
    const { length } = options.file;
    // What is really needed is known when the very head is there; until then head and tail.
    const first = Math.min(length, FIRST);
    const head = Math.max(first, Math.min(length, this.#class === 'warm' ? CHUNK : this.#firstStretch));
    const now = options.clock.now();
    this.#head = [
      { start: 0, end: first, due: now },
      { start: first, end: head, due: now + HEAD_AFTER },
    ];
    const tailAfter = tailAfterOf(options.file.path);
    this.#tail = { start: Math.max(head, length - TAIL), end: length, due: now + (tailAfter ?? TAIL_AFTER) };
    this.#prepared = tailAfter === undefined ? this.#head : [...this.#head, this.#tail];
    void this.#look();
  }

  get file(): TorrentFile {
    return this.#options.file;
  }

  /** Seconds, as the file itself says. */
  get duration(): number | undefined {
    return this.#index?.duration;
  }

  /** Bytes a second. */
  get bitrate(): number {
    const { duration } = this;
    return duration ? this.#options.file.length / duration : USUAL_BITRATE;
  }

  /** Seconds of media that are here, from the playhead on. */
  get bufferedSeconds(): number {
    const { file, torrent, store } = this.#options;
    const playhead = playheadOf(this.#reads)?.position ?? this.#watched * this.bitrate;
    const from = file.offset + Math.floor(Math.min(playhead, file.length));
    const end = file.offset + file.length;
    let at = from;
    while (at < end && store.has(Math.floor(at / torrent.pieceLength)))
      at = (Math.floor(at / torrent.pieceLength) + 1) * torrent.pieceLength;
    return Math.max(0, Math.min(at, end) - from) / this.bitrate;
  }

  /** What was fetched beforehand is played now, or the other way round. */
  set class(value: DemandClass) {
    if (this.#class === value) return;
    this.#class = value;
    this.#changed();
  }

  /** Where the viewer is; counts while nobody reads. */
  watched(seconds: number): void {
    this.#watched = seconds;
  }

  get demands(): readonly Demand[] {
    return demandsOf(this.#window, {
      name: this.#options.name,
      class: this.#class,
      now: this.#options.clock.now(),
      ...this.#state,
    });
  }

  /** See `PublishOptions.read`. */
  async *read(start: number, end: number | undefined, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { file, torrent, store, waiters } = this.#options;
    const stop = AbortSignal.any([signal, this.#over.signal]);
    const read: Read = {
      id: ++this.#nextRead,
      position: start,
      end: Math.min(end ?? file.length, file.length),
      taken: 0,
      told: start,
    };
    this.#reads.push(read);
    this.#changed();
    try {
      while (read.position < read.end) {
        if (stop.aborted) throw abortedError();
        const at = file.offset + read.position;
        const piece = Math.floor(at / torrent.pieceLength);
        if (!store.has(piece)) {
          await waiters.wait(piece, stop);
          continue;
        }
        const inPiece = at - piece * torrent.pieceLength;
        const length = Math.min(CHUNK, lengthOfPiece(torrent, piece) - inPiece, read.end - read.position);
        const bytes = await this.#stored(piece, inPiece, length);
        if (!bytes) continue;
        read.since ??= this.#options.clock.now();
        yield bytes;
        read.position += bytes.length;
        read.taken += bytes.length;
        if (read.position - read.told >= STEP) this.#advanced(read);
      }
    } finally {
      this.#reads.splice(this.#reads.indexOf(read), 1);
      this.#changed();
    }
  }

  dispose(): void {
    this.#over.abort();
    this.#options.store.hold(this.#options.name, []);
  }

  get #window() {
    const { torrent, file } = this.#options;
    return { offset: file.offset, length: file.length, pieceLength: torrent.pieceLength };
  }

  get #state() {
    return {
      reads: this.#reads,
      prepared: this.#prepared,
      bitrate: this.bitrate,
      readAhead: this.#options.readAhead(),
    };
  }

  /** As much of the head as the first seconds need. */
  get #firstStretch(): number {
    return aheadOf(USUAL_BITRATE, 2, Math.min(this.#options.torrent.pieceLength, 4 * 1024 * 1024));
  }

  /** A piece that the disk does not give back any more is fetched again. */
  async #stored(piece: number, offset: number, length: number): Promise<Uint8Array | undefined> {
    try {
      return await this.#options.store.read(piece, offset, length);
    } catch (error) {
      if (!isKinoportError(error, 'CACHE_READ_FAILED') || this.#options.store.has(piece)) throw error;
      this.#changed();
      return undefined;
    }
  }

  /** Reads the head of the file, and then wants exactly what it points at. */
  async #look(): Promise<void> {
    const { file } = this.#options;
    const { signal } = this.#over;
    const readAt = async (start: number, end: number, abort: AbortSignal): Promise<Uint8Array> => {
      const parts: Uint8Array[] = [];
      for await (const bytes of this.#quiet(start, end, abort)) parts.push(bytes);
      return Buffer.concat(parts);
    };
    let index: MediaIndex;
    try {
      index = await probeMedia(file.length, readAt, signal, (head) => this.#found(head));
    } catch {
      // Given up, or the disk is full: whoever reads is told.
      return;
    }
    this.#found(index);
  }

  #found(index: MediaIndex): void {
    this.#index = index;
    const now = this.#options.clock.now();
    const due = now + (index.container === 'matroska' ? CUES_AFTER : 0);
    const needed =
      index.container === 'other' ? [this.#tail] : index.ranges.map((range) => ({ ...range, due }));
    this.#prepared = [...this.#head, ...needed];
    this.#changed();
  }

  /** Reads without being taken for a player. */
  async *#quiet(start: number, end: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { file, torrent, store, waiters } = this.#options;
    let at = file.offset + start;
    const last = file.offset + Math.min(end, file.length);
    while (at < last) {
      const piece = Math.floor(at / torrent.pieceLength);
      if (!store.has(piece)) {
        await waiters.wait(piece, signal);
        continue;
      }
      const inPiece = at - piece * torrent.pieceLength;
      const length = Math.min(lengthOfPiece(torrent, piece) - inPiece, last - at);
      const bytes = await this.#stored(piece, inPiece, length);
      if (!bytes) continue;
      yield bytes;
      at += bytes.length;
    }
  }

  #advanced(read: Read): void {
    read.told = read.position;
    this.#changed();
  }

  #changed(): void {
    if (this.#over.signal.aborted) return;
    const { store, name } = this.#options;
    store.hold(name, heldPieces(this.#window, this.#state));
    this.#options.onChange();
  }
}
