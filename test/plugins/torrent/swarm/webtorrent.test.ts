import { createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import {
  loadWebtorrent,
  missingNames,
  type Peer,
  WEBTORRENT_VERSION,
  type Wire,
  type WtClient,
} from '../../../../plugins/torrent/src/swarm/webtorrent.ts';

const clients: WtClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0))
    await new Promise<void>((resolve) => client.destroy(() => resolve()));
});

async function makeClient(): Promise<WtClient> {
  const webtorrent = await loadWebtorrent();
  const client = new webtorrent({
    torrentPort: 0,
    dht: false,
    tracker: {},
    lsd: false,
    natUpnp: false,
    natPmp: false,
    utp: false,
    utPex: true,
    secure: 1,
    maxConns: 10,
    webSeeds: false,
  });
  clients.push(client);
  return client;
}

class NoStore {
  readonly chunkLength: number;
  constructor(chunkLength: number) {
    this.chunkLength = chunkLength;
  }
  get = (): void => {};
  put = (): void => {};
  close = (done: () => void): void => done();
  destroy = (done: () => void): void => done();
}

test(`webtorrent is exactly ${WEBTORRENT_VERSION}`, async () => {
  expect((await loadWebtorrent()).VERSION).toBe(WEBTORRENT_VERSION);
});

test('webtorrent has every name that the swarm needs, the ones that it keeps to itself as well', async () => {
  const client = await makeClient();
  const infoHash = 'ab'.repeat(20);
  const torrent = client.add(
    { infoHash, announce: [], urlList: [] },
    { store: NoStore, storeCacheSlots: 0, deselect: true, uploads: 1, noPeersIntervalTime: 3600 },
  );
  const server = createServer((socket) => socket.on('error', () => {}));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  torrent._drain = () => undefined;
  const peer = torrent._addPeer(`127.0.0.1:${port}`, 'tcp', 'manual') as Peer;
  const { connect } = await import('node:net');
  peer.conn = connect(port, '127.0.0.1');
  await new Promise((resolve) => peer.conn?.once('connect', resolve));
  peer.onConnect();
  const wire = peer.wire as Wire;
  const missing = missingNames({ client, torrent, peer, wire });
  peer.destroy();
  server.close();
  expect(missing, `webtorrent ${WEBTORRENT_VERSION} is another one than the swarm was made for`).toEqual([]);
});

test('names a name that is gone', async () => {
  const client = await makeClient();
  const other = Object.assign(Object.create(client) as WtClient, { throttleDownload: undefined });
  expect(missingNames({ client: other })).toEqual(['client.throttleDownload (function)']);
});
