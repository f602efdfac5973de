import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';

/** What the lab uses of libraries that come with webtorrent and have no types. */

export interface PeerWire extends Duplex {
  readonly peerId: string | null;
  readonly peerIdBuffer: Uint8Array | null;
  readonly peerChoking: boolean;
  readonly amChoking: boolean;
  readonly hasFast: boolean;
  readonly peerPieces: { get(piece: number): boolean };
  readonly extendedHandshake: Record<string, unknown>;
  readonly peerExtendedMapping: Record<string, number>;
  /** Whether MSE was used, whatever it chose. Private in 5.x. */
  readonly _cryptoHandshakeDone: boolean;
  use(extension: unknown): void;
  handshake(
    infohash: string,
    peerId: string,
    extensions: { readonly fast: boolean; readonly dht: boolean },
  ): void;
  extended(name: string | number, message: unknown): void;
  startEncryption(infohash: string): void;
  setInfoHash(infohash: string): void;
  choke(): void;
  unchoke(): void;
  interested(): void;
  bitfield(bits: Uint8Array): void;
  have(piece: number): void;
  haveAll(): void;
  haveNone(): void;
  request(
    piece: number,
    offset: number,
    length: number,
    done: (error: Error | null, block: Uint8Array) => void,
  ): void;
  cancel(piece: number, offset: number, length: number): void;
  piece(piece: number, offset: number, block: Uint8Array): void;
  reject(piece: number, offset: number, length: number): void;
}

type WireClass = new (type: string, encryption: 0 | 1 | 2) => PeerWire;

export interface TrackerServer extends EventEmitter {
  readonly http: import('node:http').Server;
  listen(port: number, host: string, done: () => void): void;
  close(done: () => void): void;
}
type TrackerServerClass = new (options: {
  readonly http: boolean;
  readonly udp: boolean;
  readonly ws: boolean;
  readonly stats: boolean;
  readonly interval: number;
}) => TrackerServer;

export interface DhtNode extends EventEmitter {
  listen(port: number, host: string, done: () => void): void;
  address(): { readonly port: number };
  announce(infohash: string, port: number, done: (error?: Error) => void): void;
  destroy(done: () => void): void;
}
type DhtClass = new (options: { readonly bootstrap: false | readonly string[] }) => DhtNode;

type CreateTorrent = (
  input: readonly string[] | string,
  options: Readonly<Record<string, unknown>>,
  done: (error: Error | null, torrent: Uint8Array) => void,
) => void;

export interface Bencode {
  encode(value: unknown): Uint8Array;
  decode(bytes: Uint8Array): Record<string, unknown>;
}

/** By a name that no bundler follows. */
async function load<T>(name: string): Promise<T> {
  const module = (await import(name)) as { readonly default: T };
  return module.default;
}

export const loadWire = (): Promise<WireClass> => load<WireClass>('bittorrent-protocol');
export const loadMetadataExtension = (): Promise<(info?: Uint8Array) => unknown> => load('ut_metadata');
export const loadDht = (): Promise<DhtClass> => load<DhtClass>('bittorrent-dht');
export const loadCreateTorrent = (): Promise<CreateTorrent> => load<CreateTorrent>('create-torrent');
export const loadBencode = (): Promise<Bencode> => load<Bencode>('bencode');
export const loadTrackerServer = (): Promise<TrackerServerClass> => load('bittorrent-tracker/server');
