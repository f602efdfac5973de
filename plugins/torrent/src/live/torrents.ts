import { type Clock, type Disposable, KinoportError, type Log, sleep } from '@kinoport/core';
import type { PieceCache } from '../store/ports.ts';
import type { Engine } from '../swarm/ports.ts';
import type { Torrent, TorrentAddress } from '../torrent.ts';
import { LiveTorrent } from './liveTorrent.ts';

export interface TorrentsOptions {
  readonly engine: () => Promise<Engine>;
  readonly cache: () => Promise<PieceCache>;
  readonly clock: Clock;
  readonly log: Log;
  /** Seconds. */
  readonly readAhead: () => number;
  readonly metadataTimeout: () => number;
}

/** How long a torrent that nobody reads keeps its peers, who would have to be won again. Milliseconds. */
const IDLE = 120_000;
/** Where what is read may be on disk, it is not kept waiting for looking for peers. Milliseconds. */
const PEERS_AFTER = 1000;
/** Each so many releases the cache is tidied. */
const EVICT_EVERY = 10;

interface Entry {
  readonly live: Promise<LiveTorrent>;
  users: number;
  idle: Disposable | undefined;
}

/** A torrent that is used until `release`. */
export interface Lease {
  readonly live: LiveTorrent;
  release(): void;
}

/** Every torrent that this process is in the swarm of, once each. */
export class Torrents implements Disposable {
  readonly #options: TorrentsOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #endings = new Set<Promise<void>>();
  /** What is being kept on disk at the moment. */
  readonly #keepings = new Map<string, { readonly torrent: Torrent; readonly written: Promise<void> }>();
  #releases = 0;
  #isOver = false;

  constructor(options: TorrentsOptions) {
    this.#options = options;
  }

  /** What is known of a torrent without asking anybody. */
  async known(address: TorrentAddress): Promise<Torrent | undefined> {
    if (address.type === 'torrent') return address.torrent;
    const kept = this.#keepings.get(address.infohash)?.torrent;
    return kept ?? (await this.#options.cache()).known(address.infohash);
  }

  /** Keeps what is in a torrent, so that its link is enough from now on. Nobody waits for the disk. */
  remember(torrent: Torrent): void {
    const { infohash } = torrent;
    if (this.#keepings.has(infohash)) return;
    const written = this.#keep(torrent)
      .catch((error: unknown) => this.#options.log.warn('A torrent was not kept.', { error: String(error) }))
      .finally(() => this.#keepings.delete(infohash));
    this.#keepings.set(infohash, { torrent, written });
  }

  /** Resolves when all that was to be kept so far is. */
  async kept(): Promise<void> {
    await Promise.all(this.#writings());
  }

  /** Joins the swarm, or takes part in it. */
  async lease(address: TorrentAddress): Promise<Lease> {
    if (this.#isOver) throw new KinoportError('DISPOSED', 'The plugin has ended.');
    const infohash = infohashOf(address);
    let entry = this.#entries.get(infohash);
    if (!entry) {
      const live = this.#join(address);
      entry = { live, users: 0, idle: undefined };
      this.#entries.set(infohash, entry);
      live.catch(() => this.#entries.delete(infohash));
    }
    const taken = entry;
    taken.users += 1;
    void taken.idle?.dispose();
    taken.idle = undefined;
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      this.#released(infohash, taken);
    };
    try {
      return { live: await taken.live, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /**
   * What is in a torrent; asks its peers where that is not known here.
   * @throws KinoportError `TORRENT_METADATA_TIMEOUT`, `TORRENT_INVALID`, `ABORTED`
   */
  async metadata(address: TorrentAddress, signal?: AbortSignal): Promise<Torrent> {
    const known = await this.known(address);
    if (known) return known;
    const lease = await this.lease(address);
    const seconds = this.#options.metadataTimeout();
    const end = new AbortController();
    const both = signal ? AbortSignal.any([signal, end.signal]) : end.signal;
    try {
      return await Promise.race([
        lease.live.metadata(both),
        sleep(this.#options.clock, seconds * 1000, both).then(() => {
          const { peers } = lease.live.stats;
          throw new KinoportError(
            'TORRENT_METADATA_TIMEOUT',
            peers === 0
              ? `No peer of this torrent answered within ${seconds} s.`
              : `None of ${peers} peers told within ${seconds} s what is in this torrent.`,
            { hint: 'Try again later, with a link that names trackers, or with the .torrent file.' },
          );
        }),
      ]);
    } finally {
      end.abort();
      lease.release();
    }
  }

  /** The torrents that are joined, with their figures. */
  async live(): Promise<readonly LiveTorrent[]> {
    const all = await Promise.allSettled([...this.#entries.values()].map(({ live }) => live));
    return all.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  }

  /** Leaves the swarm of those that nobody reads, of one or of all; what is being left has been when it resolves. */
  async leaveIdle(infohash?: string): Promise<void> {
    const idle = [...this.#entries].filter(
      ([id, { users }]) => users === 0 && (infohash === undefined || id === infohash),
    );
    await Promise.all(idle.map(([id, entry]) => this.#leave(id, entry)));
    await Promise.all(this.#endings);
  }

  async dispose(): Promise<void> {
    this.#isOver = true;
    await Promise.all([...this.#entries].map(([id, entry]) => this.#leave(id, entry)));
    await Promise.all([...this.#endings, ...this.#writings()]);
  }

  async #join(address: TorrentAddress): Promise<LiveTorrent> {
    const { engine, cache, clock, log, readAhead } = this.#options;
    const [swarms, pieces] = await Promise.all([engine(), cache()]);
    const torrent = await this.known(address);
    if (!torrent)
      return new LiveTorrent({ swarm: swarms.join(address), cache: pieces, clock, log, readAhead });
    // Peers are looked for while the disk is.
    const peers = address.type === 'magnet' ? address.peers : [];
    const after = pieces.sizeOf(torrent.infohash) > 0 ? PEERS_AFTER : 0;
    const swarm = swarms.join({ type: 'torrent', torrent: joined(torrent, address) }, { peers, after });
    try {
      const store = await pieces.open(torrent);
      swarm.connect(store.peers);
      return new LiveTorrent({ swarm, cache: pieces, clock, log, readAhead, store });
    } catch (error) {
      await swarm.dispose();
      throw error;
    }
  }

  #released(infohash: string, entry: Entry): void {
    entry.users -= 1;
    this.#releases += 1;
    if (this.#releases % EVICT_EVERY === 0) this.#tidy();
    if (entry.users > 0 || this.#isOver) return;
    entry.idle = this.#options.clock.after(IDLE, () => void this.#leave(infohash, entry));
  }

  #writings(): readonly Promise<void>[] {
    return [...this.#keepings.values()].map(({ written }) => written);
  }

  async #keep(torrent: Torrent): Promise<void> {
    const cache = await this.#options.cache();
    if (await cache.known(torrent.infohash)) return;
    await (await cache.open(torrent)).dispose();
  }

  #tidy(): void {
    this.#options
      .cache()
      .then((cache) => cache.evict())
      .catch((error: unknown) =>
        this.#options.log.warn('The cache was not tidied.', { error: String(error) }),
      );
  }

  async #leave(infohash: string, entry: Entry): Promise<void> {
    void entry.idle?.dispose();
    if (this.#entries.get(infohash) === entry) this.#entries.delete(infohash);
    const ending = entry.live.then(
      (live) => live.dispose(),
      () => undefined,
    );
    this.#endings.add(ending);
    await ending.finally(() => this.#endings.delete(ending));
  }
}

function infohashOf(address: TorrentAddress): string {
  return address.type === 'torrent' ? address.torrent.infohash : address.infohash;
}

/** The torrent with what the link knows beside; a private one has its own trackers only (BEP 27). */
function joined(torrent: Torrent, address: TorrentAddress): Torrent {
  if (address.type === 'torrent' || torrent.isPrivate) return torrent;
  const union = (a: readonly string[], b: readonly string[]): readonly string[] => [...new Set([...a, ...b])];
  return {
    ...torrent,
    trackers: union(torrent.trackers, address.trackers),
    webSeeds: union(torrent.webSeeds, address.webSeeds),
  };
}
