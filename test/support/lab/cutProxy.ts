import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A way to ports of this machine that can be cut and healed. */
export class CutProxy {
  readonly #server: Server;
  readonly #targets: readonly number[];
  readonly #pairs = new Set<SocketPair>();
  #state: 'open' | 'cut' | 'silent' = 'open';

  private constructor(server: Server, targets: readonly number[]) {
    this.#server = server;
    this.#targets = targets;
    server.on('connection', (near) => {
      if (this.#state === 'cut') {
        near.resetAndDestroy();
        return;
      }
      const pair = new SocketPair(near, () => this.#pairs.delete(pair));
      this.#pairs.add(pair);
      if (this.#state === 'open') pair.open(this.#targets);
    });
  }

  /** A connection goes to the first of them that takes it. */
  static async open(...targets: readonly number[]): Promise<CutProxy> {
    const server = createServer();
    const proxy = new CutProxy(server, targets);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Ends what goes through, and refuses everything. */
  cut(): void {
    this.#state = 'cut';
    for (const pair of this.#pairs) pair.reset();
  }

  /** Nothing goes through any more, and nobody is told. */
  silence(): void {
    this.#state = 'silent';
    for (const pair of this.#pairs) pair.hold();
  }

  /** @param forgetful connections of before a silence stay silent, as after a change of the address */
  heal({ forgetful = false }: { readonly forgetful?: boolean } = {}): void {
    this.#state = 'open';
    for (const pair of this.#pairs) if (!forgetful || !pair.isOpen) pair.open(this.#targets);
  }

  async dispose(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

class SocketPair {
  readonly #near: Socket;
  readonly #over: () => void;
  #far: Socket | undefined;
  #held = false;
  #ended = false;

  constructor(near: Socket, over: () => void) {
    this.#near = near;
    this.#over = over;
    near.setNoDelay(true);
    near.pause();
    this.#watch(near);
  }

  get isOpen(): boolean {
    return this.#far !== undefined;
  }

  /** Passes on what comes, and what was held. */
  open(targets: readonly number[]): void {
    this.#held = false;
    if (this.#ended) this.reset();
    else if (this.#far) this.#join(this.#far);
    else this.#reach(targets);
  }

  /** Both ends believe that the other is there. */
  hold(): void {
    this.#held = true;
    for (const socket of [this.#near, this.#far]) socket?.unpipe().pause();
  }

  reset(): void {
    for (const socket of [this.#near, this.#far]) socket?.resetAndDestroy();
    this.#over();
  }

  #reach([port, ...others]: readonly number[]): void {
    if (port === undefined) {
      this.reset();
      return;
    }
    const far = connect({ port, host: '127.0.0.1', noDelay: true });
    const next = (): void => this.#reach(others);
    far.once('error', next);
    far.once('connect', () => {
      far.off('error', next);
      this.#far = far;
      this.#watch(far);
      if (this.#near.destroyed) far.destroy();
      else if (this.#held) far.pause();
      else this.#join(far);
    });
  }

  #join(far: Socket): void {
    this.#near.pipe(far).pipe(this.#near);
  }

  #watch(socket: Socket): void {
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#ended = true;
      if (!this.#held) this.reset();
    });
  }
}
