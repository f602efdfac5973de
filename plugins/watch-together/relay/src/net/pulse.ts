import { type Clock, type Disposable, DisposableStore } from '@kinoport/core';
import type { WebSocket } from 'ws';

/** Milliseconds between two pings, and without a sign of life until the peer counts as gone. */
const BEAT = 20_000;
const DEAD = 50_000;
/** Round trips of which the largest counts: a start has to reach even the late ones. */
const KEPT = 4;

/** Pings a peer: measures the way to it, and ends the connection when nothing comes back. */
export class Pulse implements Disposable {
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #measured: (ms: number) => void;
  readonly #owned = new DisposableStore();
  readonly #roundTrips: number[] = [];
  #sentAt: number | undefined;
  #aliveAt: number;

  constructor(options: {
    readonly socket: WebSocket;
    readonly clock: Clock;
    readonly measured: (ms: number) => void;
  }) {
    this.#socket = options.socket;
    this.#clock = options.clock;
    this.#measured = options.measured;
    this.#aliveAt = this.#clock.now();
    this.#socket.on('pong', () => this.#pong());
    this.#owned.add(
      this.#clock.every(BEAT, () => {
        if (this.#clock.now() - this.#aliveAt > DEAD) this.#socket.terminate();
        else this.beat();
      }),
    );
  }

  /** Pings now. */
  beat(): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#sentAt ??= this.#clock.now();
    this.#socket.ping();
  }

  #pong(): void {
    const now = this.#clock.now();
    this.#aliveAt = now;
    if (this.#sentAt === undefined) return;
    this.#roundTrips.push(now - this.#sentAt);
    this.#sentAt = undefined;
    if (this.#roundTrips.length > KEPT) this.#roundTrips.shift();
    this.#measured(Math.max(...this.#roundTrips));
  }

  dispose(): Promise<void> {
    return this.#owned.dispose();
  }
}
