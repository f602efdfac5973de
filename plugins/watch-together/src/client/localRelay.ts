import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, KinoportError, type Processes, type SpawnedProcess, sleep } from '@kinoport/core';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';

/** What a relay of this machine is for: itself alone, or its local network. */
export type Reach = 'machine' | 'network';

/** Other programs of this machine may have the usual port. */
const PORTS = [3001, 0] as const;
/** Milliseconds for a relay to begin, between two looks at it, and to answer. */
const BEGINNING = 15_000;
const LOOK = 50;
const ANSWER = 2000;
/** Seconds that it stays without a room. */
const STAYS = 60;

/** What a relay says of itself, see `--ready-file`. */
const Ready = Type.Object({
  pid: Type.Integer({ minimum: 1 }),
  port: Type.Integer({ minimum: 1, maximum: 65_535 }),
  address: Type.String({ pattern: '^https?://' }),
  lines: Type.Array(Type.String()),
});
type Ready = Readonly<Static<typeof Ready>>;
const ready = Compile(Ready);

/**
 * The relay that this machine starts where none is named: a process that outlives the plugin's, so that its rooms
 * survive a reload and a crash, and ends by itself when it has had no room for a minute.
 */
export class LocalRelay {
  readonly #clock: Clock;
  readonly #processes: Pick<Processes, 'spawnCommand'>;
  readonly #folder: string;
  readonly #starting = new Map<Reach, Promise<Ready>>();

  /** @param folder of the plugin's own, where it is written how each is reached */
  constructor(options: {
    readonly clock: Clock;
    readonly processes: Pick<Processes, 'spawnCommand'>;
    readonly folder: string;
  }) {
    this.#clock = options.clock;
    this.#processes = options.processes;
    this.#folder = options.folder;
  }

  /** The running one, or a new one. @throws KinoportError `RELAY_START_FAILED` */
  async get(reach: Reach): Promise<{ readonly address: string; readonly lines: readonly string[] }> {
    const under = this.#starting.get(reach);
    if (under) return under;
    const found = this.#found(reach);
    this.#starting.set(reach, found);
    try {
      return await found;
    } finally {
      this.#starting.delete(reach);
    }
  }

  /** Addresses of those that run. */
  async running(): Promise<readonly string[]> {
    const all = await Promise.all((['machine', 'network'] as const).map((reach) => this.#running(reach)));
    return all.flatMap((one) => (one ? [one.address] : []));
  }

  #file(reach: Reach): string {
    return join(this.#folder, `relay-${reach}.json`);
  }

  async #found(reach: Reach): Promise<Ready> {
    return (await this.#running(reach)) ?? this.#start(reach);
  }

  async #running(reach: Reach): Promise<Ready | undefined> {
    const told = await this.#told(reach);
    // Whoever has its port after its end may be anybody, another user of this machine too.
    if (!told || !isOwnProcess(told.pid)) return undefined;
    try {
      const answer = await fetch(`http://127.0.0.1:${told.port}/health`, {
        signal: AbortSignal.timeout(ANSWER),
      });
      await answer.body?.cancel();
      return answer.ok ? told : undefined;
    } catch {
      return undefined;
    }
  }

  async #told(reach: Reach): Promise<Ready | undefined> {
    try {
      const value: unknown = JSON.parse(await readFile(this.#file(reach), 'utf8'));
      return ready.Check(value) ? value : undefined;
    } catch {
      return undefined;
    }
  }

  async #start(reach: Reach): Promise<Ready> {
    // People of the network, and nobody else, can reach it: without a name there is no certificate to have.
    const place = reach === 'network' ? { host: '0.0.0.0', insecure: true } : {};
    let why = '';
    for (const port of PORTS) {
      const child = await this.#processes.spawnCommand('relay', {
        options: { port, 'ready-file': this.#file(reach), 'end-when-empty': STAYS, silent: true, ...place },
      });
      const begun = await this.#begun(reach, child);
      if (typeof begun !== 'string') return begun;
      why = begun;
    }
    throw new KinoportError('RELAY_START_FAILED', `The relay of this machine did not start: ${why}`);
  }

  /** @returns how it is reached, or why it is not */
  async #begun(reach: Reach, child: SpawnedProcess): Promise<Ready | string> {
    let end: string | undefined;
    void child.exited.then(
      ({ output }) => {
        end = output.trim().split('\n').at(-1) ?? '';
      },
      () => undefined,
    );
    const until = this.#clock.now() + BEGINNING;
    while (end === undefined && this.#clock.now() < until) {
      const told = await this.#told(reach);
      if (told?.pid === child.pid) return told;
      // Another process of the plugin, as after a reload, has started one at the same time.
      const other = await this.#running(reach);
      if (other) {
        await child.kill();
        return other;
      }
      await sleep(this.#clock, LOOK);
    }
    if (end !== undefined) return end;
    await child.kill();
    return 'it took too long';
  }
}

function isOwnProcess(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
