import type { Socket as DatagramSocket } from 'node:dgram';
import type { Socket } from 'node:net';
import {
  type BencodeCodec,
  hardenBencode,
  hardenLsd,
  hardenWire,
  type LsdClass,
  type WireClass,
} from './harden.ts';
import { guardTrackers, type TrackerClass, type TrackerProxy } from './trackers.ts';

/**
 * The one place that knows webtorrent by name. Beside what it documents, the scheduler of our own needs names that it
 * keeps to itself, so its version is pinned exactly and a test goes through all of them.
 */
export const WEBTORRENT_VERSION = '3.0.21';

type Callback = (error?: Error | null) => void;

interface Emits {
  on(event: string, listener: (...values: never[]) => void): unknown;
  once(event: string, listener: (...values: never[]) => void): unknown;
}

/** A peer's connection as bittorrent-protocol speaks it. */
export interface Wire extends Emits {
  readonly type: string;
  readonly peerId: string | null;
  readonly destroyed: boolean;
  readonly peerChoking: boolean;
  readonly amChoking: boolean;
  readonly peerInterested: boolean;
  readonly peerPieces: { get(piece: number): boolean };
  readonly peerRequests: readonly unknown[];
  readonly peerExtendedMapping: Readonly<Record<string, number>>;
  readonly peerExtendedHandshake: Readonly<Record<string, unknown>>;
  readonly extendedHandshake: Record<string, unknown>;
  readonly remoteAddress?: string;
  readonly hasFast: boolean;
  readonly isSeeder?: boolean;
  use(extension: WireExtension): void;
  request(piece: number, offset: number, length: number, done: (error: Error | null) => void): void;
  cancel(piece: number, offset: number, length: number): void;
  extended(name: string | number, message: Uint8Array): void;
  interested(): void;
  uninterested(): void;
  choke(): void;
  unchoke(): void;
  have(piece: number): void;
  destroy(): void;
}

/** A class of which bittorrent-protocol makes one for each wire. */
export interface WireExtension {
  new (wire: Wire): object;
  readonly prototype: { readonly name?: string };
}

export type PeerSource = 'manual' | 'tracker' | 'dht' | 'lsd' | 'ut_pex';

/** An address, or a connection, on the way to be a wire. */
export interface Peer extends Emits {
  readonly id: string;
  readonly type: string;
  readonly addr: string | null;
  readonly source: PeerSource | null;
  readonly wire: Wire | null;
  readonly connected: boolean;
  readonly destroyed: boolean;
  conn: Socket | null;
  /** 0: plain; 1: encrypted where we call, either where we are called. */
  secure: 0 | 1;
  onConnect(): void;
  destroy(error?: Error): void;
}

/** What webtorrent is told of a torrent, in the form of parse-torrent. */
export interface ParsedTorrent {
  readonly infoHash: string;
  readonly announce: string[];
  readonly urlList: string[];
  readonly name?: string;
  readonly private?: boolean;
  readonly info?: object;
  readonly files?: { path: string; name: string; length: number; offset: number }[];
  readonly length?: number;
  readonly pieceLength?: number;
  readonly lastPieceLength?: number;
  readonly pieces?: string[];
}

/** A chunk store in the form of abstract-chunk-store. */
export interface ChunkStore {
  readonly chunkLength: number;
  get(
    piece: number,
    options: { readonly offset?: number; readonly length?: number } | null,
    done: (error: Error | null, bytes?: Uint8Array) => void,
  ): void;
  put(piece: number, bytes: Uint8Array, done: Callback): void;
  close(done: Callback): void;
  destroy(done: Callback): void;
}

export interface AddOptions {
  readonly store: new (chunkLength: number) => ChunkStore;
  readonly storeCacheSlots: 0;
  readonly deselect: true;
  readonly private?: boolean;
  readonly uploads: number;
  readonly noPeersIntervalTime: number;
}

/** A torrent of webtorrent; from `_` on what it keeps to itself. */
export interface WtTorrent extends Emits {
  readonly infoHash: string;
  readonly destroyed: boolean;
  readonly ready: boolean;
  readonly received: number;
  readonly uploaded: number;
  readonly downloadSpeed: number;
  readonly uploadSpeed: number;
  readonly wires: readonly Wire[];
  readonly pieces: readonly unknown[];
  readonly bitfield?: { get(piece: number): boolean; set(piece: number, value: boolean): void };
  readonly discovery?: object | null;
  addPeer(peer: unknown, source: PeerSource): boolean;
  addWebSeed(url: unknown): void;
  destroy(options: null, done: Callback): void;
  readonly _peers: ReadonlyMap<string, Peer> | null;
  readonly _queue: unknown[] | null;
  readonly _numQueued: number;
  readonly downloaded: number;
  _addPeer(address: string, type: 'tcp' | 'utp', source: PeerSource): Peer | null;
  _addIncomingPeer(peer: Peer): void;
  _registerPeer(peer: Peer): void;
  _onWire(wire: Wire, address: string | undefined): void;
  _onMetadata(metadata: ParsedTorrent): void;
  _startDiscovery(): void;
  _verifyPieces(done: Callback): void;
  _markVerified(piece: number): void;
  _checkDone(): boolean;
  _update(): void;
  _updateWire(wire: Wire): void;
  _updateWireInterest(wire: Wire): void;
  _drain(): void;
  _rechoke(): void;
}

/** One listening port, one DHT node. */
export interface WtClient extends Emits {
  readonly destroyed: boolean;
  readonly peerId: string;
  readonly listening: boolean;
  readonly torrentPort: number;
  readonly utp: boolean;
  readonly torrents: readonly WtTorrent[];
  readonly throttleGroups: {
    readonly down: {
      getEnabled(): boolean;
      readonly bucket: {
        readonly bucketSize: number;
        removeTokens(count: number, done: (error: Error | null) => void): boolean;
      };
    };
  };
  readonly natTraversal?: { destroy(): Promise<void> };
  lsd: boolean;
  add(torrent: ParsedTorrent, options: AddOptions): WtTorrent;
  /** Bytes a second; -1: no limit. */
  throttleDownload(rate: number): void;
  destroy(done: Callback): void;
  readonly _connPool: { readonly tcpServer: { maxConnections: number } | null } | null;
  readonly _utpServer: { connect(port: number, host: string): Socket } | null;
}

export interface ClientOptions {
  readonly torrentPort: number;
  readonly dht: false | { readonly bootstrap?: readonly string[]; readonly socket: DatagramSocket };
  readonly tracker: { readonly proxyOpts?: TrackerProxy };
  readonly lsd: boolean;
  readonly natUpnp: boolean;
  readonly natPmp: boolean;
  readonly utp: boolean;
  readonly utPex: true;
  readonly secure: 1;
  readonly maxConns: number;
  readonly webSeeds: false;
}

export interface Webtorrent {
  new (options: ClientOptions): WtClient;
  readonly VERSION: string;
  readonly UTP_SUPPORT: boolean;
  readonly WEBRTC_SUPPORT: boolean;
}

type Kind = 'function' | 'object' | 'number' | 'boolean' | 'string';

const CLIENT_NAMES = {
  add: 'function',
  destroy: 'function',
  throttleDownload: 'function',
  throttleGroups: 'object',
  torrents: 'object',
  torrentPort: 'number',
  peerId: 'string',
  lsd: 'boolean',
  utp: 'boolean',
  _connPool: 'object',
} satisfies Partial<Record<keyof WtClient, Kind>>;

const TORRENT_NAMES = {
  addPeer: 'function',
  addWebSeed: 'function',
  destroy: 'function',
  wires: 'object',
  pieces: 'object',
  received: 'number',
  uploaded: 'number',
  downloaded: 'number',
  _peers: 'object',
  _queue: 'object',
  _numQueued: 'number',
  _addPeer: 'function',
  _addIncomingPeer: 'function',
  _registerPeer: 'function',
  _onWire: 'function',
  _onMetadata: 'function',
  _startDiscovery: 'function',
  _verifyPieces: 'function',
  _markVerified: 'function',
  _checkDone: 'function',
  _update: 'function',
  _updateWire: 'function',
  _updateWireInterest: 'function',
  _drain: 'function',
  _rechoke: 'function',
} satisfies Partial<Record<keyof WtTorrent, Kind>>;

const PEER_NAMES = {
  id: 'string',
  type: 'string',
  connected: 'boolean',
  destroyed: 'boolean',
  secure: 'number',
  onConnect: 'function',
  destroy: 'function',
} satisfies Partial<Record<keyof Peer, Kind>>;

const WIRE_NAMES = {
  use: 'function',
  request: 'function',
  cancel: 'function',
  extended: 'function',
  interested: 'function',
  choke: 'function',
  unchoke: 'function',
  have: 'function',
  destroy: 'function',
  peerPieces: 'object',
  peerRequests: 'object',
  peerChoking: 'boolean',
  amChoking: 'boolean',
  peerExtendedMapping: 'object',
  peerExtendedHandshake: 'object',
  extendedHandshake: 'object',
} satisfies Partial<Record<keyof Wire, Kind>>;

/** Names that webtorrent does not have any more, or not as what they were; none as long as the version is right. */
export function missingNames(what: {
  readonly client?: WtClient;
  readonly torrent?: WtTorrent;
  readonly peer?: Peer;
  readonly wire?: Wire;
}): readonly string[] {
  const tables = { client: CLIENT_NAMES, torrent: TORRENT_NAMES, peer: PEER_NAMES, wire: WIRE_NAMES };
  return Object.entries(tables).flatMap(([owner, names]) => {
    const object = what[owner as keyof typeof tables] as Record<string, unknown> | undefined;
    if (!object) return [];
    return Object.entries(names).flatMap(([name, kind]) =>
      typeof object[name] === kind ? [] : [`${owner}.${name} (${kind})`],
    );
  });
}

let loading: Promise<Webtorrent> | undefined;

/** Loads webtorrent when it is first needed: a quarter of a second and 40 MB. */
export function loadWebtorrent(): Promise<Webtorrent> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Webtorrent> {
  const [
    { default: client },
    { default: wire },
    { default: bencode },
    { Client: tracker },
    { default: lsd },
  ] = await Promise.all([
    import('webtorrent'),
    import('bittorrent-protocol'),
    import('bencode'),
    import('bittorrent-tracker'),
    import('bittorrent-lsd'),
  ]);
  const webtorrent = client as Webtorrent;
  if (webtorrent.VERSION !== WEBTORRENT_VERSION)
    throw new Error(`webtorrent ${WEBTORRENT_VERSION} is needed, exactly; this is ${webtorrent.VERSION}.`);
  hardenWire(wire as WireClass);
  hardenBencode(bencode as BencodeCodec);
  guardTrackers(tracker as TrackerClass, bencode as BencodeCodec);
  hardenLsd(lsd as LsdClass);
  return webtorrent;
}
