import { Agent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { KinoportError } from '@kinoport/core';
import { HttpCaller } from '../net/httpCaller.ts';
import { SsrfGuard } from '../net/ssrfGuard.ts';
import type { TorrentAddress } from '../torrent.ts';
import { ConnectionBudget } from './connections.ts';
import { createDhtSocket } from './harden.ts';
import { isInstalled } from './installed.ts';
import type { Engine, EngineOptions, EngineSettings, Swarm } from './ports.ts';
import { WebtorrentSwarm } from './swarm.ts';
import type { TrackerProxy } from './trackers.ts';
import { UploadGate } from './uploads.ts';
import { within } from './waiting.ts';
import { loadWebtorrent, type Webtorrent, type WtClient } from './webtorrent.ts';

/** Milliseconds that closing may take in all. */
const CLOSING = 1900;

/** The engine over webtorrent, which is loaded when the first swarm is joined. */
export function createEngine(options: EngineOptions): Engine {
  return new WebtorrentEngine(options);
}

class WebtorrentEngine implements Engine {
  readonly #options: EngineOptions;
  readonly #budget: ConnectionBudget;
  readonly #gate: UploadGate;
  readonly #caller: HttpCaller;
  readonly #swarms = new Map<string, WebtorrentSwarm>();
  /** What changes while it runs, and what an error has taught. */
  #settings: EngineSettings;
  #client: Promise<WtClient> | undefined;
  #running: WtClient | undefined;
  #webtorrent: Webtorrent | undefined;
  #disposing: Promise<void> | undefined;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#budget = new ConnectionBudget(options.settings.connections);
    this.#gate = new UploadGate(options.clock, options.settings.uploadLimit);
    const { ssrfMitigation, trackers } = options.settings;
    this.#caller = new HttpCaller(new SsrfGuard({ enabled: ssrfMitigation, trusted: trackers }));
  }

  get port(): number | undefined {
    return this.#running?.listening ? this.#running.torrentPort : undefined;
  }

  get hasWebRtc(): boolean {
    return this.#webtorrent?.WEBRTC_SUPPORT ?? isInstalled('node-datachannel/polyfill');
  }

  get hasUtp(): boolean {
    return this.#settings.utp && (this.#webtorrent?.UTP_SUPPORT ?? isInstalled('utp-native'));
  }

  limit(limits: Pick<EngineSettings, 'upload' | 'uploadLimit' | 'downloadLimit'>): void {
    const { upload, uploadLimit, downloadLimit } = limits;
    const changes = upload !== this.#settings.upload;
    this.#settings = { ...this.#settings, upload, uploadLimit, downloadLimit };
    this.#gate.limit = uploadLimit;
    if (this.#running && !this.#running.destroyed) this.#running.throttleDownload(downloadLimit || -1);
    if (changes) for (const swarm of this.#swarms.values()) swarm.uploadChanged();
  }

  join(
    address: TorrentAddress,
    { peers = [], after = 0 }: { readonly peers?: readonly string[]; readonly after?: number } = {},
  ): Swarm {
    if (this.#disposing) throw new KinoportError('DISPOSED', 'The torrent engine was closed.');
    const infohash = address.type === 'torrent' ? address.torrent.infohash : address.infohash;
    if (this.#swarms.has(infohash))
      throw new KinoportError('TORRENT_IN_USE', `The swarm of ${infohash} is joined already.`);
    const { clock, log, makeScheduler } = this.#options;
    const swarm = new WebtorrentSwarm({
      clock,
      log,
      makeScheduler,
      address,
      peers,
      after,
      settings: () => this.#settings,
      budget: this.#budget,
      gate: this.#gate,
      caller: this.#caller,
      pass: (bytes) => this.#pass(bytes),
      client: () => this.#use(),
      onDispose: () => {
        if (this.#swarms.get(infohash) === swarm) this.#swarms.delete(infohash);
      },
    });
    this.#swarms.set(infohash, swarm);
    return swarm;
  }

  dispose(): Promise<void> {
    this.#disposing ??= this.#dispose();
    return this.#disposing;
  }

  async #dispose(): Promise<void> {
    this.#gate.dispose();
    await within(this.#options.clock, CLOSING, this.#close());
  }

  async #close(): Promise<void> {
    const swarms = [...this.#swarms.values()].map((swarm) => swarm.dispose());
    const client = await this.#client?.catch(() => undefined);
    await Promise.all(swarms);
    if (client && !client.destroyed) await new Promise<void>((resolve) => client.destroy(() => resolve()));
    this.#caller.dispose();
  }

  #use(): Promise<WtClient> {
    this.#client ??= this.#start();
    return this.#client;
  }

  async #start(): Promise<WtClient> {
    const { log } = this.#options;
    const webtorrent = await loadWebtorrent();
    this.#webtorrent = webtorrent;
    if (this.#disposing) throw new KinoportError('DISPOSED', 'The torrent engine was closed.');
    const { port, dht, dhtBootstrap, portMapping, utp, connections, downloadLimit } = this.#settings;
    const client = new webtorrent({
      torrentPort: port,
      dht: dht && { ...(dhtBootstrap && { bootstrap: dhtBootstrap }), socket: createDhtSocket() },
      tracker: { proxyOpts: this.#trackerProxy() },
      // Each torrent has its own say.
      lsd: false,
      natUpnp: portMapping,
      natPmp: portMapping,
      utp,
      utPex: true,
      // Plain or encrypted, as those who call us want it; how we call others is decided for each attempt.
      secure: 1,
      maxConns: connections,
      webSeeds: false,
    });
    client.on('error', (error: Error) => this.#onError(client, error));
    client.throttleDownload(downloadLimit || -1);
    const server = client._connPool?.tcpServer;
    if (server) server.maxConnections = connections * 2 + 20;
    const { natTraversal } = client;
    if (natTraversal) {
      const destroy = natTraversal.destroy.bind(natTraversal);
      natTraversal.destroy = () =>
        destroy().catch((error: unknown) => log.debug('A port stays mapped.', { error: String(error) }));
    }
    this.#running = client;
    return client;
  }

  #trackerProxy(): TrackerProxy {
    const { lookup } = this.#caller.guard;
    return {
      socksProxy: null,
      httpAgent: new Agent({ lookup }),
      httpsAgent: new SecureAgent({ lookup }),
      caller: this.#caller,
      clock: this.#options.clock,
    };
  }

  /** Some errors are the end of a client: a port that is taken, a DHT that cannot be. The next one does without. */
  #onError(client: WtClient, error: Error & { code?: string }): void {
    this.#options.log.warn('The torrent engine has an error.', { error: error.message });
    if (!client.destroyed || this.#running !== client || this.#disposing) return;
    const isPort = this.#settings.port !== 0 && !client.listening;
    this.#settings = isPort ? { ...this.#settings, port: 0 } : { ...this.#settings, dht: false };
    this.#running = undefined;
    this.#client = undefined;
    for (const swarm of this.#swarms.values()) swarm.clientFailed();
  }

  /** The limit of the download, for what does not come through webtorrent. */
  #pass(bytes: number): Promise<void> {
    const group = this.#running?.throttleGroups.down;
    if (!group?.getEnabled()) return Promise.resolve();
    return new Promise((resolve) => {
      group.bucket.removeTokens(Math.min(bytes, group.bucket.bucketSize), () => resolve());
    });
  }
}
