import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { loadMetadataExtension, loadWire, type PeerWire } from './libraries.ts';

interface MetadataExtension {
  fetch(): void;
  once(event: 'metadata', heard: (metadata: Uint8Array) => void): void;
}

/** A peer that connects to others and asks for single blocks, to see what they answer. */
export class LabPeer {
  readonly wire: PeerWire;
  readonly #socket: Socket;

  /**
   * Connects and makes the handshake.
   * @param address `host:port`
   * @param encryption 0: plain · 2: MSE with RC4 only
   */
  static async connect(address: string, infohash: string, encryption: 0 | 2 = 0): Promise<LabPeer> {
    const [host = '', port] = address.split(':');
    const socket = connect(Number(port), host);
    await once(socket, 'connect');
    const [Wire, metadata] = await Promise.all([loadWire(), loadMetadataExtension()]);
    const wire = new Wire('tcpOutgoing', encryption);
    wire.use(metadata());
    const peer = new LabPeer(wire, socket);
    const greet = (): void =>
      wire.handshake(infohash, randomBytes(20).toString('hex'), { fast: true, dht: false });
    if (encryption === 0) greet();
    else {
      wire.once('crypto-handshake', greet);
      wire.startEncryption(infohash);
    }
    const closed = once(wire, 'close').then(() => {
      throw new Error(`${address} has closed the connection.`);
    });
    await Promise.race([once(wire, 'handshake'), closed]);
    closed.catch(() => {});
    return peer;
  }

  private constructor(wire: PeerWire, socket: Socket) {
    this.wire = wire;
    this.#socket = socket;
    socket.on('error', () => {});
    wire.on('error', () => {});
    socket.on('data', (bytes) => wire.write(bytes));
    socket.once('close', () => this.close());
    wire.on('data', (bytes) => socket.write(bytes as Uint8Array));
  }

  /** Says that it wants something, and waits until it may ask. */
  async unchoked(): Promise<void> {
    this.wire.interested();
    if (this.wire.peerChoking) await once(this.wire, 'unchoke');
  }

  /** Rejects when the request is refused, or the connection closed. */
  block(piece: number, offset: number, length = 16_384): Promise<Uint8Array> {
    return new Promise((done, fail) =>
      this.wire.request(piece, offset, length, (error, block) => (error ? fail(error) : done(block.slice()))),
    );
  }

  /** A dictionary with the info dictionary in it, as the other sent it; its hash has been checked. */
  metadata(): Promise<Uint8Array> {
    const extension = (this.wire as unknown as { readonly ut_metadata: MetadataExtension }).ut_metadata;
    return new Promise((done) => {
      extension.once('metadata', done);
      extension.fetch();
    });
  }

  get isClosed(): boolean {
    return this.#socket.destroyed;
  }

  close(): void {
    this.#socket.destroy();
    this.wire.destroy();
  }
}
