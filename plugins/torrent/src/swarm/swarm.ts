import { hash } from 'node:crypto';
import { abortedError, type Clock, type Disposable, Emitter, KinoportError, type Log } from '@kinoport/core';
import { decodeBencode, isDictionary } from '../address/bencode.ts';
import { torrentOfInfo } from '../address/parseTorrent.ts';
import type { HttpCaller } from '../net/httpCaller.ts';
import type { Demand } from '../schedule/ports.ts';
import type { PieceStore } from '../store/ports.ts';
import type { Torrent, TorrentAddress } from '../torrent.ts';
import { type BlockSink, PeerWire } from './blockWire.ts';
import type { ConnectionBudget } from './connections.ts';
import { listeningAddress } from './dialer.ts';
import { Fetching } from './fetching.ts';
import { KnownPeers } from './knownPeers.ts';
import { MetadataExchange } from './metadata.ts';
import { chunksOf } from './pieceChunks.ts';
import type { EngineOptions, EngineSettings, Swarm, SwarmStats } from './ports.ts';
import { Rate } from './rate.ts';
import { Transport } from './transport.ts';
import type { UploadGate } from './uploads.ts';
import { within } from './waiting.ts';
import type { Peer, Wire, WtClient } from './webtorrent.ts';

export interface SwarmOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly makeScheduler: EngineOptions['makeScheduler'];
  readonly settings: () => EngineSettings;
  readonly address: TorrentAddress;
  readonly peers: readonly string[];
  /** Milliseconds until peers are looked for, unless something is missing before. */
  readonly after: number;
  readonly budget: ConnectionBudget;
  readonly gate: UploadGate;
  /** Asks web seeds. */
  readonly caller: HttpCaller;
  /** Waits until so many bytes may come from web seeds. */
  readonly pass: (bytes: number) => Promise<void>;
  /** The client of now; another one when the last has failed. */
  readonly client: () => Promise<WtClient>;
  readonly onDispose: () => void;
}

const AFTER_ERROR = [1000, 5000, 30_000];
/** Milliseconds. */
const CLOSING = 1500;

/** One torrent among its peers, over as many of webtorrent's torrents as it takes. */
export class WebtorrentSwarm implements Swarm {
  readonly infohash: string;
  readonly #options: SwarmOptions;
  readonly #verified = new Emitter<number>();
  readonly #failed = new Emitter<Error>();
  readonly #metadata: MetadataExchange;
  readonly #known = Promise.withResolvers<Torrent>();
  #torrent: Torrent | undefined;
  #transport: Transport | undefined;
  #fetching: Fetching | undefined;
  #demands: readonly Demand[] = [];
  readonly #wires = new Map<Wire, { readonly wire: PeerWire; readonly peer: Peer }>();
  readonly #knownPeers = new KnownPeers();
  /** Tried at once, also by a transport that comes in the place of another. */
  readonly #first: string[];
  /** Of wires that have gone. */
  readonly #lastUseful = new WeakMap<Wire, number>();
  readonly #down: Rate;
  readonly #up: Rate;
  #errors = 0;
  #retry: Disposable | undefined;
  /** Until peers are looked for. */
  #resting: Disposable | undefined;
  #disposing: Promise<void> | undefined;

  readonly onDidVerify = this.#verified.event;
  readonly onDidFail = this.#failed.event;

  constructor(options: SwarmOptions) {
    const { address, clock } = options;
    this.#options = options;
    this.#first = [...options.peers, ...(address.type === 'magnet' ? address.peers : [])];
    this.#down = new Rate(clock);
    this.#up = new Rate(clock);
    this.#torrent = address.type === 'torrent' ? address.torrent : undefined;
    this.infohash = address.type === 'torrent' ? address.torrent.infohash : address.infohash;
    this.#metadata = new MetadataExchange(
      {
        after: (ms, run) => clock.after(ms, run),
        isRight: (info) => hash('sha1', info) === this.infohash,
        onFound: (info) => this.#onInfo(info),
      },
      this.#torrent && infoOf(this.#torrent),
    );
    this.#known.promise.catch(() => undefined);
    if (this.#torrent) this.#known.resolve(this.#torrent);
    if (options.after === 0) void this.#start();
    else this.#resting = clock.after(options.after, () => this.#wake());
  }

  metadata(signal?: AbortSignal): Promise<Torrent> {
    if (signal?.aborted) return Promise.reject(abortedError());
    if (!signal) return this.#known.promise;
    return new Promise((resolve, reject) => {
      const aborted = (): void => reject(abortedError());
      signal.addEventListener('abort', aborted, { once: true });
      this.#known.promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted));
    });
  }

  fetch(torrent: Torrent, store: PieceStore): void {
    if (this.#fetching || this.#disposing) return;
    const { clock, makeScheduler, pass, caller } = this.#options;
    this.#fetching = new Fetching({
      clock,
      torrent,
      store,
      webSeeds: this.#webSeeds(torrent),
      caller,
      makeScheduler,
      pass,
      onBytes: (bytes) => this.#down.add(bytes),
      onVerified: (piece, isComplete) => {
        this.#transport?.verified(piece, isComplete);
        this.#verified.fire(piece);
      },
      onFailed: (error) => this.#fail(error),
      onLiar: (wire) => {
        this.#options.log.info('A peer gave a wrong piece and is banned.', { peer: wire.id });
        if (wire instanceof PeerWire) this.#transport?.ban(wire.wire);
      },
    });
    for (const { wire } of this.#wires.values()) this.#fetching.add(wire);
    this.#fetching.want(this.#demands);
    this.#transport?.open((piece) => store.has(piece), this.#fetching.pieces);
  }

  connect(peers: readonly string[]): void {
    this.#first.push(...peers);
    for (const peer of peers) this.#transport?.connections.add(peer, 'manual');
  }

  want(demands: readonly Demand[]): void {
    this.#demands = demands;
    this.#fetching?.want(demands);
    if (this.#resting && this.#isMissing(demands)) this.#wake();
  }

  get stats(): SwarmStats {
    let open = 0;
    for (const { wire } of this.#wires.values()) if (wire.isOpen) open += 1;
    return {
      downloadRate: this.#down.perSecond,
      uploadRate: this.#up.perSecond,
      peers: this.#wires.size,
      open,
      received: this.#down.total,
      uploaded: this.#up.total,
      schedule: this.#fetching?.stats,
    };
  }

  get peers(): readonly string[] {
    for (const [wire] of this.#wires) this.#remember(wire);
    return this.#knownPeers.best;
  }

  /** What others may get has changed. */
  uploadChanged(): void {
    this.#transport?.uploadChanged();
  }

  /** The client has failed, and all of its torrents with it. */
  clientFailed(): void {
    if (this.#disposing || !this.#transport) return;
    this.#dropTransport();
    this.#startLater();
  }

  dispose(): Promise<void> {
    this.#disposing ??= this.#dispose();
    return this.#disposing;
  }

  async #dispose(): Promise<void> {
    void this.#retry?.dispose();
    void this.#resting?.dispose();
    this.#known.reject(new KinoportError('DISPOSED', 'The swarm was left.'));
    this.#metadata.dispose();
    const transport = this.#dropTransport();
    this.#options.onDispose();
    await within(this.#options.clock, CLOSING, Promise.all([transport, this.#fetching?.dispose()]));
    this.#verified.dispose();
    this.#failed.dispose();
  }

  #wake(): void {
    void this.#resting?.dispose();
    this.#resting = undefined;
    if (!this.#disposing) void this.#start();
  }

  #isMissing(demands: readonly Demand[]): boolean {
    const { store } = this.#fetching ?? {};
    if (!store) return false;
    const { pieceLength } = store.torrent;
    return demands.some(({ start, end }) => {
      for (let piece = Math.floor(start / pieceLength); piece * pieceLength < end; piece += 1)
        if (!store.has(piece)) return true;
      return false;
    });
  }

  async #start(): Promise<void> {
    const { clock, log, client, budget, settings, gate } = this.#options;
    try {
      const using = await client();
      if (this.#disposing || using.destroyed) return;
      this.#transport = new Transport({
        clock,
        log,
        client: using,
        budget,
        guard: this.#options.caller.guard,
        infohash: this.infohash,
        torrent: this.#torrent,
        trackers: this.#trackers(this.#torrent),
        metadata: this.#metadata,
        localPeers: settings().localPeers,
        canUpload: () => settings().upload,
        chunks: chunksOf(() => (this.#disposing ? undefined : this.#fetching?.store), gate),
        isUseful: (wire) => (this.#wires.get(wire)?.wire.useful ?? this.#lastUseful.get(wire) ?? 0) > 0,
        onWire: (wire, peer) => this.#onWire(wire, peer),
        onWireGone: (wire) => this.#onWireGone(wire),
        onEnd: (error) => {
          log.warn('A torrent had to be begun again.', { infohash: this.infohash, error: error.message });
          this.#dropTransport();
          this.#startLater();
        },
      });
      for (const peer of this.#first) this.#transport.connections.add(peer, 'manual');
      if (this.#fetching) this.#transport.open(this.#fetching.has, this.#fetching.pieces);
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
      if (!this.#disposing) this.#startLater();
    }
  }

  #startLater(): void {
    const wait = AFTER_ERROR[Math.min(this.#errors, AFTER_ERROR.length - 1)] ?? 0;
    this.#errors += 1;
    this.#retry = this.#options.clock.after(wait, () => void this.#start());
  }

  async #dropTransport(): Promise<void> {
    const transport = this.#transport;
    this.#transport = undefined;
    const closed = transport?.close();
    for (const wire of [...this.#wires.keys()]) this.#onWireGone(wire);
    try {
      await closed;
    } catch (error) {
      this.#options.log.debug('A torrent did not end in order.', { error: String(error) });
    }
  }

  #onInfo(info: Uint8Array): void {
    const { address } = this.#options;
    if (address.type !== 'magnet') return;
    try {
      this.#torrent = torrentOfInfo(info, { trackers: address.trackers, webSeeds: address.webSeeds });
    } catch (error) {
      this.#known.reject(error);
      return;
    }
    if (this.#torrent.isPrivate) {
      // Only now it is known that the DHT and others' peers are none of its business: all begins anew without them.
      void this.#dropTransport();
      void this.#start();
    } else {
      this.#transport?.describe(this.#torrent, this.#trackers(this.#torrent));
    }
    this.#known.resolve(this.#torrent);
  }

  #onWire(wire: Wire, peer: Peer): void {
    const made = new PeerWire(`${peer.type} ${peer.addr ?? peer.id}`, wire, this.#sink);
    this.#wires.set(wire, { wire: made, peer });
    wire.on('upload', (bytes: number) => this.#up.add(bytes));
    this.#fetching?.add(made);
  }

  #onWireGone(wire: Wire): void {
    const known = this.#wires.get(wire);
    if (!known) return;
    this.#remember(wire);
    this.#lastUseful.set(wire, known.wire.useful);
    this.#wires.delete(wire);
    known.wire.close();
    this.#fetching?.remove(known.wire);
  }

  /** Before there is a store nobody is asked for anything. */
  readonly #sink: BlockSink = ((swarm: WebtorrentSwarm): BlockSink => ({
    received: (...block) => swarm.#fetching?.received(...block),
    failed: (...block) => swarm.#fetching?.failed(...block),
    changed: (wire) => swarm.#fetching?.changed(wire),
    get hasRoom() {
      return swarm.#fetching?.hasRoom ?? true;
    },
  }))(this);

  #remember(wire: Wire): void {
    const known = this.#wires.get(wire);
    const address = known && listeningAddress(known.peer, wire);
    if (address === undefined) return;
    if (this.#transport?.connections.isBanned(address)) this.#knownPeers.forget(address);
    else this.#knownPeers.saw(address, known?.wire.useful ?? 0);
  }

  #fail(error: Error): void {
    if (this.#disposing) return;
    this.#options.log.warn('A torrent cannot be fetched.', { infohash: this.infohash, error: error.message });
    this.#failed.fire(error);
  }

  #trackers(torrent: Torrent | undefined): readonly string[] {
    const { address } = this.#options;
    const own = torrent?.trackers ?? (address.type === 'magnet' ? address.trackers : []);
    const asked = this.#allowed(own, 'tracker');
    return torrent?.isPrivate ? asked : [...new Set([...asked, ...this.#options.settings().trackers])];
  }

  #webSeeds(torrent: Torrent): readonly string[] {
    const { address } = this.#options;
    const more = address.type === 'magnet' ? address.webSeeds : [];
    return this.#allowed([...new Set([...torrent.webSeeds, ...more])], 'web seed');
  }

  /** Those that name an address which may be asked, or a name. */
  #allowed(urls: readonly string[], what: string): readonly string[] {
    const { caller, log } = this.#options;
    return urls.filter((url) => {
      const may = caller.guard.mayBe(url);
      if (!may) log.warn(`A ${what} in a private network is not asked.`, { [what]: new URL(url).host });
      return may;
    });
  }
}

/** The info dictionary as it stands in the `.torrent`. */
function infoOf({ bytes }: Torrent): Uint8Array | undefined {
  const root = decodeBencode(bytes);
  const info = isDictionary(root) ? root.entries.get('info') : undefined;
  return isDictionary(info) ? bytes.subarray(info.start, info.end) : undefined;
}
