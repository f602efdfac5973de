import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A package as the registry has it. */
export interface Published {
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly tarball: Buffer;
  /** What the registry says of its hash, when not the truth. */
  readonly integrity?: string;
  /** What it says of install scripts, when not the truth. */
  readonly hasInstallScript?: boolean;
}

/** An npm registry on loopback: packages by name, their tarballs, the search. */
export class Registry {
  readonly requests: { readonly path: string; readonly authorization: string | undefined }[] = [];
  readonly #packages = new Map<string, Published[]>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => this.#answer(request, response));
  }

  static async start(): Promise<Registry> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Registry(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  publish(published: Published): void {
    const name = String(published.manifest.name);
    const others = (this.#packages.get(name) ?? []).filter(
      ({ manifest }) => manifest.version !== published.manifest.version,
    );
    this.#packages.set(name, [...others, published]);
  }

  tarballUrl(name: string, version: string): string {
    return `${this.url}${name}/-/${version}.tgz`;
  }

  async dispose(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): unknown {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    const path = decodeURIComponent(pathname.slice(1));
    this.requests.push({ path, authorization: request.headers.authorization });
    const json = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    if (path === '-/v1/search') return json(200, this.#search(searchParams.get('text') ?? ''));
    const [name = '', version] = path.replace(/\.tgz$/, '').split('/-/');
    const versions = this.#packages.get(name);
    if (!versions) return json(404, { error: 'not found' });
    if (version === undefined) return json(200, this.#packument(name, versions));
    const found = versions.find(({ manifest }) => manifest.version === version);
    if (!found) return json(404, { error: 'not found' });
    return response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(found.tarball);
  }

  #packument(name: string, versions: readonly Published[]): unknown {
    const entries = versions.map(({ manifest, tarball, integrity, hasInstallScript }) => {
      const version = String(manifest.version);
      const scripts = manifest.scripts as Record<string, string> | undefined;
      const runs = Boolean(scripts?.preinstall || scripts?.install || scripts?.postinstall);
      const hash = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
      const dist = { tarball: this.tarballUrl(name, version), integrity: integrity ?? hash };
      return [version, { ...manifest, hasInstallScript: hasInstallScript ?? runs, dist }] as const;
    });
    return { name, 'dist-tags': { latest: entries.at(-1)?.[0] }, versions: Object.fromEntries(entries) };
  }

  #search(text: string): unknown {
    const words = text.split(' ').filter((word) => !word.startsWith('keywords:'));
    const objects = [...this.#packages.values()]
      .map((versions) => versions.at(-1)?.manifest ?? {})
      .filter((manifest) => words.every((word) => JSON.stringify(manifest).includes(word)))
      .map(({ name, version, description, keywords }) => ({
        package: {
          name,
          version,
          description,
          keywords,
          publisher: { username: 'ann' },
          date: '2026-01-02T03:04:05Z',
        },
      }));
    return { objects, total: objects.length, time: '' };
  }
}
