import type { Clock, Log } from '@kinoport/core';
import type { SsrfGuard } from '../net/ssrfGuard.ts';
import { lengthOfPiece, pieceCount, type Torrent } from '../torrent.ts';
import { type ConnectionBudget, Connections } from './connections.ts';
import { listeningAddress, TorrentDialer } from './dialer.ts';
import type { MetadataExchange } from './metadata.ts';
import { PeerExchange } from './peerExchange.ts';
import type {
  ChunkStore,
  ParsedTorrent,
  Peer,
  Wire,
  WireExtension,
  WtClient,
  WtTorrent,
} from './webtorrent.ts';

export interface TransportOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly client: WtClient;
  readonly budget: ConnectionBudget;
  readonly guard: SsrfGuard;
  readonly infohash: string;
  /** What is in it, when that is known; all of a private torrent's rules hold from the beginning then. */
  readonly torrent?: Torrent;
  readonly trackers: readonly string[];
  readonly metadata: MetadataExchange;
  readonly chunks: new (chunkLength: number) => ChunkStore;
  readonly localPeers: boolean;
  readonly canUpload: () => boolean;
  /** Whether bytes of this peer were of any use. */
  readonly isUseful: (wire: Wire) => boolean;
  /** The handshake was made; nothing has been said yet. */
  readonly onWire: (wire: Wire, peer: Peer) => void;
  readonly onWireGone: (wire: Wire) => void;
  /** It has ended by itself, and everything of it is gone. */
  readonly onEnd: (error: Error) => void;
}

/** Slots for others that are given pieces; one of them goes round. */
const UPLOAD_SLOTS = 8;
/** Requests that a peer may have waiting. */
const MOST_PEER_REQUESTS = 1000;

/**
 * A torrent of webtorrent, from which all is taken that is done better elsewhere: which block is asked of whom, which
 * address is tried how and when, metadata, web seeds, hashing. What stays is the protocol, choking, and discovery.
 */
export class Transport {
  readonly connections: Connections;
  readonly #options: TransportOptions;
  readonly #torrent: WtTorrent;
  #verified: (() => void) | undefined;
  readonly #exchange: PeerExchange;
  readonly #peerOf = new WeakMap<Wire, Peer>();
  #isOpen = false;
  #isClosing = false;

  constructor(options: TransportOptions) {
    this.#options = options;
    const { client, clock, budget, guard, torrent, infohash, trackers } = options;
    this.connections = new Connections({
      clock,
      budget,
      hasUtp: () => client.utp && client._utpServer !== null,
      isAlone: () => this.#torrent.wires.length === 0,
      // What a tracker says was looked at where it was asked, and who is of the local network says so itself.
      mayCall: (host, source) => source === 'tracker' || source === 'lsd' || guard.mayBePeer(host),
      dialer: new TorrentDialer({
        clock,
        client,
        lookup: guard.peerLookup,
        torrent: () => (this.#isClosing || this.#torrent.destroyed ? undefined : this.#torrent),
        isUseful: options.isUseful,
      }),
    });
    this.#exchange = new PeerExchange({
      clock,
      addressOf: (wire) => {
        const peer = this.#peerOf.get(wire);
        return peer && listeningAddress(peer, wire);
      },
      isBanned: (address) => this.connections.isBanned(address),
    });
    if (torrent && !torrent.isPrivate) this.#exchange.open();
    const known: ParsedTorrent = torrent
      ? parsed(torrent, trackers)
      : { infoHash: infohash, announce: [...trackers], urlList: [] };
    this.#torrent = client.add(known, {
      store: options.chunks,
      storeCacheSlots: 0,
      deselect: true,
      uploads: UPLOAD_SLOTS,
      noPeersIntervalTime: 3600,
      ...(torrent && { private: torrent.isPrivate }),
    });
    this.#take(this.#torrent);
  }

  get torrent(): WtTorrent {
    return this.#torrent;
  }

  /** Peers get to know what is here, and may ask for it. @param has pieces that are here */
  open(has: (piece: number) => boolean, pieces: number): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#has = { has, pieces };
    this.#release();
  }

  /** webtorrent learns what is in it, when it began without. */
  describe(torrent: Torrent, trackers: readonly string[]): void {
    if (!this.#torrent.destroyed) this.#torrent._onMetadata(parsed(torrent, trackers));
    if (!torrent.isPrivate) this.#exchange.open();
  }

  verified(piece: number, isComplete: boolean): void {
    if (this.#torrent.destroyed || !this.#torrent.ready) return;
    this.#torrent._markVerified(piece);
    for (const wire of this.#torrent.wires) if (!wire.peerPieces.get(piece)) wire.have(piece);
    if (!isComplete) return;
    this.#torrent._checkDone();
    for (const wire of this.#torrent.wires) this.#torrent._updateWireInterest(wire);
  }

  /** Nobody is let in with it or connected to any more. */
  ban(wire: Wire): void {
    for (const peer of this.#torrent._peers?.values() ?? []) {
      if (peer.wire !== wire) continue;
      const address = listeningAddress(peer, wire);
      if (address !== undefined) this.connections.ban(address);
      if (peer.addr !== null) this.connections.ban(peer.addr);
      if (wire.peerId !== null) this.#bannedIds.add(wire.peerId);
      peer.destroy(new Error('banned'));
      return;
    }
  }

  /** Chokes everybody at once when nothing is given any more. */
  uploadChanged(): void {
    if (!this.#options.canUpload()) for (const wire of this.#torrent.wires) wire.choke();
    else if (this.#torrent.ready && !this.#torrent.destroyed) this.#torrent._rechoke();
  }

  close(): Promise<void> {
    this.#isClosing = true;
    this.connections.dispose();
    this.#exchange.dispose();
    if (this.#torrent.destroyed) return Promise.resolve();
    return new Promise((resolve) => this.#torrent.destroy(null, () => resolve()));
  }

  #has: { readonly has: (piece: number) => boolean; readonly pieces: number } | undefined;
  readonly #bannedIds = new Set<string>();

  #release(): void {
    const verified = this.#verified;
    if (!verified || !this.#has || this.#torrent.destroyed) return;
    this.#verified = undefined;
    for (let piece = 0; piece < this.#has.pieces; piece += 1)
      if (this.#has.has(piece)) this.#torrent._markVerified(piece);
    verified();
  }

  /** Puts our own way of doing things in the place of webtorrent's, on this one torrent. */
  #take(torrent: WtTorrent): void {
    const { client, localPeers, log } = this.#options;
    const { addPeer, _startDiscovery, _addIncomingPeer, _registerPeer, _onWire } = torrent;
    torrent.on('error', (error: Error) => {
      if (!this.#isClosing) {
        this.connections.dispose();
        this.#exchange.dispose();
        this.#options.onEnd(error);
      }
    });
    torrent.on('warning', (warning: unknown) =>
      log.debug('A torrent has a warning.', { warning: String(warning) }),
    );

    torrent._update = () => undefined;
    torrent._updateWire = () => undefined;
    torrent._drain = () => undefined;
    torrent.addWebSeed = () => undefined;
    // Peers that choke us are not dropped for others that may do so as well.
    Object.defineProperty(torrent, '_numQueued', { value: -1 });
    Object.defineProperty(torrent, 'downloaded', { get: () => this.#downloaded() });
    torrent._updateWireInterest = (wire) => {
      if (wire.type !== 'webSeed') this.#interest(wire);
    };
    torrent._verifyPieces = (done) => {
      // Nothing is hashed: the store knows what it has. Until it is there the swarm is joined all the same.
      this.#verified = () => done(null);
      torrent._startDiscovery();
      this.#release();
    };
    torrent._startDiscovery = () => {
      const { lsd } = client;
      client.lsd = localPeers && !this.#options.torrent?.isPrivate;
      try {
        _startDiscovery.call(torrent);
      } finally {
        client.lsd = lsd;
      }
    };
    torrent.addPeer = (peer, source) => {
      if (torrent.destroyed) return false;
      return typeof peer === 'string'
        ? this.connections.add(peer, source)
        : addPeer.call(torrent, peer, source);
    };
    torrent._registerPeer = (peer) => {
      if (peer.conn instanceof Object && 'setNoDelay' in peer.conn) peer.conn.setNoDelay(true);
      _registerPeer.call(torrent, peer);
      peer.once('disconnect', () => {
        if (peer.wire) this.#options.onWireGone(peer.wire);
      });
    };
    torrent._addIncomingPeer = (peer) => this.#letIn(peer, () => _addIncomingPeer.call(torrent, peer));
    torrent._onWire = (wire, address) => this.#onWire(wire, () => _onWire.call(torrent, wire, address));
  }

  #letIn(peer: Peer, goOn: () => void): void {
    const { budget } = this.#options;
    const isFull = budget.used >= budget.limit * 1.25;
    if (isFull || (peer.addr !== null && this.connections.isBanned(peer.addr))) {
      peer.destroy(new Error('refused'));
      return;
    }
    budget.take(true);
    peer.once('disconnect', () => budget.give());
    goOn();
  }

  #onWire(wire: Wire, goOn: () => void): void {
    const { metadata, canUpload, client } = this.#options;
    const peer = [...(this.#torrent._peers?.values() ?? [])].find((each) => each.wire === wire);
    if (!peer || this.#isUnwanted(peer, wire)) {
      (peer ?? wire).destroy();
      return;
    }
    this.#peerOf.set(wire, peer);
    const { use, unchoke } = wire;
    wire.use = (extension) => {
      const ours: Readonly<Record<string, WireExtension>> = {
        ut_metadata: metadata.extension(),
        ut_pex: this.#exchange.extension(),
      };
      use.call(wire, ours[extension.prototype.name ?? ''] ?? extension);
    };
    wire.unchoke = () => {
      if (canUpload()) unchoke.call(wire);
    };
    wire.extendedHandshake.reqq = MOST_PEER_REQUESTS / 2;
    wire.extendedHandshake.p = client.torrentPort;
    wire.on('request', () => {
      if (wire.peerRequests.length > MOST_PEER_REQUESTS) wire.destroy();
    });
    for (const event of ['bitfield', 'have', 'have-all']) wire.on(event, () => this.#interest(wire));
    this.#options.onWire(wire, peer);
    goOn();
  }

  /** Ourselves, who was banned, and who is connected already. */
  #isUnwanted(peer: Peer, wire: Wire): boolean {
    if (wire.peerId === null || this.#bannedIds.has(wire.peerId)) return true;
    if (wire.peerId === this.#options.client.peerId) {
      if (peer.addr !== null) this.connections.ban(peer.addr);
      return true;
    }
    for (const other of this.#torrent.wires) {
      if (other === wire || other.destroyed || other.peerId !== wire.peerId) continue;
      return peer.type !== 'webrtc';
    }
    return false;
  }

  /** Once interested, always: whoever loses interest for a moment is choked, and waits seconds for the next turn. */
  #interest(wire: Wire): void {
    if (this.#isComplete()) wire.uninterested();
    else wire.interested();
  }

  #isComplete(): boolean {
    const known = this.#has;
    if (!known) return false;
    for (let piece = 0; piece < known.pieces; piece += 1) if (!known.has(piece)) return false;
    return known.pieces > 0;
  }

  #downloaded(): number {
    const { torrent } = this.#options;
    const known = this.#has;
    if (!known || !torrent) return 0;
    let bytes = 0;
    for (let piece = 0; piece < known.pieces; piece += 1)
      if (known.has(piece)) bytes += lengthOfPiece(torrent, piece);
    return bytes;
  }
}

/** In webtorrent's words. Of files and hashes it needs to know nothing: neither does it write nor check. */
function parsed(torrent: Torrent, trackers: readonly string[]): ParsedTorrent {
  const pieces = pieceCount(torrent);
  return {
    infoHash: torrent.infohash,
    name: torrent.infohash,
    announce: [...trackers],
    urlList: [],
    private: torrent.isPrivate,
    info: {},
    files: [{ path: torrent.infohash, name: torrent.infohash, length: torrent.length, offset: 0 }],
    length: torrent.length,
    pieceLength: torrent.pieceLength,
    lastPieceLength: lengthOfPiece(torrent, pieces - 1),
    pieces: new Array<string>(pieces).fill(''),
  };
}
