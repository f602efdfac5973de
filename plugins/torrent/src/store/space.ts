import { cacheFull } from './files.ts';
import type { KeptTorrent } from './keptTorrent.ts';

export interface SpaceOptions {
  /** Bytes on disk, all torrents together. */
  readonly limit: () => number;
  readonly torrents: () => Iterable<KeptTorrent>;
  readonly isOpen: (torrent: KeptTorrent) => boolean;
  /** Removes a piece; it counts no longer once this has resolved. */
  readonly removePiece: (torrent: KeptTorrent, piece: number) => Promise<void>;
  /** Removes what is left of a torrent that is not open. */
  readonly removeTorrent: (torrent: KeptTorrent) => Promise<void>;
}

/**
 * Room on disk. What goes first: pieces of torrents that are not open, the one used longest ago first; then those of open
 * ones by use; first and last pieces of files after all others; what is held or pinned never.
 */
export class Space {
  readonly #options: SpaceOptions;
  /** Bytes that are being written or removed. */
  #moving = 0;
  #evictions: Promise<void> = Promise.resolve();
  #waiting = 0;
  #onRelease: (() => void)[] = [];

  constructor(options: SpaceOptions) {
    this.#options = options;
  }

  get used(): number {
    let sum = this.#moving;
    for (const { bytes, torrentBytes } of this.#options.torrents()) sum += bytes + torrentBytes;
    return sum;
  }

  /** Makes room and keeps it until `release`. @throws KinoportError `CACHE_FULL` */
  async reserve(bytes: number): Promise<void> {
    // Whoever waits already comes first, or what was removed for it would go to others.
    if (this.#waiting === 0 && this.#fits(bytes)) this.occupy(bytes);
    else await this.#turn(() => this.#makeRoom(bytes));
  }

  /** Counts what is being removed until `release`. */
  occupy(bytes: number): void {
    this.#moving += bytes;
  }

  release(bytes: number): void {
    this.#moving -= bytes;
    const waiting = this.#onRelease;
    this.#onRelease = [];
    for (const resolve of waiting) resolve();
  }

  /** Removes at least so many bytes, if so many may go. @returns bytes removed */
  async free(bytes: number): Promise<number> {
    // Out of turn: whoever is at turn may wait for the very put that asks for this.
    let freed = 0;
    while (freed < bytes) {
      const removed = await this.#removeOne();
      if (removed === undefined) break;
      freed += removed;
    }
    return freed;
  }

  /** Removes what is over the limit. */
  async shrink(): Promise<void> {
    await this.#turn(async () => {
      while (!this.#fits(0) && (await this.#removeOne()) !== undefined);
    });
  }

  async #makeRoom(bytes: number): Promise<void> {
    if (bytes > this.#options.limit()) throw cacheFull('The cache is too small for a single piece.');
    while (!this.#fits(bytes)) {
      if ((await this.#removeOne()) !== undefined || this.#fits(bytes)) continue;
      if (this.#moving === 0)
        throw cacheFull('The cache is full of what is being played and what is pinned.');
      // What is being written may go as soon as it is there.
      await new Promise<void>((resolve) => this.#onRelease.push(resolve));
    }
    this.occupy(bytes);
  }

  #fits(bytes: number): boolean {
    return this.used + bytes <= this.#options.limit();
  }

  /** One after the other, or each would remove what the other has made room with. */
  #turn(run: () => Promise<void>): Promise<void> {
    this.#waiting++;
    const turn = this.#evictions.then(run).finally(() => {
      this.#waiting--;
    });
    this.#evictions = turn.catch(() => {});
    return turn;
  }

  async #removeOne(): Promise<number | undefined> {
    const { removePiece, removeTorrent } = this.#options;
    const victim = this.#next(false) ?? this.#next(true);
    if (victim) {
      const { torrent, piece } = victim;
      const length = torrent.lengthOf(piece);
      this.occupy(length);
      try {
        await removePiece(torrent, piece);
      } finally {
        this.release(length);
      }
      return torrent.stuck.has(piece) ? 0 : length;
    }
    const [empty] = this.#closed();
    if (!empty) return undefined;
    const { torrentBytes } = empty;
    await removeTorrent(empty);
    return torrentBytes;
  }

  #next(edges: boolean): { readonly torrent: KeptTorrent; readonly piece: number } | undefined {
    for (const torrent of this.#closed()) {
      const oldest = torrent.oldest(edges);
      if (oldest) return { torrent, piece: oldest.piece };
    }
    let found: { torrent: KeptTorrent; piece: number; tick: number } | undefined;
    for (const torrent of this.#options.torrents()) {
      if (!this.#options.isOpen(torrent) || torrent.isPinned) continue;
      const oldest = torrent.oldest(edges);
      if (oldest && oldest.tick < (found?.tick ?? Number.POSITIVE_INFINITY)) found = { torrent, ...oldest };
    }
    return found;
  }

  /** Torrents that are neither open nor pinned, the one used longest ago first. */
  #closed(): readonly KeptTorrent[] {
    return [...this.#options.torrents()]
      .filter((torrent) => !this.#options.isOpen(torrent) && !torrent.isPinned)
      .sort((a, b) => a.usedAt - b.usedAt);
  }
}
