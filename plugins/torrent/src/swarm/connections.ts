import type { Clock, Disposable } from '@kinoport/core';
import type { PeerSource } from './webtorrent.ts';

/** How an address is reached: plain TCP, TCP with the encrypted handshake (MSE), uTP. */
export type Way = 'tcp' | 'mse' | 'utp';

/** What became of an attempt, or of the connection that came of it. */
export type Outcome =
  /** Nothing was there, or nothing answered. */
  | 'unreachable'
  /** The connection was made, the handshake was not. */
  | 'refused'
  /** There was a connection that worked, and now there is none; `useful`: it gave something. */
  | { readonly lost: true; readonly useful: boolean };

export interface DialTimeouts {
  /** Milliseconds for the connection, then for the handshake. */
  readonly connect: number;
  readonly handshake: number;
}

/** Makes connections. Calls `done` once, when an attempt has failed or the connection that it made has ended. */
export interface Dialer {
  /** False when nothing was begun, since the address is connected already for instance. */
  dial(
    address: string,
    way: Way,
    source: PeerSource,
    timeouts: DialTimeouts,
    done: (outcome: Outcome) => void,
  ): boolean;
}

/** Connections that may be open or tried at a time, for all torrents together. */
export class ConnectionBudget {
  readonly limit: number;
  #used = 0;
  readonly #waiting = new Set<() => void>();

  constructor(limit: number) {
    this.limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** Incoming ones count beyond the limit as well; whoever asks for room may be refused. */
  take(force = false): boolean {
    if (!force && this.#used >= this.limit) return false;
    this.#used += 1;
    return true;
  }

  give(): void {
    this.#used -= 1;
    for (const run of [...this.#waiting]) {
      if (this.#used >= this.limit) return;
      run();
    }
  }

  /** Calls `run` whenever there is room again. */
  onRoom(run: () => void): Disposable {
    this.#waiting.add(run);
    return { dispose: () => void this.#waiting.delete(run) };
  }
}

interface Candidate {
  readonly address: string;
  readonly source: PeerSource;
  /** What worked the last time, else what is tried now. */
  way: Way;
  failures: number;
  losses: number;
  hasWorked: boolean;
  state: 'waiting' | 'queued' | 'busy';
  timer?: Disposable;
}

export interface ConnectionsOptions {
  readonly clock: Clock;
  readonly dialer: Dialer;
  readonly budget: ConnectionBudget;
  readonly hasUtp: () => boolean;
  /** Whether somebody of this host may be called; everybody where it is left out. */
  readonly mayCall?: (host: string, source: PeerSource) => boolean;
  /** Whether nobody is connected at all. */
  readonly isAlone?: () => boolean;
  /** Most addresses that are kept in mind. */
  readonly capacity?: number;
}

/** After a round of all ways in vain, milliseconds; then the address is forgotten until somebody names it again. */
const AFTER_FAILURE = [5000, 20_000, 60_000, 300_000];
const AFTER_LOSS = 500;
const LONGEST_WAIT = 60_000;
/** When all are gone at once it was our own network as a rule, and those that worked are there when it is back. */
const ALONE_WAIT = 3000;

/**
 * What is done with the addresses of a swarm: each is tried at once by plain TCP, then encrypted where somebody took
 * the connection and not the handshake, then by uTP where nobody took it. None waits for another one's time-out.
 */
export class Connections implements Disposable {
  readonly #options: ConnectionsOptions;
  readonly #candidates = new Map<string, Candidate>();
  readonly #banned = new Set<string>();
  readonly #queue: Candidate[] = [];
  readonly #room: Disposable;
  #isDisposed = false;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.#room = options.budget.onRoom(() => this.#drain());
  }

  /** Addresses that are known and not connected or being tried. */
  get waiting(): number {
    let count = 0;
    for (const { state } of this.#candidates.values()) if (state !== 'busy') count += 1;
    return count;
  }

  /** An address of a peer, `host:port`. @returns whether it is a new one */
  add(address: string, source: PeerSource): boolean {
    const at = parseAddress(address);
    if (this.#isDisposed || !at || this.isBanned(address)) return false;
    if (this.#options.mayCall?.(at.host, source) === false) return false;
    const known = this.#candidates.get(address);
    if (known) return false;
    if (this.#candidates.size >= (this.#options.capacity ?? 2000) && !this.#forgetWorst()) return false;
    const candidate: Candidate = {
      address,
      source,
      way: 'tcp',
      failures: 0,
      losses: 0,
      hasWorked: false,
      state: 'waiting',
    };
    this.#candidates.set(address, candidate);
    this.#enqueue(candidate);
    return true;
  }

  isBanned(address: string): boolean {
    return this.#banned.has(address) || this.#banned.has(parseAddress(address)?.host ?? '');
  }

  /** Never again: the address, and all others of its host. Of this machine there may be many peers that are not one. */
  ban(address: string): void {
    this.#banned.add(address);
    const host = parseAddress(address)?.host;
    if (host !== undefined && !isLoopback(host)) this.#banned.add(host);
    for (const candidate of [...this.#candidates.values()])
      if (this.isBanned(candidate.address)) this.#forget(candidate);
  }

  dispose(): void {
    this.#isDisposed = true;
    void this.#room.dispose();
    for (const candidate of [...this.#candidates.values()]) this.#forget(candidate);
  }

  #enqueue(candidate: Candidate): void {
    candidate.state = 'queued';
    this.#queue.push(candidate);
    this.#drain();
  }

  #drain(): void {
    while (!this.#isDisposed && this.#queue.length > 0) {
      if (!this.#options.budget.take()) return;
      const candidate = this.#queue.shift();
      if (!candidate) return;
      this.#dial(candidate);
    }
  }

  /** Room in the budget has been taken. */
  #dial(candidate: Candidate): void {
    candidate.state = 'busy';
    const { way, address, source } = candidate;
    const patience = Math.min(candidate.failures, 2);
    const timeouts = { connect: 3000 + 3000 * patience, handshake: 2500 + 4000 * patience };
    const began = this.#options.dialer.dial(address, way, source, timeouts, (outcome) => {
      if (this.#isDisposed || this.#candidates.get(address) !== candidate) return this.#options.budget.give();
      this.#ended(candidate, outcome);
    });
    if (began) return;
    this.#wait(candidate, LONGEST_WAIT);
    this.#options.budget.give();
  }

  #ended(candidate: Candidate, outcome: Outcome): void {
    if (typeof outcome === 'object') {
      candidate.failures = 0;
      candidate.hasWorked = true;
      candidate.losses = outcome.useful ? 1 : candidate.losses + 1;
      this.#wait(candidate, Math.min(AFTER_LOSS * 2 ** (candidate.losses - 1), LONGEST_WAIT));
      this.#options.budget.give();
      return;
    }
    const next = this.#next(candidate.way, outcome);
    if (next) {
      candidate.way = next;
      this.#dial(candidate);
      return;
    }
    candidate.way = 'tcp';
    if (candidate.hasWorked && this.#options.isAlone?.()) {
      this.#wait(candidate, ALONE_WAIT);
      this.#options.budget.give();
      return;
    }
    const wait = AFTER_FAILURE[candidate.failures];
    candidate.failures += 1;
    if (wait === undefined) this.#forget(candidate);
    else this.#wait(candidate, wait);
    this.#options.budget.give();
  }

  #next(way: Way, outcome: 'unreachable' | 'refused'): Way | undefined {
    if (way === 'tcp' && outcome === 'refused') return 'mse';
    if (way !== 'utp' && outcome === 'unreachable' && this.#options.hasUtp()) return 'utp';
    return undefined;
  }

  #wait(candidate: Candidate, ms: number): void {
    candidate.state = 'waiting';
    candidate.timer = this.#options.clock.after(ms, () => this.#enqueue(candidate));
  }

  #forget(candidate: Candidate): void {
    void candidate.timer?.dispose();
    this.#candidates.delete(candidate.address);
    const at = this.#queue.indexOf(candidate);
    if (at >= 0) this.#queue.splice(at, 1);
  }

  #forgetWorst(): boolean {
    let worst: Candidate | undefined;
    for (const candidate of this.#candidates.values())
      if (candidate.state === 'waiting' && candidate.failures > (worst?.failures ?? 0)) worst = candidate;
    if (!worst) return false;
    this.#forget(worst);
    return true;
  }
}

/** `host:port`, the host of IPv6 in brackets; `undefined` for what is none. */
export function parseAddress(address: string): { readonly host: string; readonly port: number } | undefined {
  const found = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s/]{1,253})):(\d{1,5})$/i.exec(address);
  const host = found?.[1] ?? found?.[2];
  const port = Number(found?.[3]);
  return host !== undefined && port > 0 && port < 65_536 ? { host, port } : undefined;
}

export function isLoopback(host: string): boolean {
  return host === '::1' || /^(?:::ffff:)?127\./.test(host) || host === 'localhost';
}
