import { type Disposable, DisposableStore, Emitter, type Event, KinoportError } from '@kinoport/core';
import type { Torrent } from '../torrent.ts';
import type { KeptTorrent, PieceRange } from './keptTorrent.ts';
import type { PieceStore } from './ports.ts';
import { MAX_KEPT_PEERS } from './resume.ts';
import type { Shelf } from './shelf.ts';

let openings = 0;

/** One opening of a torrent's pieces. */
export class OpenPieces implements PieceStore, Disposable {
  readonly torrent: Torrent;
  readonly onDidLose: Event<number>;
  readonly #shelf: Shelf;
  readonly #kept: KeptTorrent;
  readonly #puts: Map<number, Promise<void>>;
  readonly #subscriptions = new DisposableStore();
  readonly #prefix = `${openings++}:`;
  readonly #onDispose: () => Promise<void>;
  #disposing: Promise<void> | undefined;

  /** @param puts pieces being put, by all openings of this torrent */
  constructor(
    shelf: Shelf,
    torrent: Torrent,
    kept: KeptTorrent,
    puts: Map<number, Promise<void>>,
    onDispose: () => Promise<void>,
  ) {
    this.#shelf = shelf;
    this.torrent = torrent;
    this.#kept = kept;
    this.#puts = puts;
    this.#onDispose = onDispose;
    const didLose = this.#subscriptions.add(new Emitter<number>());
    this.onDidLose = didLose.event;
    this.#subscriptions.add(
      shelf.onDidLose(({ infohash, piece }) => {
        if (infohash === torrent.infohash) didLose.fire(piece);
      }),
    );
  }

  has(piece: number): boolean {
    return this.#kept.have.has(piece);
  }

  bitfield(): Uint8Array {
    return this.#kept.have.bytes();
  }

  get size(): number {
    return this.#kept.bytes;
  }

  get peers(): readonly string[] {
    return this.#kept.peers;
  }

  set peers(peers: readonly string[]) {
    this.#kept.peers = peers.slice(0, MAX_KEPT_PEERS);
    this.#kept.hasNewPeers = true;
    this.#shelf.resumes.changed(this.#kept);
  }

  async put(piece: number, bytes: Uint8Array): Promise<void> {
    this.#check();
    this.#checkPiece(piece);
    if (bytes.length !== this.#kept.lengthOf(piece)) throw badArgument('A piece has another length.');
    if (this.has(piece)) {
      this.#kept.used(piece, this.#shelf.nextTick());
      return;
    }
    const known = this.#puts.get(piece);
    if (known) return known;
    const put = this.#shelf.put(this.#kept, piece, bytes).finally(() => this.#puts.delete(piece));
    this.#puts.set(piece, put);
    return put;
  }

  async read(piece: number, offset: number, length: number): Promise<Uint8Array> {
    this.#check();
    this.#checkPiece(piece);
    const isWhole = Number.isSafeInteger(offset) && Number.isSafeInteger(length);
    if (!isWhole || offset < 0 || length < 0 || offset + length > this.#kept.lengthOf(piece))
      throw badArgument('A range is outside of its piece.');
    return this.#shelf.read(this.#kept, piece, offset, length);
  }

  hold(name: string, ranges: readonly PieceRange[]): void {
    if (!this.#disposing) this.#kept.hold(this.#prefix + name, ranges);
  }

  dispose(): Promise<void> {
    this.#disposing ??= this.#dispose();
    return this.#disposing;
  }

  async #dispose(): Promise<void> {
    await Promise.allSettled(this.#puts.values());
    this.#kept.releaseAll(this.#prefix);
    await this.#subscriptions.dispose();
    await this.#onDispose();
  }

  #check(): void {
    if (this.#disposing) throw new KinoportError('DISPOSED', 'The torrent has been closed.');
  }

  #checkPiece(piece: number): void {
    if (!Number.isInteger(piece) || piece < 0 || piece >= this.#kept.have.size)
      throw badArgument('The torrent has no such piece.');
  }
}

function badArgument(message: string): KinoportError {
  return new KinoportError('INVALID_ARGUMENT', message);
}
