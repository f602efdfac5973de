import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inRepository } from '../../support/repository.ts';
import type { Adapter } from './protocol.ts';

const VERSION = '0.39.0';

interface Engine {
  readonly server: Server;
  destroy(done: () => void): void;
}
type Peerflix = (torrent: Uint8Array | string, options: Readonly<Record<string, unknown>>) => Engine;

const folder = (): string => inRepository(`node_modules/.cache/kinoport/peerflix-${VERSION}`);

/** Fetches it once. Its scripts are for an old television, and stay unused. */
export async function installPeerflix(): Promise<void> {
  if (existsSync(folder())) return;
  const making = `${folder()}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  try {
    writeFileSync(join(making, 'package.json'), '{ "private": true }');
    const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
    await promisify(execFile)('npm', [...args, `peerflix@${VERSION}`], { cwd: making });
    renameSync(making, folder());
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

/** peerflix, as its command line runs it. */
export async function peerflix(): Promise<Adapter> {
  const load = createRequire(join(folder(), 'package.json'));
  const start = load('peerflix') as Peerflix;
  let engine: Engine | undefined;
  return {
    async open({ torrent, magnet = '', folder: path }) {
      const opened = start(torrent ? readFileSync(torrent) : magnet, {
        dht: false,
        path: join(path, 'files'),
        tmp: path,
        hostname: '127.0.0.1',
      });
      engine = opened;
      const listening = new Promise<void>((done) => opened.server.once('listening', done));
      await listening;
      return `http://127.0.0.1:${(opened.server.address() as AddressInfo).port}/`;
    },
    close: () =>
      new Promise((done) => {
        if (engine) engine.destroy(done);
        else done();
      }),
  };
}
