import { setTimeout as pause } from 'node:timers/promises';
import type { DisposableStore } from '@kinoport/core';
import type { LoadSeen, ServerName } from './generator.ts';
import { Generators } from './process.ts';
import type { Rhythm } from './room.ts';
import { Server } from './servers.ts';

export const ROOM = 4;
/** A message a second each way, as Syncplay's protocol has it. */
export const EVEN: Rhythm = { time: 1000, status: 0 };
/** What our own client sends: the clock every 5 to 10 s, how it does every 4 s. */
export const OWN: Rhythm = { time: 7500, status: 4000 };
/** Clients of one generator: more would be the generator's limit before they are the server's. */
const PER_GENERATOR = 10_000;

export interface LoadFigures {
  /** Percent of a core that the server took. */
  readonly processor: number;
  /** MB. */
  readonly memory: number;
  readonly seen: LoadSeen;
}

/** Clients at a server, in rooms of four; more and more of them. */
export class Crowd {
  readonly name: ServerName;
  readonly server: Server;
  readonly #generators = new Generators();
  readonly #rhythm: Rhythm;
  #clients = 0;

  private constructor(name: ServerName, server: Server, rhythm: Rhythm) {
    this.name = name;
    this.server = server;
    this.#rhythm = rhythm;
  }

  static async at(name: ServerName, rhythm: Rhythm = EVEN): Promise<Crowd> {
    return new Crowd(name, await Server.start(name), rhythm);
  }

  get clients(): number {
    return this.#clients;
  }

  /** @returns seconds until all of the new ones were in */
  async grow(to: number): Promise<number> {
    const clients = to - this.#clients;
    const order = {
      server: this.name,
      port: this.server.port,
      first: this.#clients,
      clients,
      roomSize: ROOM,
      rhythm: this.#rhythm,
    };
    const joined = await this.#generators.join(order, Math.ceil(clients / PER_GENERATOR));
    this.#clients = to;
    return joined / 1000;
  }

  pace(rhythm: Rhythm): Promise<void> {
    return this.#generators.pace(rhythm);
  }

  /** What goes on in so many milliseconds, with so many commands a second in all. */
  async watch(ms: number, commands = 10): Promise<LoadFigures> {
    const before = this.server.cpu;
    const began = performance.now();
    const measuring = this.#generators.measure(ms, commands);
    await pause(ms);
    const processor = (100 * (this.server.cpu - before)) / ((performance.now() - began) / 1000);
    const { memory } = this.server;
    return { processor, memory, seen: await measuring };
  }

  async dispose(): Promise<void> {
    await this.#generators.dispose();
    await this.server.dispose();
  }
}

/** A crowd that is owned, and gone when `use` is done. */
export async function withCrowd<T>(
  owned: DisposableStore,
  { server, rhythm }: { readonly server: ServerName; readonly rhythm?: Rhythm },
  use: (crowd: Crowd) => Promise<T>,
): Promise<T> {
  const crowd = owned.add(await Crowd.at(server, rhythm));
  try {
    return await use(crowd);
  } finally {
    await owned.disposeOf(crowd);
  }
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
