import { type Clock, type Disposable, DisposableStore, KinoportError, type Log } from '@kinoport/core';
import { FileView } from '../reading/fileView.ts';
import { PieceWaiters } from '../reading/pieces.ts';
import type { DemandClass } from '../schedule/ports.ts';
import type { PieceCache, PieceStore } from '../store/ports.ts';
import type { Swarm, SwarmStats } from '../swarm/ports.ts';
import type { Torrent } from '../torrent.ts';

export interface LiveTorrentOptions {
  readonly swarm: Swarm;
  readonly cache: PieceCache;
  readonly clock: Clock;
  readonly log: Log;
  readonly readAhead: () => number;
  /** Its pieces, where it is known already what is in it. */
  readonly store?: PieceStore;
}

/** How soon after a failure, a full disk for instance, the swarm is asked again. Milliseconds. */
const TRY_AGAIN = 5_000;
/** How often the peers are noted for the next process of the plugin, which may come without warning. Milliseconds. */
const NOTE_PEERS = 5_000;

/** A torrent among its peers, with the files of it that are read. */
export class LiveTorrent implements Disposable {
  readonly #options: LiveTorrentOptions;
  readonly #waiters = new PieceWaiters();
  readonly #owned = new DisposableStore();
  readonly #views = new Set<FileView>();
  #torrent: Torrent | undefined;
  #tryAgain: Disposable | undefined;
  #store: Promise<PieceStore> | undefined;
  #isTelling = false;
  #notedAt = Number.NEGATIVE_INFINITY;
  #nextView = 0;
  #isOver = false;

  constructor(options: LiveTorrentOptions) {
    this.#options = options;
    const { swarm, clock, log, store } = options;
    this.#owned.add(
      swarm.onDidVerify((piece) => {
        this.#waiters.arrived(piece);
        void this.#notePeers();
      }),
    );
    this.#owned.add(
      swarm.onDidFail((error) => {
        log.warn('A torrent does not go on.', { infohash: swarm.infohash, message: error.message });
        this.#waiters.failAll(error);
        void this.#tryAgain?.dispose();
        this.#tryAgain = clock.after(TRY_AGAIN, () => this.#tell());
      }),
    );
    if (!store) return;
    this.#torrent = store.torrent;
    swarm.fetch(store.torrent, store);
    this.#store = Promise.resolve(store);
  }

  get infohash(): string {
    return this.#options.swarm.infohash;
  }

  get stats(): SwarmStats {
    return this.#options.swarm.stats;
  }

  /** What is in it. @throws KinoportError `TORRENT_INVALID`, `ABORTED`, `DISPOSED` */
  async metadata(signal?: AbortSignal): Promise<Torrent> {
    this.#torrent ??= await this.#options.swarm.metadata(signal);
    return this.#torrent;
  }

  /**
   * A file that is read from now on.
   * @throws KinoportError `TORRENT_FILE_NOT_FOUND`; as `metadata` and `PieceCache.open`
   */
  async view(fileIndex: number, wanted: DemandClass, signal?: AbortSignal): Promise<FileView> {
    const torrent = await this.metadata(signal);
    const file = torrent.files[fileIndex];
    if (!file) {
      throw new KinoportError('TORRENT_FILE_NOT_FOUND', `The torrent has no file ${fileIndex}.`, {
        hint: `It has ${torrent.files.length}, counted from 0.`,
      });
    }
    this.#store ??= this.#openStore(torrent);
    const store = await this.#store;
    if (this.#isOver) throw new KinoportError('DISPOSED', 'The torrent was left.');
    const { clock, readAhead } = this.#options;
    this.#nextView += 1;
    const view = new FileView({
      name: `view-${this.#nextView}`,
      torrent,
      file,
      store,
      waiters: this.#waiters,
      clock,
      class: wanted,
      readAhead,
      onChange: () => this.#changed(),
    });
    this.#views.add(view);
    this.#tell();
    return view;
  }

  /** Nobody reads that file any more. */
  close(view: FileView): void {
    view.dispose();
    if (this.#views.delete(view)) this.#tell();
  }

  async dispose(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#waiters.dispose();
    for (const view of this.#views) view.dispose();
    this.#views.clear();
    await this.#owned.dispose();
    await this.#tryAgain?.dispose();
    const { swarm } = this.#options;
    const store = await this.#store?.catch(() => undefined);
    if (store) store.peers = swarm.peers;
    await swarm.dispose();
    await store?.dispose();
  }

  async #openStore(torrent: Torrent): Promise<PieceStore> {
    try {
      const store = await this.#options.cache.open(torrent);
      this.#options.swarm.fetch(torrent, store);
      return store;
    } catch (error) {
      this.#store = undefined;
      throw error;
    }
  }

  async #notePeers(): Promise<void> {
    const { clock, swarm } = this.#options;
    if (clock.now() - this.#notedAt < NOTE_PEERS) return;
    this.#notedAt = clock.now();
    const store = await this.#store?.catch(() => undefined);
    if (store && !this.#isOver) store.peers = swarm.peers;
  }

  /** Many reads change in one turn. */
  #changed(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    queueMicrotask(() => {
      this.#isTelling = false;
      this.#tell();
    });
  }

  #tell(): void {
    if (this.#isOver || !this.#store) return;
    this.#options.swarm.want([...this.#views].flatMap((view) => view.demands));
  }
}
