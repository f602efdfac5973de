import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { Connection, type Count, draw, type Owner } from './connection.ts';
import type { Content } from './content.ts';
import { loadMetadataExtension, loadWire, type PeerWire } from './libraries.ts';
import { Link } from './line.ts';
import type { Seeder as Behaviour, SeederStats } from './protocol.ts';

const Wire = await loadWire();
const makeMetadataExtension = await loadMetadataExtension();

/** A peer that others connect to, on a port of its own. */
export class Seeder implements Owner {
  readonly peerId = Buffer.from(`-KL0001-${randomBytes(6).toString('hex')}`).toString('hex');
  readonly content: Content;
  readonly link: Link;
  readonly counts: Record<Count, number> = {
    ...{ connections: 0, open: 0, handshakes: 0, interested: 0, requests: 0, cancels: 0, cancelledInTime: 0 },
    ...{ sent: 0, corrupted: 0, taken: 0, takenWrong: 0 },
  };
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  readonly #pieces: Uint8Array;
  readonly #delay: number;
  readonly #seed: string;
  #behaviour: Behaviour;
  #gaining: NodeJS.Timeout | undefined;

  static async start(content: Content, behaviour: Behaviour, index: number): Promise<Seeder> {
    const server = createServer();
    server.listen(behaviour.port ?? 0, '127.0.0.1');
    await once(server, 'listening');
    return new Seeder(content, behaviour, index, server);
  }

  private constructor(content: Content, behaviour: Behaviour, index: number, server: Server) {
    this.content = content;
    this.#behaviour = behaviour;
    this.#server = server;
    this.#seed = `seeder ${index}`;
    this.#delay = behaviour.delay ?? 20 + ((index * 7) % 21);
    this.link = new Link(behaviour.rate);
    this.#pieces = this.#initialPieces();
    this.#gain();
    server.on('connection', (socket) => {
      const connection = new Connection(this, socket, this.#delay);
      connection.onTaken = (piece) => this.#get(piece);
      this.#connections.add(connection);
      socket.once('close', () => this.#connections.delete(connection));
    });
  }

  get behaviour(): Behaviour {
    return this.#behaviour;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get isSilent(): boolean {
    return this.counts.sent >= (this.#behaviour.silentAfter ?? Number.POSITIVE_INFINITY);
  }

  get stats(): SeederStats {
    return { address: this.address, ...this.counts };
  }

  /** Counts from 0 again, but for connections that are open. */
  reset(): void {
    const { open } = this.counts;
    for (const name of Object.keys(this.counts) as Count[]) this.counts[name] = 0;
    this.counts.open = open;
  }

  /** What it has stays as it is, and so does the delay. */
  change(to: Behaviour): void {
    this.#behaviour = { ...this.#behaviour, ...to };
    this.link.rate = this.#behaviour.rate ?? Number.POSITIVE_INFINITY;
    this.#gain();
  }

  has(piece: number): boolean {
    return ((this.#pieces[piece >> 3] ?? 0) & (0x80 >> (piece & 7))) !== 0;
  }

  bitfield(): Uint8Array {
    return this.#behaviour.refuses ? this.#allPieces() : this.#pieces.slice();
  }

  isCorrupt(piece: number): boolean {
    const { corrupt = 0 } = this.#behaviour;
    return corrupt > 0 && draw(this.#seed, piece) < corrupt;
  }

  makeWire(encryption: 0 | 2): PeerWire {
    return new Wire('tcpIncoming', encryption);
  }

  metadataExtension(): unknown {
    const { metadata = true } = this.#behaviour;
    if (metadata === true) return makeMetadataExtension(this.content.info);
    if (metadata !== 'wrong') return undefined;
    const wrong = Buffer.from(this.content.info);
    wrong[wrong.length - 30] = (wrong[wrong.length - 30] ?? 0) ^ 0xff;
    return wrongMetadata(wrong);
  }

  async close(): Promise<void> {
    clearInterval(this.#gaining);
    for (const connection of this.#connections) connection.close();
    this.link.close();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  #initialPieces(): Uint8Array {
    const { has } = this.#behaviour;
    if (has === undefined) return this.#allPieces();
    const pieces = new Uint8Array(Math.ceil(this.content.pieces / 8));
    const isIn =
      typeof has === 'number' ? (piece: number) => draw(`${this.#seed} has`, piece) < has : undefined;
    const wanted = new Set(typeof has === 'number' ? [] : has);
    for (let piece = 0; piece < this.content.pieces; piece += 1)
      if (isIn ? isIn(piece) : wanted.has(piece)) setBit(pieces, piece);
    return pieces;
  }

  #allPieces(): Uint8Array {
    const pieces = new Uint8Array(Math.ceil(this.content.pieces / 8));
    for (let piece = 0; piece < this.content.pieces; piece += 1) setBit(pieces, piece);
    return pieces;
  }

  #gain(): void {
    clearInterval(this.#gaining);
    const { gains } = this.#behaviour;
    if (!gains) return;
    let next = 0;
    this.#gaining = setInterval(() => {
      while (next < this.content.pieces && this.has(next)) next += 1;
      if (next < this.content.pieces) this.#get(next);
    }, 1000 / gains);
  }

  #get(piece: number): void {
    if (this.has(piece)) return;
    setBit(this.#pieces, piece);
    for (const connection of this.#connections) connection.tell(piece);
  }
}

/** Sends metadata that are not those of the infohash. */
function wrongMetadata(bytes: Uint8Array): unknown {
  const Extension = makeMetadataExtension() as new (
    wire: PeerWire,
  ) => {
    metadata: Uint8Array;
    _metadataComplete: boolean;
    _metadataSize: number;
  };
  return class extends Extension {
    constructor(wire: PeerWire) {
      super(wire);
      this.metadata = bytes;
      this._metadataComplete = true;
      this._metadataSize = bytes.length;
      wire.extendedHandshake.metadata_size = bytes.length;
    }
  };
}

function setBit(bits: Uint8Array, index: number): void {
  bits[index >> 3] = (bits[index >> 3] ?? 0) | (0x80 >> (index & 7));
}
