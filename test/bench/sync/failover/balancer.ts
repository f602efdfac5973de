import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/**
 * What stands in front of several relays: passes each connection on to one of their ports, and over those that do not
 * answer. `turns`: each connection to the next one; `first`: all to the first that answers.
 */
export class Balancer {
  readonly #ports: readonly number[];
  readonly #choice: 'turns' | 'first';
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #turn = 0;

  private constructor(ports: readonly number[], choice: 'turns' | 'first') {
    this.#ports = ports;
    this.#choice = choice;
    this.#server = createServer({ pauseOnConnect: true, noDelay: true }, (near) => {
      this.#own(near);
      const from = this.#choice === 'turns' ? this.#turn : 0;
      this.#turn += 1;
      this.#pass(near, [
        ...ports.slice(from % ports.length),
        ...this.#ports.slice(0, from % this.#ports.length),
      ]);
    });
  }

  static async start(ports: readonly number[], choice: 'turns' | 'first'): Promise<Balancer> {
    const balancer = new Balancer(ports, choice);
    balancer.#server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 });
    await once(balancer.#server, 'listening');
    return balancer;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async dispose(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #pass(near: Socket, [port, ...others]: readonly number[]): void {
    if (port === undefined || near.destroyed) {
      near.destroy();
      return;
    }
    const far = connect({ port, host: '127.0.0.1', noDelay: true });
    const refused = (): void => this.#pass(near, others);
    far.once('error', refused);
    far.once('connect', () => {
      far.off('error', refused);
      this.#own(far);
      near.once('close', () => far.destroy());
      far.once('close', () => near.destroy());
      near.pipe(far);
      far.pipe(near);
    });
  }

  #own(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.#sockets.delete(socket));
  }
}
