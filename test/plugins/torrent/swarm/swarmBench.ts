import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Log, systemClock, toDisposable } from '@kinoport/core';
import { parseTorrent } from '../../../../plugins/torrent/src/address/parseTorrent.ts';
import { createScheduler } from '../../../../plugins/torrent/src/schedule/scheduler.ts';
import type { PieceStore } from '../../../../plugins/torrent/src/store/ports.ts';
import { createEngine } from '../../../../plugins/torrent/src/swarm/engine.ts';
import type { Engine, EngineSettings, Swarm } from '../../../../plugins/torrent/src/swarm/ports.ts';
import {
  lengthOfPiece,
  pieceCount,
  type Torrent,
  type TorrentAddress,
} from '../../../../plugins/torrent/src/torrent.ts';
import { LabSwarm, type LabSwarmOptions, type Seeder } from '../../../support/lab/swarm/labSwarm.ts';
import { type LabTorrent, makeTorrent, type TorrentOptions } from '../../../support/lab/swarm/torrent.ts';
import { within } from '../../../support/lab/waiting.ts';

/** Settings with which nothing leaves this machine. */
export const ALONE: EngineSettings = {
  port: 0,
  dht: false,
  trackers: [],
  localPeers: false,
  ssrfMitigation: false,
  portMapping: false,
  utp: false,
  connections: 60,
  upload: true,
  uploadLimit: 0,
  downloadLimit: 0,
};

/** Pieces in memory. */
export class MemoryStore implements PieceStore {
  readonly torrent: Torrent;
  readonly pieces = new Map<number, Uint8Array>();
  readonly onDidLose = () => toDisposable(() => {});
  peers: readonly string[] = [];
  failure: Error | undefined;

  constructor(torrent: Torrent) {
    this.torrent = torrent;
  }

  get size(): number {
    let size = 0;
    for (const piece of this.pieces.values()) size += piece.length;
    return size;
  }

  /** All pieces of these bytes. */
  fill(bytes: Uint8Array): this {
    for (let piece = 0; piece < pieceCount(this.torrent); piece += 1) {
      const start = piece * this.torrent.pieceLength;
      this.pieces.set(piece, bytes.subarray(start, start + lengthOfPiece(this.torrent, piece)));
    }
    return this;
  }

  has(piece: number): boolean {
    return this.pieces.has(piece);
  }

  bitfield(): Uint8Array {
    return new Uint8Array(Math.ceil(pieceCount(this.torrent) / 8));
  }

  async put(piece: number, bytes: Uint8Array): Promise<void> {
    if (this.failure) throw this.failure;
    this.pieces.set(piece, Uint8Array.from(bytes));
  }

  async read(piece: number, offset: number, length: number): Promise<Uint8Array> {
    const bytes = this.pieces.get(piece);
    if (!bytes || offset + length > bytes.length) throw new Error('It is not here.');
    return bytes.subarray(offset, offset + length);
  }

  hold(): void {}

  async dispose(): Promise<void> {}

  /** Everything, in one piece. */
  bytes(): Buffer {
    return Buffer.concat([...this.pieces].sort(([a], [b]) => a - b).map(([, bytes]) => bytes));
  }
}

/** Everything that a test opens, closed after it. */
export class Bench {
  readonly folder = mkdtempSync(join(tmpdir(), 'kp-engine-'));
  readonly warnings: string[] = [];
  readonly #open: { dispose(): unknown }[] = [];

  readonly log: Log = {
    debug: () => {},
    info: (message, data) => void this.warnings.push(`${message} ${JSON.stringify(data)}`),
    warn: (message, data) => void this.warnings.push(`${message} ${JSON.stringify(data)}`),
    error: (message, data) => void this.warnings.push(`${message} ${JSON.stringify(data)}`),
  };

  own<T extends { dispose(): unknown }>(thing: T): T {
    this.#open.push(thing);
    return thing;
  }

  engine(settings: Partial<EngineSettings> = {}): Engine {
    const { log } = this;
    return this.own(
      createEngine({
        clock: systemClock,
        log,
        settings: { ...ALONE, ...settings },
        makeScheduler: createScheduler,
      }),
    );
  }

  async torrent(bytes: Uint8Array, options: TorrentOptions = {}): Promise<LabTorrent> {
    const file = join(this.folder, options.name ?? 'data.bin');
    writeFileSync(file, bytes);
    return makeTorrent(file, { pieceLength: 65_536, ...options });
  }

  async seeders(
    torrent: LabTorrent,
    seeders: readonly Seeder[],
    options?: LabSwarmOptions,
  ): Promise<LabSwarm> {
    return this.own(await LabSwarm.start(torrent, seeders, options));
  }

  /** Has a swarm fetch all of it. */
  async fetchAll(swarm: Swarm, torrent: Torrent, store = new MemoryStore(torrent)): Promise<MemoryStore> {
    const all = new Promise<void>((resolve) => {
      const check = (): void => {
        if (store.pieces.size === pieceCount(torrent)) resolve();
      };
      swarm.onDidVerify(check);
      check();
    });
    swarm.fetch(torrent, store);
    swarm.want([wantAll(torrent)]);
    await within('all pieces', 20_000, all);
    return store;
  }

  async close(): Promise<void> {
    for (const each of this.#open.splice(0).reverse()) await each.dispose();
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function wantAll(torrent: Torrent): Parameters<Swarm['want']>[0][number] {
  return {
    id: 'all',
    class: 'current',
    start: 0,
    end: torrent.length,
    due: 0,
    rate: Number.POSITIVE_INFINITY,
    order: 'deadline',
  };
}

export function addressOf(lab: LabTorrent): TorrentAddress & { readonly type: 'torrent' } {
  return { type: 'torrent', torrent: parseTorrent(lab.bytes) };
}

export function magnetOf(
  lab: LabTorrent,
  ways: Partial<Extract<TorrentAddress, { type: 'magnet' }>> = {},
): TorrentAddress {
  return { type: 'magnet', infohash: lab.infohash, trackers: [], webSeeds: [], peers: [], ...ways };
}

export function fileOf(lab: LabTorrent): Buffer {
  return Buffer.concat(lab.files.map((file) => readFileSync(file)));
}
