import type { Clock, Disposable } from '@kinoport/core';
import type { HttpCaller } from '../net/httpCaller.ts';
import type { Demand, Scheduler, SchedulerOptions, SchedulerStats } from '../schedule/ports.ts';
import type { PieceStore } from '../store/ports.ts';
import { pieceCount, type Torrent } from '../torrent.ts';
import { Assembly } from './assembly.ts';
import type { BlockSink, SourceWire } from './blockWire.ts';
import { WebSeedWire } from './webSeed.ts';

export interface FetchingOptions {
  readonly clock: Clock;
  readonly torrent: Torrent;
  readonly store: PieceStore;
  readonly webSeeds: readonly string[];
  readonly caller: HttpCaller;
  readonly makeScheduler: (options: SchedulerOptions) => Scheduler;
  readonly pass: (bytes: number) => Promise<void>;
  readonly onBytes: (bytes: number) => void;
  readonly onVerified: (piece: number, isComplete: boolean) => void;
  readonly onFailed: (error: Error) => void;
  readonly onLiar: (wire: SourceWire) => void;
}

const MOST_WEB_SEEDS = 20;

/** From wires into a store: what the scheduler decides is asked, what comes is put together and kept. */
export class Fetching implements BlockSink, Disposable {
  readonly store: PieceStore;
  readonly pieces: number;
  readonly has: (piece: number) => boolean;
  readonly #options: FetchingOptions;
  readonly #scheduler: Scheduler;
  readonly #assembly: Assembly;
  readonly #wires = new Set<SourceWire>();
  readonly #webSeeds = new Set<WebSeedWire>();
  readonly #losing: Disposable;
  #missing: number;
  #isDisposed = false;

  constructor(options: FetchingOptions) {
    const { clock, torrent, store, webSeeds, caller, makeScheduler, pass } = options;
    this.#options = options;
    this.store = store;
    this.pieces = pieceCount(torrent);
    this.has = (piece) => store.has(piece);
    this.#missing = 0;
    for (let piece = 0; piece < this.pieces; piece += 1) if (!store.has(piece)) this.#missing += 1;
    this.#scheduler = makeScheduler({ clock, geometry: torrent, have: this.has });
    // What was here is wanted again, where somebody reads it.
    this.#losing = store.onDidLose((piece) => this.#scheduler.rejected(piece));
    this.#assembly = new Assembly({
      torrent,
      scheduler: this.#scheduler,
      put: (piece, bytes) => store.put(piece, bytes),
      onVerified: (piece) => {
        this.#missing -= 1;
        options.onVerified(piece, this.#missing <= 0 && this.#isComplete());
      },
      onPutFailed: (error) => {
        // Nothing is fetched that cannot be kept; the next wish tries again.
        this.#scheduler.want([]);
        options.onFailed(error instanceof Error ? error : new Error(String(error)));
      },
      onLiar: (wire) => this.#onLiar(wire),
      onRoom: () => {
        for (const wire of this.#wires) this.#scheduler.wireChanged(wire);
      },
    });
    for (const url of webSeeds.slice(0, MOST_WEB_SEEDS)) {
      if (!/^https?:\/\//.test(url)) continue;
      const seed = new WebSeedWire({ clock, url, torrent, caller, sink: this, pass });
      this.#webSeeds.add(seed);
      this.add(seed);
    }
  }

  get stats(): SchedulerStats {
    return this.#scheduler.stats;
  }

  get hasRoom(): boolean {
    return this.#assembly.hasRoom;
  }

  want(demands: readonly Demand[]): void {
    if (!this.#isDisposed) this.#scheduler.want(demands);
  }

  add(wire: SourceWire): void {
    this.#wires.add(wire);
    this.#scheduler.addWire(wire);
  }

  remove(wire: SourceWire): void {
    if (this.#wires.delete(wire)) this.#scheduler.removeWire(wire);
  }

  received(wire: SourceWire, piece: number, offset: number, bytes: Uint8Array): void {
    if (this.#isDisposed || !this.#wires.has(wire)) return;
    this.#options.onBytes(bytes.length);
    this.#assembly.add(wire, piece, offset, bytes);
  }

  failed(wire: SourceWire, piece: number, offset: number): void {
    if (!this.#isDisposed && this.#wires.has(wire)) this.#scheduler.failed(wire, piece, offset);
  }

  changed(wire: SourceWire): void {
    if (!this.#isDisposed && this.#wires.has(wire)) this.#scheduler.wireChanged(wire);
  }

  /** Resolves when nothing is on its way to the store any more. */
  async dispose(): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    void this.#losing.dispose();
    this.#wires.clear();
    for (const seed of this.#webSeeds) seed.dispose();
    await this.#scheduler.dispose();
    await this.#assembly.dispose();
  }

  #onLiar(wire: SourceWire): void {
    this.remove(wire);
    if (wire instanceof WebSeedWire && this.#webSeeds.delete(wire)) wire.dispose();
    this.#options.onLiar(wire);
  }

  /** The store may have let go of pieces meanwhile. */
  #isComplete(): boolean {
    this.#missing = 0;
    for (let piece = 0; piece < this.pieces; piece += 1) if (!this.has(piece)) this.#missing += 1;
    return this.#missing === 0;
  }
}
