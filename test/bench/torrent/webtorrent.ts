import { readFileSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import type { Adapter } from './protocol.ts';

interface Torrent {
  readonly files: readonly { readonly length: number; readonly streamURL: string }[];
  once(event: 'metadata', heard: () => void): void;
}
interface Client {
  add(torrent: Uint8Array | string, options: { readonly path: string }): Torrent;
  createServer(): { listen(port: number, host: string, done: () => void): void; readonly server: Server };
  destroy(done: () => void): void;
  on(event: 'error', heard: (error: Error) => void): void;
}
type ClientClass = new (options: Readonly<Record<string, unknown>>) => Client;

/** webtorrent with its own HTTP server; as it comes, but for uTP and MSE first, which cost it 42 s here. */
export async function webtorrent(): Promise<Adapter> {
  const name = 'webtorrent';
  const { default: WebTorrent } = (await import(name)) as { readonly default: ClientClass };
  const nobodyElse = { dht: false, lsd: false, natUpnp: false, natPmp: false };
  const client = new WebTorrent({ ...nobodyElse, utp: false, secure: 0 });
  client.on('error', (error) => console.error(error));
  const front = client.createServer();
  await new Promise<void>((done) => front.listen(0, '127.0.0.1', done));
  const { port } = front.server.address() as AddressInfo;
  return {
    async open({ torrent, magnet = '', folder }) {
      const added = client.add(torrent ? readFileSync(torrent) : magnet, { path: folder });
      await new Promise<void>((done) => added.once('metadata', done));
      const [film] = [...added.files].sort((a, b) => b.length - a.length);
      return `http://127.0.0.1:${port}${film?.streamURL}`;
    },
    close: () => new Promise((done) => client.destroy(done)),
  };
}
