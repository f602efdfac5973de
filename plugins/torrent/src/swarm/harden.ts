import { createSocket, type Socket } from 'node:dgram';
import { decodeBencode } from '../address/bencode.ts';

/** Weak places of webtorrent's libraries that any stranger can reach, closed from outside. */

interface ParsingWire {
  destroy(): void;
  _parse(size: number, parser: () => void): void;
  _write(bytes: Uint8Array, done: (error: null) => void): void;
  _onMessageLength(bytes: Uint8Array): void;
  setInfoHash(infohash: string): void;
}

export interface WireClass {
  readonly prototype: ParsingWire;
}

const hardened = new WeakSet<object>();

/** A bitfield of 8 million pieces; nothing else that a peer may send is as long. */
const LONGEST_MESSAGE = 1_048_576;

/**
 * bittorrent-protocol 6 throws out of a socket's event for some of what a stranger can send (a key of zeros in the
 * encrypted handshake, for one), which ends the process, and collects messages of up to 2 GB.
 */
export function hardenWire(wire: WireClass): void {
  if (hardened.has(wire)) return;
  hardened.add(wire);
  const { prototype } = wire;
  const { _write, _onMessageLength, setInfoHash } = prototype;
  const close = (broken: ParsingWire): void => {
    broken._parse(Number.MAX_VALUE, () => undefined);
    broken.destroy();
  };
  prototype._write = function (bytes, done) {
    let answered = false;
    try {
      _write.call(this, bytes, (error) => {
        answered = true;
        done(error);
      });
    } catch {
      close(this);
      if (!answered) done(null);
    }
  };
  prototype._onMessageLength = function (bytes) {
    const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
    if (length > LONGEST_MESSAGE) close(this);
    else _onMessageLength.call(this, bytes);
  };
  prototype.setInfoHash = function (infohash) {
    try {
      setInfoHash.call(this, infohash);
    } catch {
      close(this);
    }
  };
}

export interface BencodeCodec {
  readonly decode: {
    (bytes: Uint8Array): unknown;
    buffer: () => unknown;
    position: number;
    data: Uint8Array;
  };
}

/** bencode 4.0.1 takes `l-3:` for a list of a string of minus three bytes, and reads it for ever. */
export function hardenBencode({ decode }: BencodeCodec): void {
  if (hardened.has(decode)) return;
  hardened.add(decode);
  const { buffer } = decode;
  decode.buffer = () => {
    const before = decode.position;
    const value = buffer.call(decode);
    if (!(decode.position > before && decode.position <= decode.data.length)) throw new Error('Invalid data');
    return value;
  };
}

interface Lsd {
  readonly infoHash: string;
  emit(event: string, ...values: unknown[]): boolean;
  _parseAnnounce(text: string): { readonly infoHash: readonly string[] } | null;
}

export interface LsdClass {
  readonly prototype: Lsd;
}

/**
 * bittorrent-lsd throws out of its socket's event when an announcement has too few lines, takes peers of all torrents
 * for those of its own, and ends a torrent when there is no network.
 */
export function hardenLsd(lsd: LsdClass): void {
  if (hardened.has(lsd)) return;
  hardened.add(lsd);
  const { prototype } = lsd;
  const { _parseAnnounce, emit } = prototype;
  prototype._parseAnnounce = function (text) {
    try {
      const announced = _parseAnnounce.call(this, text);
      return (
        announced && {
          ...announced,
          infoHash: announced.infoHash.filter((hash) => hash.toLowerCase() === this.infoHash),
        }
      );
    } catch {
      return null;
    }
  };
  prototype.emit = function (event, ...values) {
    return emit.call(this, event === 'error' ? 'warning' : event, ...values);
  };
}

/**
 * A socket for the DHT. It drops what is not bencoded: the bencode 2.0.3 of k-rpc-socket reads `l-3:` for ever. And
 * bittorrent-dht 11 throws when a query has a number where it wants a string, which anybody may send.
 */
export function createDhtSocket(): Socket {
  const socket = createSocket('udp4');
  const emit = socket.emit.bind(socket);
  const guarded = (event: string, ...values: unknown[]): boolean => {
    const [message] = values;
    if (event === 'message' && !(message instanceof Uint8Array && isBencoded(message))) return false;
    try {
      return Reflect.apply(emit, socket, [event, ...values]);
    } catch (error) {
      if (event === 'message') return true;
      throw error;
    }
  };
  socket.emit = guarded as Socket['emit'];
  return socket;
}

function isBencoded(bytes: Uint8Array): boolean {
  try {
    decodeBencode(bytes);
    return true;
  } catch {
    return false;
  }
}
