import { EventEmitter } from 'node:events';
import type { Wire, WireExtension } from './webtorrent.ts';

const PIECE = 16_384;
/** The info dictionary of a torrent with half a million pieces and as many files is about as long. */
export const LONGEST_METADATA = 16 * 1024 * 1024;
/** Peers that are asked at the same time: whoever lies keeps no others waiting, and memory stays bounded. */
const ASKED_AT_ONCE = 4;
/** Milliseconds without an answer after which another peer is asked as well. */
const PATIENCE = 3000;

export interface MetadataExchangeOptions {
  readonly after: (ms: number, run: () => void) => { dispose(): unknown };
  /** Whether these bytes have the infohash that is looked for. */
  readonly isRight: (info: Uint8Array) => boolean;
  readonly onFound: (info: Uint8Array) => void;
}

/** The info dictionary of a torrent, asked of peers and given to peers (BEP 9). */
export class MetadataExchange {
  readonly #options: MetadataExchangeOptions;
  readonly #ready: MetadataPeer[] = [];
  readonly #asked = new Set<MetadataPeer>();
  #info: Uint8Array | undefined;

  constructor(options: MetadataExchangeOptions, info?: Uint8Array) {
    this.#options = options;
    this.#info = info;
  }

  get info(): Uint8Array | undefined {
    return this.#info;
  }

  /** What is given to `Wire.use`, in place of what webtorrent would use. */
  extension(): WireExtension {
    const exchange = this;
    const bound = class extends MetadataPeer {
      constructor(wire: Wire) {
        super(wire, exchange);
      }
    };
    // bittorrent-protocol knows an extension by the name of its prototype.
    return bound as typeof bound & WireExtension;
  }

  ready(peer: MetadataPeer): void {
    if (this.#info) return;
    this.#ready.push(peer);
    this.#askMore();
  }

  gone(peer: MetadataPeer): void {
    this.#asked.delete(peer);
    const at = this.#ready.indexOf(peer);
    if (at >= 0) this.#ready.splice(at, 1);
    this.#askMore();
  }

  received(info: Uint8Array): boolean {
    if (this.#info) return true;
    if (!this.#options.isRight(info)) return false;
    this.#info = info;
    this.#ready.length = 0;
    for (const peer of this.#asked) peer.stop();
    this.#asked.clear();
    this.#options.onFound(info);
    return true;
  }

  after(run: () => void): { dispose(): unknown } {
    return this.#options.after(PATIENCE, run);
  }

  dispose(): void {
    this.#ready.length = 0;
    for (const peer of this.#asked) peer.stop();
    this.#asked.clear();
  }

  #askMore(): void {
    while (!this.#info && this.#asked.size < ASKED_AT_ONCE) {
      const peer = this.#ready.shift();
      if (!peer) return;
      this.#asked.add(peer);
      peer.ask();
    }
  }
}

/** One peer's side of it, in the form of an extension of bittorrent-protocol. */
class MetadataPeer extends EventEmitter {
  readonly #wire: Wire;
  readonly #exchange: MetadataExchange;
  #size = 0;
  readonly #pieces = new Map<number, Uint8Array>();
  #timer: { dispose(): unknown } | undefined;
  #isAsking = false;
  #given = 0;

  constructor(wire: Wire, exchange: MetadataExchange) {
    super();
    this.#wire = wire;
    this.#exchange = exchange;
    if (exchange.info) wire.extendedHandshake.metadata_size = exchange.info.length;
    wire.once('close', () => this.#leave());
    wire.once('finish', () => this.#leave());
  }

  /** webtorrent calls these two of its own exchange. */
  fetch(): void {}
  setMetadata(): void {}

  onExtendedHandshake(handshake: Readonly<Record<string, unknown>>): void {
    const size = handshake.metadata_size;
    if (typeof size !== 'number' || !Number.isInteger(size) || size <= 0 || size > LONGEST_METADATA) return;
    if (this.#size > 0) return;
    this.#size = size;
    this.#exchange.ready(this);
  }

  ask(): void {
    this.#isAsking = true;
    this.#wait();
    for (let piece = 0; piece * PIECE < this.#size; piece += 1)
      this.#send(`d8:msg_typei0e5:piecei${piece}ee`);
  }

  stop(): void {
    this.#isAsking = false;
    void this.#timer?.dispose();
    this.#pieces.clear();
  }

  onMessage(message: Uint8Array): void {
    const head = readHead(message);
    if (!head) return;
    const piece = head.values.get('piece') ?? -1;
    const type = head.values.get('msg_type');
    if (piece < 0) return;
    if (type === 0) this.#give(piece);
    if (!this.#isAsking) return;
    if (type === 1) this.#take(piece, message.subarray(head.end));
  }

  #take(piece: number, bytes: Uint8Array): void {
    const length = Math.min(PIECE, this.#size - piece * PIECE);
    if (length <= 0 || bytes.length !== length || this.#pieces.has(piece)) {
      this.#leave();
      return;
    }
    this.#pieces.set(piece, bytes.slice());
    this.#wait();
    if (this.#pieces.size * PIECE < this.#size) return;
    const info = new Uint8Array(this.#size);
    for (const [at, part] of this.#pieces) info.set(part, at * PIECE);
    if (!this.#exchange.received(info)) this.#leave();
  }

  #give(piece: number): void {
    const { info } = this.#exchange;
    this.#given += 1;
    const start = piece * PIECE;
    // Nobody needs all of it more than a few times.
    if (!info || start >= info.length || this.#given > 8 * Math.ceil(info.length / PIECE)) {
      this.#send(`d8:msg_typei2e5:piecei${piece}ee`);
      return;
    }
    const head = `d8:msg_typei1e5:piecei${piece}e10:total_sizei${info.length}ee`;
    this.#send(head, info.subarray(start, Math.min(start + PIECE, info.length)));
  }

  #wait(): void {
    void this.#timer?.dispose();
    this.#timer = this.#exchange.after(() => this.#rest());
  }

  /** Others first; when there are none it is asked again. It may not have known yet, or be slow. */
  #rest(): void {
    this.stop();
    this.#exchange.gone(this);
    this.#exchange.ready(this);
  }

  #leave(): void {
    this.stop();
    this.#exchange.gone(this);
  }

  #send(head: string, bytes?: Uint8Array): void {
    if (this.#wire.destroyed || this.#wire.peerExtendedMapping.ut_metadata === undefined) return;
    this.#wire.extended(
      'ut_metadata',
      Buffer.concat(bytes ? [Buffer.from(head), bytes] : [Buffer.from(head)]),
    );
  }
}
Object.defineProperty(MetadataPeer.prototype, 'name', { value: 'ut_metadata' });

/** The dictionary of whole numbers that a message begins with, and where it ends. */
export function readHead(
  message: Uint8Array,
): { readonly values: ReadonlyMap<string, number>; readonly end: number } | undefined {
  const text = Buffer.from(message.buffer, message.byteOffset, Math.min(message.length, 300)).toString(
    'latin1',
  );
  const values = new Map<string, number>();
  if (text[0] !== 'd') return undefined;
  let at = 1;
  while (text[at] !== 'e') {
    const key = /^(\d{1,2}):/.exec(text.slice(at));
    if (!key) return undefined;
    const start = at + key[0].length;
    const end = start + Number(key[1]);
    const value = /^i(-?\d{1,12})e/.exec(text.slice(end));
    if (!value) return undefined;
    values.set(text.slice(start, end), Number(value[1]));
    at = end + value[0].length;
  }
  return { values, end: at + 1 };
}
