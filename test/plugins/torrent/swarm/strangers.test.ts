import { createHash, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { HttpCaller, readAll } from '../../../../plugins/torrent/src/net/httpCaller.ts';
import { SsrfGuard } from '../../../../plugins/torrent/src/net/ssrfGuard.ts';
import { createDhtSocket, type LsdClass } from '../../../../plugins/torrent/src/swarm/harden.ts';
import { loadWebtorrent } from '../../../../plugins/torrent/src/swarm/webtorrent.ts';
import { LabSwarm } from '../../../support/lab/swarm/labSwarm.ts';
import type { LabTorrent } from '../../../support/lab/swarm/torrent.ts';
import { until, within } from '../../../support/lab/waiting.ts';
import { handshake, message, RawPeer, throwAt } from './rawPeer.ts';
import { addressOf, Bench, MemoryStore, magnetOf } from './swarmBench.ts';

interface DhtClient {
  listen(port: number, host: string, done: () => void): void;
  destroy(done: () => void): void;
}

const bytes = randomBytes(10 * 65_536);
const bench = new Bench();
let lab: LabTorrent;
let honest: LabSwarm;

beforeAll(async () => {
  lab = await bench.torrent(bytes);
  honest = await LabSwarm.start(lab, [{ delay: 0 }]);
});
afterEach(() => bench.close());
afterAll(async () => {
  await honest.dispose();
  bench.remove();
});

const hello = message(20, '\x00d1:md11:ut_metadatai1eee');
const number = (value: number): Uint8Array => {
  const four = Buffer.alloc(4);
  four.writeUInt32BE(value);
  return four;
};

test.each<[string, Uint8Array]>([
  ['a handshake that is too long', message(0x7f, Buffer.alloc(10)).fill(0x7f, 0, 4)],
  ['a message of 2 GB', Buffer.from([0x7f, 0xff, 0xff, 0xff, 7])],
  ['a message of 4 GB', Buffer.from([0xff, 0xff, 0xff, 0xff, 7])],
  ['a bencoded list without an end', message(20, '\x00l-3:')],
  ['a dictionary as deep as the message is long', message(20, `\x00${'l'.repeat(200_000)}`)],
  ['metadata that nobody asked for', message(20, '\x01d8:msg_typei1e5:piecei999999ee', Buffer.alloc(100))],
  ['metadata of a negative piece', Buffer.concat([hello, message(20, '\x01d8:msg_typei1e5:piecei-1ee')])],
  ['a size of metadata of 4 GB', message(20, '\x00d1:md11:ut_metadatai1ee13:metadata_sizei4294967296ee')],
  ['a piece of a torrent of another size', message(7, number(0xffffffff), number(0xffffffff), 'x')],
  ['a bitfield of other pieces', message(5, Buffer.alloc(70_000, 0xff))],
  ['a piece that is beyond all', message(4, number(0xffffffff))],
  ['messages without a body', Buffer.concat([4, 5, 6, 7, 8, 9, 13, 16, 17, 20].map((type) => message(type)))],
  ['requests of 4 GB', message(6, number(0), number(0), number(0xffffffff))],
  ['peers that are none', message(20, '\x02d5:added7:\x01\x02\x03\x04\x05\x06\x077:added.f1:\x00e')],
])('is not brought down by %s', async (_what, nonsense) => {
  const heard = Promise.withResolvers<void>();
  const liar = await RawPeer.listen(lab.infohash, (socket) => socket.write(nonsense, () => heard.resolve()));
  bench.own(liar);
  const swarm = bench.engine().join(magnetOf(lab, { peers: [liar.address, ...honest.peers] }));
  await within('the nonsense to be sent', 5000, heard.promise);
  const store = await bench.fetchAll(swarm, await swarm.metadata());
  expect(store.bytes().equals(bytes)).toBe(true);
});

test('is not brought down by those who call', async () => {
  const engine = bench.engine();
  const address = addressOf(lab);
  const swarm = engine.join(address);
  swarm.fetch(address.torrent, new MemoryStore(address.torrent).fill(bytes));
  const at = await until('the port', () => engine.port !== undefined && `127.0.0.1:${engine.port}`);
  // A key of zeros, in the encrypted handshake.
  await within('the end', 5000, throwAt(at, Buffer.alloc(608)));
  await within('the end', 5000, throwAt(at, handshake('00'.repeat(20))));
  await within(
    'the end',
    5000,
    throwAt(at, Buffer.concat([handshake(lab.infohash), Buffer.from([0x7f, 0, 0, 0, 1])])),
  );
  const taker = bench.engine().join(magnetOf(lab, { peers: [at] }));
  const store = await bench.fetchAll(taker, await taker.metadata());
  expect(store.bytes().equals(bytes)).toBe(true);
});

test('says so when what is in the torrent is none', async () => {
  const info = Buffer.from('d6:lengthi5e4:name1:xe');
  const infohash = createHash('sha1').update(info).digest('hex');
  const liar = bench.own(
    await RawPeer.listen(
      infohash,
      (socket) => socket.write(message(20, `\x00d1:md11:ut_metadatai3ee13:metadata_sizei${info.length}ee`)),
      (socket, data) => {
        if (!data.includes('8:msg_typei0e')) return;
        // Extensions are numbered by whoever gets them; webtorrent's first is ut_metadata.
        socket.write(message(20, '\x01d8:msg_typei1e5:piecei0e10:total_sizei22ee', info));
      },
    ),
  );
  const swarm = bench.engine().join(magnetOf(lab, { infohash, peers: [liar.address] }));
  await expect(within('the metadata', 10_000, swarm.metadata())).rejects.toMatchObject({
    code: 'TORRENT_INVALID',
  });
});

test('waits without end for metadata that nobody has, and can be stopped', async () => {
  const seeders = await bench.seeders(lab, [{ delay: 0, metadata: false }]);
  const swarm = bench.engine().join(magnetOf(lab, { peers: seeders.peers }));
  const stop = new AbortController();
  const stopped = swarm.metadata(stop.signal);
  const left = swarm.metadata();
  await until('the peer', () => swarm.stats.peers === 1);
  stop.abort();
  await expect(stopped).rejects.toMatchObject({ code: 'ABORTED' });
  await swarm.dispose();
  await expect(left).rejects.toMatchObject({ code: 'DISPOSED' });
});

test('hears nothing that is not bencoded from strangers of the DHT', async () => {
  const socket = createDhtSocket();
  const heard: string[] = [];
  socket.on('message', (packet) => heard.push(packet.toString()));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const sender = createSocket('udp4');
  const { port } = socket.address();
  for (const packet of ['l-3:', 'd1:y', 'x', 'd1:y1:qe'])
    await new Promise((resolve) => sender.send(packet, port, '127.0.0.1', resolve));
  await until('the last one', () => heard.length > 0);
  sender.close();
  socket.close();
  expect(heard).toEqual(['d1:y1:qe']);
});

test('is not brought down by queries of the DHT that make no sense', async () => {
  await loadWebtorrent();
  const { Client } = (await import('bittorrent-dht')) as { Client: new (options: object) => DhtClient };
  const socket = createDhtSocket();
  const dht = new Client({ bootstrap: false, socket });
  await new Promise<void>((resolve) => dht.listen(0, '127.0.0.1', resolve));
  const sender = createSocket('udp4');
  const answered = new Promise<string>((resolve) => {
    sender.on('message', (packet) => packet.includes('1:t2:zz') && resolve(packet.toString('latin1')));
  });
  const id = '2:id20:abcdefghij0123456789';
  for (const query of [
    `d1:ad${id}6:targeti5ee1:q9:find_node1:t2:aa1:y1:qe`,
    `d1:ad${id}9:info_hashi5ee1:q9:get_peers1:t2:aa1:y1:qe`,
    `d1:ad${id}6:targetlee1:q3:get1:t2:aa1:y1:qe`,
    `d1:ad${id}9:info_hash20:abcdefghij01234567895:tokeni5ee1:q13:announce_peer1:t2:aa1:y1:qe`,
    `d1:ad${id}5:tokeni5e1:vi5ee1:q3:put1:t2:aa1:y1:qe`,
    `d1:ai5e1:q4:ping1:t2:aa1:y1:qe`,
    `d1:ad${id}e1:q4:ping1:t2:zz1:y1:qe`,
  ])
    await new Promise((resolve) => sender.send(query, socket.address().port, '127.0.0.1', resolve));
  expect(await within('the answer to the one that makes sense', 5000, answered)).toContain('1:y1:r');
  sender.close();
  await new Promise<void>((resolve) => dht.destroy(() => resolve()));
});

test('reads no string of a negative length', async () => {
  await loadWebtorrent();
  const { default: bencode } = (await import('bencode')) as {
    default: { decode(bytes: Uint8Array): unknown };
  };
  expect(() => bencode.decode(Buffer.from('l-3:e'))).toThrow();
  expect(bencode.decode(Buffer.from('li5ee'))).toEqual([5]);
});

test.each<[string, (response: ServerResponse) => void]>([
  [
    'breaks off',
    (response) =>
      response.writeHead(200, { 'content-length': '1000' }).write('d8:interval', () => response.destroy()),
  ],
  ['is a number', (response) => response.end('i5e')],
  ['is nothing', (response) => response.end('')],
  ['says the reason in numbers', (response) => response.end('d14:failure reasoni5ee')],
  ['has peers that are none', (response) => response.end('d5:peersl3:abci5eee')],
  ['has half a peer', (response) => response.end('d5:peers7:abcdefge')],
  ['never ends', (response) => response.end('l-3:')],
  ['has no body', (response) => response.writeHead(204).end()],
])('is not brought down by a tracker whose answer %s', async (_what, answer) => {
  let asked = 0;
  const tracker = createServer((_request, response) => {
    asked += 1;
    answer(response);
  });
  await new Promise<void>((resolve) => tracker.listen(0, '127.0.0.1', resolve));
  bench.own({
    dispose: () => {
      tracker.close();
      tracker.closeAllConnections();
    },
  });
  const url = `http://127.0.0.1:${(tracker.address() as AddressInfo).port}/announce`;
  const swarm = bench.engine().join(magnetOf(lab, { trackers: [url], peers: honest.peers }));
  await until('the tracker to be asked', () => asked > 0);
  const store = await bench.fetchAll(swarm, await swarm.metadata());
  expect(store.bytes().equals(bytes)).toBe(true);
});

test('reads announcements of the local network, its own torrents only, and no nonsense', async () => {
  await loadWebtorrent();
  const { default: Lsd } = (await import('bittorrent-lsd')) as { default: LsdClass };
  const lsd = Object.assign(Object.create(Lsd.prototype) as LsdClass['prototype'], {
    infoHash: lab.infohash,
  });
  const text = (...lines: string[]): string => ['BT-SEARCH * HTTP/1.1', ...lines].join('\r\n');
  expect(lsd._parseAnnounce(text())).toBe(null);
  const host = 'Host: 239.192.152.143:6771';
  expect(lsd._parseAnnounce(text(host))).toBe(null);
  const other = 'ab'.repeat(20);
  expect(
    lsd._parseAnnounce(
      text(host, 'Port: 5', `Infohash: ${other}`, `Infohash: ${lab.infohash.toUpperCase()}`),
    ),
  ).toMatchObject({ port: '5', infoHash: [lab.infohash.toUpperCase()] });
});

test('an answer that is too long is not read to its end', async () => {
  const server = createServer((_request, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(1_048_576)));
    };
    response.on('drain', more).on('error', () => {});
    more();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  bench.own({
    dispose: () => {
      server.close();
      server.closeAllConnections();
    },
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const caller = bench.own(new HttpCaller(new SsrfGuard({ enabled: false })));
  const { body } = await caller.get(new URL(url));
  await expect(readAll(body, 4 * 1_048_576)).rejects.toThrow('too long');
});
