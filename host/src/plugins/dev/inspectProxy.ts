import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Disposable, KinoportError } from '@kinoport/core';

/** Connections that wait for a generation to lead to. */
const MOST_WAITING = 100;

/**
 * A loopback port that stays, and leads to the debugger port of whichever generation it is told. Bytes pass as they
 * are: Node makes the addresses that it hands out from the request's `Host`.
 */
export class InspectProxy implements Disposable {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #waiting = new Set<Socket>();
  #target: number | undefined;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
    server.on('connection', (socket) => this.#connected(socket));
  }

  /** @param port 0 for any that is free @throws KinoportError `PLUGIN_INSPECT_PORT` */
  static async listen(port: number): Promise<InspectProxy> {
    const server = createServer();
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host: '127.0.0.1', port }, resolve);
      });
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
      const why = code === 'EADDRINUSE' ? 'another program listens on it' : code;
      throw new KinoportError('PLUGIN_INSPECT_PORT', `Port ${port} cannot be used for debuggers: ${why}.`, {
        hint: `Name another port: --inspect=${port < 65_535 ? port + 1 : port - 1}; 0 takes any that is free.`,
        data: { port },
        cause,
      });
    }
    // What goes wrong with a single connection is that connection's.
    server.on('error', () => undefined);
    const address = server.address();
    return new InspectProxy(server, typeof address === 'object' && address !== null ? address.port : port);
  }

  /**
   * Where connections lead from now on; those to another place are closed, so that a debugger attaches anew. While
   * there is no such place they wait.
   */
  lead(target: number | undefined): void {
    if (target === this.#target) return;
    this.#target = target;
    for (const socket of this.#sockets) socket.destroy();
    for (const socket of [...this.#waiting]) this.#pass(socket);
  }

  async dispose(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of [...this.#sockets, ...this.#waiting]) socket.destroy();
    await closed;
  }

  #connected(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#waiting.delete(socket));
    if (this.#waiting.size >= MOST_WAITING) {
      socket.destroy();
      return;
    }
    this.#waiting.add(socket);
    this.#pass(socket);
  }

  #pass(socket: Socket): void {
    if (this.#target === undefined) return;
    this.#waiting.delete(socket);
    const there = connect({ host: '127.0.0.1', port: this.#target });
    for (const [one, other] of [
      [socket, there],
      [there, socket],
    ] as const) {
      this.#sockets.add(one);
      one.once('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
    there.on('error', () => there.destroy());
  }
}
