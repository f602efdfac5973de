import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Handshake of a peer that knows extensions (BEP 10) and has the fast one (BEP 6). */
export function handshake(infohash: string): Buffer {
  const reserved = Buffer.from([0, 0, 0, 0, 0, 0x10, 0, 0x04]);
  const id = Buffer.from('-XX0001-abcdefghijkl');
  return Buffer.concat([Buffer.from('\x13BitTorrent protocol'), reserved, Buffer.from(infohash, 'hex'), id]);
}

/** A message with its length in front. */
export function message(type: number, ...parts: readonly (string | Uint8Array)[]): Buffer {
  const body = Buffer.concat([
    Buffer.from([type]),
    ...parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/** A peer that says what it is told to, byte by byte. */
export class RawPeer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  /** @param answer what is sent to somebody who has made the handshake; then bytes that come go to `onData` */
  static async listen(
    infohash: string,
    answer: (socket: Socket) => void,
    onData: (socket: Socket, bytes: Buffer) => void = () => {},
  ): Promise<RawPeer> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      let had = Buffer.alloc(0);
      let isThrough = false;
      socket.on('data', (bytes) => {
        had = Buffer.concat([had, bytes as Uint8Array]);
        if (!isThrough && had.length >= 68) {
          isThrough = true;
          socket.write(handshake(infohash));
          answer(socket);
          had = had.subarray(68);
        }
        if (isThrough) onData(socket, had);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new RawPeer(server, sockets);
  }

  private constructor(server: Server, sockets: Set<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  dispose(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** Sends bytes to somebody who listens. @returns when the other side has closed the connection */
export function throwAt(address: string, bytes: Uint8Array): Promise<void> {
  const [host, port] = address.split(':');
  const socket = connect(Number(port), host);
  socket.on('error', () => {}).resume();
  socket.write(bytes);
  return new Promise((resolve) => socket.once('close', () => resolve()));
}
