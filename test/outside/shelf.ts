import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { inRepository } from '../support/repository.ts';
import { pack } from './packing.ts';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly [member: string]: unknown;
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly link?: boolean }>>;
}

/**
 * An npm registry on loopback that has what lies in this repository: its own packages as tarballs, packed as they are
 * published, and what they and plugins need out of node_modules, archived when it is asked for.
 */
export class Shelf {
  readonly #server: Server;
  readonly #archiving = new Set<ChildProcess>();
  /** By name and version: a tarball, or a folder to make one of. */
  readonly #packages = new Map<
    string,
    Map<string, { readonly manifest: Manifest; readonly place: string }>
  >();

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => this.#answer(request.url ?? '/', response));
  }

  static async open(scratch: string): Promise<Shelf> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const shelf = new Shelf(server);
    const lock = JSON.parse(readFileSync(inRepository('package-lock.json'), 'utf8')) as Lock;
    for (const [path, { link }] of Object.entries(lock.packages)) {
      if (path === '' || link === true || !existsSync(inRepository(path, 'package.json'))) continue;
      const isOurs = !path.includes('node_modules/');
      if (isOurs && /^examples\//.test(path)) continue;
      shelf.#add(inRepository(path), isOurs ? pack(inRepository(path), scratch).tarball : inRepository(path));
    }
    return shelf;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async dispose(): Promise<void> {
    for (const child of this.#archiving) child.kill('SIGKILL');
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #add(folder: string, place: string): void {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
    const versions = this.#packages.get(manifest.name) ?? new Map();
    this.#packages.set(manifest.name, versions.set(manifest.version, { manifest, place }));
  }

  #answer(url: string, response: ServerResponse): void {
    const path = decodeURIComponent(new URL(url, this.url).pathname.slice(1));
    const [name = '', version] = path.replace(/\.tgz$/, '').split('/-/');
    const versions = this.#packages.get(name);
    const found = versions?.get(version ?? '');
    if (versions && version === undefined) {
      const entries = [...versions].map(([number, { manifest }]) => {
        const { scripts: _, ...rest } = manifest;
        return [number, { ...rest, dist: { tarball: `${this.url}${name}/-/${number}.tgz` } }];
      });
      const latest = [...versions.keys()].at(-1);
      const packument = { name, 'dist-tags': { latest }, versions: Object.fromEntries(entries) };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(packument));
    } else if (found) this.#send(found.place, response);
    else response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"not found"}');
  }

  #send(place: string, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    if (place.endsWith('.tgz')) {
      response.end(readFileSync(place));
      return;
    }
    const args = ['-cz', '--exclude=./node_modules', '--transform=s,^\\.,package,', '-C', place, '.'];
    const tar = spawn('tar', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#archiving.add(tar);
    tar.once('close', () => this.#archiving.delete(tar));
    tar.stdout.pipe(response);
  }
}
