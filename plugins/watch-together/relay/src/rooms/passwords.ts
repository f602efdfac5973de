import { randomBytes, scrypt } from 'node:crypto';
import { type Clock, type Disposable, KinoportError } from '@kinoport/core';
import type { PasswordHash } from '../room/state.ts';

/** 16 MiB and some 50 ms a password. */
const COST = { cost: 16_384, blockSize: 8, parallelization: 1 } as const;
const BYTES = 32;
/** Passwords that wait, of one address and in all. */
const MOST_OF_ADDRESS = 50;
const MOST = 500;
/** Milliseconds; for a process that was stopped in the middle of one it took as long as that. */
const LONGEST_REST = 1000;

type Derive = (
  password: string,
  salt: string,
  parameters: Omit<PasswordHash, 'salt' | 'hash'>,
) => Promise<string>;

interface Job {
  readonly run: () => Promise<void>;
  readonly refuse: (error: KinoportError) => void;
}

/**
 * Derives what is kept of passwords: slowly, so that whoever gets hold of a store cannot guess them. One at a time, with
 * a rest as long as it took, and the addresses that wait in turn: strangers get half a core at most, and none of them
 * keeps another waiting for more than its turn.
 */
export class Passwords implements Disposable {
  readonly #clock: Clock;
  readonly #derive: Derive;
  /** Of each address that waits; the next one's turn first. */
  readonly #waiting = new Map<string, Job[]>();
  #count = 0;
  #busy = false;
  #rest: Disposable | undefined;
  #over = false;

  constructor(clock: Clock, derive: Derive = scrypted) {
    this.#clock = clock;
    this.#derive = derive;
  }

  /** What is to be kept of a new password. @throws KinoportError as `derive` */
  hash(password: string, address: string): Promise<PasswordHash> {
    return this.derive(password, { ...COST, salt: randomBytes(16).toString('base64url') }, address);
  }

  /**
   * The password as it would be kept beside `kept`.
   * @param check asked once it is its turn, what it throws refuses: those before it may have been guesses
   * @throws KinoportError `RELAY_RATE_LIMITED` when too many wait, `RELAY_DRAINING` when the relay ends
   */
  async derive(
    password: string,
    { salt, cost, blockSize, parallelization }: Omit<PasswordHash, 'hash'>,
    address: string,
    check?: () => void,
  ): Promise<PasswordHash> {
    const parameters = { cost, blockSize, parallelization };
    const hash = await this.#inTurn(address, async () => {
      check?.();
      return this.#derive(password, salt, parameters);
    });
    return { salt, ...parameters, hash };
  }

  #inTurn<T>(address: string, run: () => Promise<T>): Promise<T> {
    if (this.#over) return Promise.reject(ending());
    const queue = this.#waiting.get(address) ?? [];
    if (queue.length >= MOST_OF_ADDRESS || this.#count >= MOST)
      return Promise.reject(
        new KinoportError('RELAY_RATE_LIMITED', 'Too many passwords are to be checked just now.', {
          hint: 'Try again in some seconds.',
          data: { retryAfter: 5000 },
        }),
      );
    return new Promise<T>((resolve, reject) => {
      queue.push({ run: () => run().then(resolve, reject), refuse: reject });
      this.#count += 1;
      this.#waiting.set(address, queue);
      void this.#next();
    });
  }

  async #next(): Promise<void> {
    if (this.#busy || this.#over) return;
    const [turn] = this.#waiting;
    if (!turn) return;
    const [address, queue] = turn;
    const job = queue.shift();
    this.#waiting.delete(address);
    if (queue.length > 0) this.#waiting.set(address, queue);
    if (!job) return;
    this.#count -= 1;
    this.#busy = true;
    const began = this.#clock.now();
    await job.run();
    if (this.#over) return;
    const took = Math.min(LONGEST_REST, this.#clock.now() - began);
    if (took > 0) this.#rest = this.#clock.after(took, () => this.#rested());
    else this.#rested();
  }

  #rested(): void {
    this.#rest = undefined;
    this.#busy = false;
    void this.#next();
  }

  dispose(): void {
    this.#over = true;
    void this.#rest?.dispose();
    for (const queue of this.#waiting.values()) for (const job of queue) job.refuse(ending());
    this.#waiting.clear();
  }
}

const scrypted: Derive = (password, salt, parameters) => {
  // Node refuses what needs more than 32 MiB unless it is told how much.
  const maxmem = 256 * parameters.cost * parameters.blockSize;
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, BYTES, { ...parameters, maxmem }, (error, key) => {
      if (error) reject(error);
      else resolve(key.toString('base64url'));
    });
  });
};

const ending = (): KinoportError => new KinoportError('RELAY_DRAINING', 'The relay is being ended.');
