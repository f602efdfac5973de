import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { inRepository } from '../../repository.ts';
import { within } from '../waiting.ts';
import type { Reply, Request, Seeder, Started, SwarmReport } from './protocol.ts';
import type { LabTorrent } from './torrent.ts';

export type { Seeder, SeederStats, SwarmReport } from './protocol.ts';

export interface LabSwarmOptions {
  /** An HTTP tracker that knows all seeders. */
  readonly tracker?: boolean;
  /** A DHT node that knows all seeders. */
  readonly dht?: boolean;
  /** HTTP servers of the torrent's only file; nobody who connects to a seeder hears of them. */
  readonly webSeeds?: readonly Pick<Seeder, 'rate' | 'delay'>[];
}

type Asked = Request extends infer R ? (R extends { readonly id: number } ? Omit<R, 'id'> : never) : never;

/** Seeders of one torrent on ports of 127.0.0.1, in a process of their own. */
export class LabSwarm {
  readonly torrent: LabTorrent;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #open = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #ended: Promise<void>;
  #peers: string[] = [];
  #started: Started | undefined;
  #asked = 0;
  #errors = '';

  static async start(
    torrent: LabTorrent,
    seeders: readonly Seeder[],
    options: LabSwarmOptions = {},
  ): Promise<LabSwarm> {
    const swarm = new LabSwarm(torrent);
    try {
      await swarm.#start(seeders, options);
      return swarm;
    } catch (error) {
      await swarm.dispose();
      throw error;
    }
  }

  private constructor(torrent: LabTorrent) {
    this.torrent = torrent;
    this.#folder = mkdtempSync(join(tmpdir(), 'kp-swarm-'));
    const child = spawn(process.execPath, [inRepository('test/support/lab/swarm/process.ts')], {
      stdio: ['pipe', 'pipe', 'pipe'],
      // Its libraries leave warnings of what Node is about to drop.
      env: { ...process.env, NODE_OPTIONS: '', NODE_NO_WARNINGS: '1' },
    });
    this.#child = child;
    child.stdin.on('error', () => {});
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
    createInterface({ input: child.stdout }).on('line', (line) => this.#read(line));
    this.#ended = new Promise((done) => {
      const end = (): void => {
        for (const { reject } of this.#open.values())
          reject(new Error(`The process of the seeders has ended. ${this.#errors}`));
        this.#open.clear();
        done();
      };
      child.once('error', end);
      child.once('close', end);
    });
  }

  /** `127.0.0.1:port` of each seeder. */
  get peers(): readonly string[] {
    return this.#peers;
  }

  /** Announce URL. */
  get tracker(): string {
    return this.#there(this.#started?.tracker, 'tracker');
  }

  /** `host:port`. */
  get dht(): string {
    return this.#there(this.#started?.dht, 'DHT node');
  }

  get webSeeds(): readonly string[] {
    return this.#started?.webSeeds ?? [];
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** The torrent with the tracker and the web seeds of this swarm in it. */
  get announced(): LabTorrent {
    const tracker = this.#started?.tracker;
    return this.torrent.with({ trackers: tracker ? [tracker] : [], webSeeds: this.webSeeds });
  }

  /** A magnet link that names all seeders. */
  get magnet(): string {
    return this.torrent.magnet({ peers: this.#peers });
  }

  stats(): Promise<SwarmReport> {
    return this.#ask<SwarmReport>({ method: 'stats' });
  }

  /** Counts begin at 0 again. */
  async reset(): Promise<void> {
    await this.#ask({ method: 'reset' });
  }

  /** One more peer; nobody is told of it. @returns its address */
  async add(seeder: Seeder): Promise<string> {
    const address = await this.#ask<string>({ method: 'add', params: seeder });
    this.#peers.push(address);
    return address;
  }

  /** From now on it behaves in this way too. What it has, how far it is and whether it encrypts stays. */
  async change(index: number, to: Seeder): Promise<void> {
    await this.#ask({ method: 'change', params: { index, to } });
  }

  /** Closes its port and its connections. */
  async remove(index: number): Promise<void> {
    await this.#ask({ method: 'remove', params: { index } });
  }

  async dispose(): Promise<void> {
    this.#child.stdin?.end();
    try {
      await within('the end of the seeders', 3000, this.#ended);
    } catch {
      this.#child.kill('SIGKILL');
      await this.#ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #start(seeders: readonly Seeder[], options: LabSwarmOptions): Promise<void> {
    const started = await this.#ask<Started>({
      method: 'start',
      params: {
        torrentFile: this.torrent.save(join(this.#folder, 'lab.torrent')),
        files: this.torrent.files,
        seeders,
        tracker: options.tracker === true,
        dht: options.dht === true,
        webSeeds: options.webSeeds ?? [],
      },
    });
    this.#started = started;
    this.#peers = [...started.peers];
  }

  #ask<T>(request: Asked): Promise<T> {
    this.#asked += 1;
    const id = this.#asked;
    const waiting = Promise.withResolvers<unknown>();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null)
      return Promise.reject(new Error('The seeders have gone.'));
    this.#open.set(id, waiting);
    this.#child.stdin?.write(`${JSON.stringify({ id, ...request })}\n`);
    return waiting.promise as Promise<T>;
  }

  #read(line: string): void {
    const reply = JSON.parse(line) as Reply;
    const waiting = this.#open.get(reply.id);
    this.#open.delete(reply.id);
    if ('error' in reply) waiting?.reject(new Error(reply.error));
    else waiting?.resolve(reply.result);
  }

  #there(address: string | null | undefined, what: string): string {
    if (address) return address;
    throw new Error(`This swarm has no ${what}.`);
  }
}
