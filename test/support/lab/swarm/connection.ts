import { createHash, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Content } from './content.ts';
import type { PeerWire } from './libraries.ts';
import { DelayLine, type Link } from './line.ts';
import type { Seeder } from './protocol.ts';

/** What a connection needs of the seeder it belongs to. */
export interface Owner {
  readonly peerId: string;
  readonly behaviour: Seeder;
  readonly content: Content;
  readonly link: Link;
  readonly counts: Record<Count, number>;
  readonly isSilent: boolean;
  has(piece: number): boolean;
  bitfield(): Uint8Array;
  isCorrupt(piece: number): boolean;
  makeWire(encryption: 0 | 2): PeerWire;
  metadataExtension(): unknown;
}

export type Count =
  | 'connections'
  | 'open'
  | 'handshakes'
  | 'interested'
  | 'requests'
  | 'cancels'
  | 'cancelledInTime'
  | 'sent'
  | 'corrupted'
  | 'taken'
  | 'takenWrong';

const BLOCK = 16_384;
const LEECH_REQUESTS = 16;

/** One peer that has connected to a seeder. */
export class Connection {
  readonly #owner: Owner;
  readonly #socket: Socket;
  readonly #wire: PeerWire;
  readonly #incoming: DelayLine<Uint8Array>;
  readonly #outgoing: DelayLine<Uint8Array | null>;
  readonly #waiting = new Map<string, () => boolean>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #sent = 0;
  #ready = false;
  #closed = false;
  #leeching = { piece: -1, next: 0, here: 0, parts: [] as Uint8Array[] };

  /** It took a whole piece (`leech`). */
  onTaken: ((piece: number) => void) | undefined;

  constructor(owner: Owner, socket: Socket, delay: number) {
    this.#owner = owner;
    this.#socket = socket;
    owner.counts.connections += 1;
    owner.counts.open += 1;
    socket.setNoDelay(true);
    const wire = owner.makeWire(owner.behaviour.encryptedOnly ? 2 : 0);
    this.#wire = wire;
    this.#incoming = new DelayLine(delay, (bytes) => wire.write(bytes));
    this.#outgoing = new DelayLine(delay, (bytes) => {
      if (bytes === null) socket.destroySoon();
      else if (!socket.destroyed) socket.write(bytes);
    });
    socket.on('data', (bytes: Uint8Array) => this.#incoming.push(bytes));
    socket.on('error', () => {});
    socket.once('close', () => this.close());
    wire.on('error', () => this.close());
    wire.once('close', () => this.close());
    wire.on('data', (bytes) => this.#outgoing.push(bytes as Uint8Array));
    if (owner.behaviour.garbage === 'handshake') this.#outgoing.push(randomBytes(4096));
    this.#listen();
  }

  /** The seeder has one more piece. */
  tell(piece: number): void {
    if (this.#ready) this.#wire.have(piece);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#owner.counts.open -= 1;
    for (const timer of this.#timers) clearInterval(timer);
    for (const takeBack of this.#waiting.values()) takeBack();
    this.#incoming.close();
    this.#outgoing.close();
    this.#socket.destroy();
    this.#wire.destroy();
  }

  #listen(): void {
    const wire = this.#wire;
    const { infohash } = this.#owner.content;
    wire.once('crypto-infohash', () => wire.setInfoHash(infohash));
    wire.once('handshake', (asked: string) => {
      if (asked !== infohash) return this.close();
      if (this.#owner.behaviour.encryptedOnly && !wire._cryptoHandshakeDone) return this.close();
      this.#owner.counts.handshakes += 1;
      this.#greet();
    });
    wire.on('interested', () => {
      this.#owner.counts.interested += 1;
      if (!this.#owner.behaviour.neverUnchokes) wire.unchoke();
    });
    wire.on('request', (piece: number, offset: number, length: number) => this.#asked(piece, offset, length));
    wire.on('cancel', (piece: number, offset: number, length: number) =>
      this.#cancelled(piece, offset, length),
    );
    for (const event of ['unchoke', 'have', 'have-all', 'bitfield']) wire.on(event, () => this.#leech());
  }

  #greet(): void {
    const { behaviour, peerId, content } = this.#owner;
    const wire = this.#wire;
    const extension = this.#owner.metadataExtension();
    if (extension) wire.use(extension);
    else if (behaviour.metadata === 'silent') this.#claimMetadata();
    wire.handshake(content.infohash, peerId, { fast: behaviour.fast !== false, dht: false });
    if (behaviour.garbage === 'messages') {
      this.#afterwards(randomBytes(64 * 1024));
      this.#afterwards(null);
      return;
    }
    const claimsAll = behaviour.refuses || behaviour.has === undefined;
    if (claimsAll && wire.hasFast) wire.haveAll();
    else wire.bitfield(this.#owner.bitfield());
    this.#ready = true;
    const { chokes } = behaviour;
    if (chokes) this.#repeat(chokes.every + chokes.length, () => this.#chokeFor(chokes.length), chokes.every);
    if (behaviour.leech) wire.interested();
  }

  /** Behind what the wire was just given: a wire gives it on a moment later. */
  #afterwards(bytes: Uint8Array | null): void {
    setImmediate(() => {
      if (!this.#closed) this.#outgoing.push(bytes);
    });
  }

  #claimMetadata(): void {
    function Silent(this: { onMessage(): void }): void {
      this.onMessage = () => {};
    }
    Silent.prototype.name = 'ut_metadata';
    this.#wire.use(Silent);
    this.#wire.extendedHandshake.metadata_size = this.#owner.content.info.length;
  }

  #repeat(every: number, run: () => void, first: number): void {
    const begin = setTimeout(() => {
      run();
      this.#timers.add(setInterval(run, every));
    }, first);
    this.#timers.add(begin);
  }

  #chokeFor(length: number): void {
    for (const takeBack of this.#waiting.values()) takeBack();
    this.#waiting.clear();
    this.#wire.choke();
    this.#timers.add(setTimeout(() => this.#wire.unchoke(), length));
  }

  #asked(piece: number, offset: number, length: number): void {
    const { counts, behaviour, content, link } = this.#owner;
    counts.requests += 1;
    if (this.#owner.isSilent) return;
    const isThere = this.#owner.has(piece) && offset + length <= content.lengthOf(piece) && length <= 131_072;
    if (behaviour.refuses || !isThere) {
      if (this.#wire.hasFast) this.#wire.reject(piece, offset, length);
      return;
    }
    const key = `${piece} ${offset} ${length}`;
    const takeBack = link.post(length, () => {
      this.#waiting.delete(key);
      this.#send(piece, offset, length);
    });
    // A link without limit has sent it by now.
    if (link.rate !== Number.POSITIVE_INFINITY) this.#waiting.set(key, takeBack);
  }

  #cancelled(piece: number, offset: number, length: number): void {
    const { counts } = this.#owner;
    counts.cancels += 1;
    const key = `${piece} ${offset} ${length}`;
    if (!this.#waiting.get(key)?.()) return;
    this.#waiting.delete(key);
    counts.cancelledInTime += 1;
    if (this.#wire.hasFast) this.#wire.reject(piece, offset, length);
  }

  #send(piece: number, offset: number, length: number): void {
    if (this.#closed || this.#owner.isSilent) return;
    const { counts, behaviour, content } = this.#owner;
    let block = content.block(piece, offset, length);
    if (this.#owner.isCorrupt(piece)) {
      block = block.slice();
      block[length >> 1] = (block[length >> 1] ?? 0) ^ 0xff;
      if (offset === 0) counts.corrupted += 1;
    }
    this.#wire.piece(piece, offset, block);
    content.noteSent(piece, offset, length);
    counts.sent += length;
    this.#sent += length;
    if (behaviour.dropAfter !== undefined && this.#sent >= behaviour.dropAfter) this.#afterwards(null);
  }

  #leech(): void {
    const { behaviour, content } = this.#owner;
    if (!behaviour.leech || !this.#ready || this.#wire.peerChoking || this.#leeching.piece >= 0) return;
    for (let piece = 0; piece < content.pieces; piece += 1) {
      if (this.#owner.has(piece) || !this.#wire.peerPieces.get(piece)) continue;
      this.#leeching = { piece, next: 0, here: 0, parts: [] };
      for (let n = 0; n < LEECH_REQUESTS; n += 1) this.#take();
      return;
    }
  }

  #take(): void {
    const { content, counts } = this.#owner;
    const now = this.#leeching;
    const length = content.lengthOf(now.piece);
    const offset = now.next;
    if (offset >= length) return;
    now.next += BLOCK;
    this.#wire.request(now.piece, offset, Math.min(BLOCK, length - offset), (error, block) => {
      if (this.#closed || this.#leeching !== now) return;
      if (error) {
        this.#leeching = { piece: -1, next: 0, here: 0, parts: [] };
        return;
      }
      counts.taken += block.length;
      now.parts[offset / BLOCK] = block.slice();
      now.here += block.length;
      if (now.here < length) return this.#take();
      const bytes = Buffer.concat(now.parts);
      if (!content.isRight(now.piece, bytes)) counts.takenWrong += bytes.length;
      this.#leeching = { piece: -1, next: 0, here: 0, parts: [] };
      this.#got(now.piece);
    });
  }

  #got(piece: number): void {
    this.onTaken?.(piece);
    this.#leech();
  }
}

/** The same figure from 0 to 1 for the same pair, spread evenly. */
export function draw(seed: string, piece: number): number {
  return createHash('sha1').update(`${seed} ${piece}`).digest().readUInt32BE(0) / 2 ** 32;
}
