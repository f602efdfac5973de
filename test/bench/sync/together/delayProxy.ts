import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Way } from './pair.ts';

/** Passes connections on to a port of loopback, each chunk as late as a way makes it; the order is kept. */
export class DelayProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(port: number, way: Way): Promise<DelayProxy> {
    const server = createServer((near) => {
      const far = connect({ port, host: '127.0.0.1', noDelay: true });
      near.setNoDelay(true);
      for (const socket of [near, far]) {
        proxy.#sockets.add(socket);
        socket.on('error', () => undefined);
        socket.once('close', () => proxy.#sockets.delete(socket));
      }
      pass(near, far, way.up, way.jitter);
      pass(far, near, way.down, way.jitter);
    });
    const proxy = new DelayProxy(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends all connections, as a network that is cut. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async dispose(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

function pass(from: Socket, to: Socket, delay: number, jitter: number): void {
  let last = 0;
  const later = (run: () => void): void => {
    const now = performance.now();
    last = Math.max(last, now + delay - jitter * Math.log(1 - Math.random()));
    setTimeout(run, last - now);
  };
  from.on('data', (chunk: Buffer) => later(() => to.write(chunk)));
  from.once('close', () => later(() => to.destroy()));
}
