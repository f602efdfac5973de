import type { BlockWire } from '../schedule/ports.ts';
import type { Wire } from './webtorrent.ts';

/** What is told of blocks, of peers and of web seeds alike. */
export interface BlockSink {
  received(wire: SourceWire, piece: number, offset: number, bytes: Uint8Array): void;
  failed(wire: SourceWire, piece: number, offset: number): void;
  changed(wire: SourceWire): void;
  /** Whether more may come: false while more waits for the disk than memory should hold. */
  readonly hasRoom: boolean;
}

/** A wire that knows whom its bytes come from. */
export interface SourceWire extends BlockWire {
  /** Bytes that were kept. */
  useful: number;
  /** Pieces that are not taken from here for the time being, while it is looked for who gives wrong ones. */
  readonly suspected: Set<number>;
}

/** Requests that a peer holds at a time when it does not say (BEP 10 has no number; libtorrent's is 250). */
const USUAL_REQUESTS = 250;
const MOST_REQUESTS = 1000;

/** A peer of webtorrent's, as the scheduler sees it. */
export class PeerWire implements SourceWire {
  readonly id: string;
  readonly wholePieces = false;
  readonly suspected = new Set<number>();
  useful = 0;
  readonly wire: Wire;
  readonly #sink: BlockSink;
  #isClosed = false;
  #isCancelling = false;

  constructor(id: string, wire: Wire, sink: BlockSink) {
    this.id = id;
    this.wire = wire;
    this.#sink = sink;
    const changed = (): void => {
      if (!this.#isClosed) sink.changed(this);
    };
    for (const event of ['choke', 'unchoke', 'bitfield', 'have', 'have-all', 'have-none', 'extended'])
      wire.on(event, changed);
    wire.on('piece', (piece: number, offset: number, bytes: Uint8Array) => {
      if (!this.#isClosed) sink.received(this, piece, offset, bytes);
    });
  }

  get isOpen(): boolean {
    return !this.#isClosed && !this.wire.peerChoking;
  }

  get maxRequests(): number {
    if (!this.#sink.hasRoom) return 0;
    const told = this.wire.peerExtendedHandshake.reqq;
    return typeof told === 'number' && told >= 1 ? Math.min(Math.floor(told), MOST_REQUESTS) : USUAL_REQUESTS;
  }

  has(piece: number): boolean {
    return this.wire.peerPieces.get(piece) && !this.suspected.has(piece);
  }

  request(piece: number, offset: number, length: number): void {
    // What arrives is told by `piece`, late answers to what was cancelled included.
    this.wire.request(piece, offset, length, (error) => {
      if (error && !this.#isClosed && !this.#isCancelling) this.#sink.failed(this, piece, offset);
    });
  }

  cancel(piece: number, offset: number, length: number): void {
    this.#isCancelling = true;
    try {
      if (!this.#isClosed) this.wire.cancel(piece, offset, length);
    } finally {
      this.#isCancelling = false;
    }
  }

  /** Nothing is told of it any more. */
  close(): void {
    this.#isClosed = true;
  }
}
