import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { VirtualClock } from '@kinoport/core/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { decodeBencode, isBytes, isDictionary } from '../../../../plugins/torrent/src/address/bencode.ts';
import { compactOf, peersOfCompact } from '../../../../plugins/torrent/src/net/compact.ts';
import { addedIn, messageOf, PeerExchange } from '../../../../plugins/torrent/src/swarm/peerExchange.ts';
import type { Wire } from '../../../../plugins/torrent/src/swarm/webtorrent.ts';
import { loadWire, type PeerWire } from '../../../support/lab/swarm/libraries.ts';
import type { LabTorrent } from '../../../support/lab/swarm/torrent.ts';
import { until, within } from '../../../support/lab/waiting.ts';
import { addressOf, Bench, MemoryStore, magnetOf } from './swarmBench.ts';

const MINUTE = 60_000;

/** What is said to one peer, and what it says. */
class FakePeer {
  readonly sent: Uint8Array[] = [];
  readonly heard: string[] = [];
  readonly wire: Wire;
  readonly extension: {
    onExtendedHandshake(handshake: object): void;
    onMessage(message: Uint8Array): void;
    on(event: string, listener: (address: string) => void): void;
    reset(): void;
  };

  constructor(exchange: PeerExchange, remoteAddress = '8.8.8.8', type = 'tcpOutgoing') {
    const wire = {
      type,
      destroyed: false,
      remoteAddress,
      extended: (_name: string, message: Uint8Array) => void this.sent.push(message),
    };
    this.wire = wire as unknown as Wire;
    const Extension = exchange.extension();
    this.extension = new Extension(this.wire) as FakePeer['extension'];
    this.extension.on('peer', (address) => void this.heard.push(address));
  }

  greet(): this {
    this.extension.onExtendedHandshake({ m: { ut_pex: 1 } });
    return this;
  }

  list(key: string, n = this.sent.length - 1): readonly string[] {
    const message = this.sent[n];
    const root = message && decodeBencode(message);
    const bytes = isDictionary(root) ? root.entries.get(key) : undefined;
    return isBytes(bytes) ? peersOfCompact(bytes, key.includes('6') ? 6 : 4, 1000) : [];
  }
}

describe('peers that are connected', () => {
  const banned = new Set<string>();
  const addresses = new WeakMap<Wire, string>();
  let clock: VirtualClock;
  let exchange: PeerExchange;
  const fresh = (): void => {
    clock = new VirtualClock();
    banned.clear();
    exchange = new PeerExchange({
      clock,
      addressOf: (wire) => addresses.get(wire),
      isBanned: (address) => banned.has(address),
    });
  };
  const join = (address: string, remote?: string): FakePeer => {
    const peer = new FakePeer(exchange, remote);
    addresses.set(peer.wire, address);
    return peer.greet();
  };

  it('are told to the others, themselves not, once', async () => {
    fresh();
    exchange.open();
    const one = join('8.0.0.1:1');
    const two = join('[2606:4700::1]:2');
    await clock.advance(1000);
    expect([one.list('added'), one.list('added6')]).toEqual([[], ['[2606:4700::1]:2']]);
    expect([two.list('added'), two.list('added6')]).toEqual([['8.0.0.1:1'], []]);
    await clock.advance(10 * MINUTE);
    expect([one.sent.length, two.sent.length]).toEqual([1, 1]);
  });

  it('are told at most once a minute, who came and who went together', async () => {
    fresh();
    exchange.open();
    const one = join('8.0.0.1:1');
    const two = join('8.0.0.2:2');
    await clock.advance(1000);
    two.extension.reset();
    join('8.0.0.3:3');
    await clock.advance(MINUTE);
    expect(one.sent).toHaveLength(1);
    await clock.advance(MINUTE);
    expect(one.sent).toHaveLength(2);
    expect([one.list('added'), one.list('dropped')]).toEqual([['8.0.0.3:3'], ['8.0.0.2:2']]);
  });

  it('are told 50 at a time', async () => {
    fresh();
    exchange.open();
    const one = join('8.0.0.1:1');
    for (let n = 2; n < 72; n += 1) join(`8.0.0.${n}:1`);
    await clock.advance(1000);
    expect(one.list('added')).toHaveLength(50);
    await clock.advance(2 * MINUTE);
    expect(one.list('added')).toHaveLength(20);
  });

  it('are not told when they are banned, told by that peer itself, or of a private network', async () => {
    fresh();
    exchange.open();
    const one = join('8.0.0.1:1');
    const near = join('192.168.0.2:2', '192.168.0.2');
    join('8.0.0.3:3');
    join('8.0.0.4:4');
    banned.add('8.0.0.3:3');
    one.extension.onMessage(messageOf([['8.0.0.4:4', 0]], []));
    await clock.advance(1000);
    expect(one.sent).toEqual([]);
    expect(near.list('added')).toEqual(['8.0.0.1:1', '8.0.0.4:4']);
  });

  it('are told to nobody before it is known that the torrent is public, or who does not ask', async () => {
    fresh();
    const one = join('8.0.0.1:1');
    const silent = new FakePeer(exchange);
    silent.extension.onExtendedHandshake({ m: {} });
    join('8.0.0.2:2');
    await clock.advance(10 * MINUTE);
    expect(one.sent).toEqual([]);
    exchange.open();
    await clock.advance(1000);
    expect(one.list('added')).toEqual(['8.0.0.2:2']);
    expect(silent.sent).toEqual([]);
  });

  it('are heard of, 50 of a family in a message, and one message a minute', async () => {
    fresh();
    const one = join('8.0.0.1:1');
    const many = Array.from({ length: 70 }, (_, n) => [`9.0.0.${n}:1`, 0] as const);
    one.extension.onMessage(messageOf(many, []));
    one.extension.onMessage(messageOf([['9.9.9.9:9', 0]], []));
    expect(one.heard).toEqual(many.slice(0, 50).map(([address]) => address));
    await clock.advance(MINUTE);
    one.extension.onMessage(messageOf([['9.9.9.9:9', 0]], []));
    expect(one.heard).toHaveLength(51);
  });

  it.each(['', 'i5e', 'd5:addedi5ee', 'l-3:', 'd5:added7:abcdefge', `d5:added6:abcd\0\0e`])(
    'are read out of nonsense without harm: %j',
    (text) => {
      expect(addedIn(Buffer.from(text)).length).toBeLessThan(2);
    },
  );

  it('have the same address in bytes and in words', () => {
    for (const [host, port] of [
      ['1.2.3.4', 65_535] as const,
      ['2001:db8::1:0:5', 1] as const,
      ['::1', 80] as const,
    ]) {
      const bytes = compactOf(host, port) ?? Buffer.alloc(0);
      const [back] = peersOfCompact(bytes, host.includes(':') ? 6 : 4, 9);
      expect(back).toBe(host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);
    }
    expect(compactOf('example.org', 1)).toBe(undefined);
  });
});

describe('in a swarm', () => {
  const bytes = randomBytes(8 * 65_536);
  const bench = new Bench();
  let lab: LabTorrent;
  beforeAll(async () => {
    lab = await bench.torrent(bytes);
  });
  afterEach(() => bench.close());
  afterAll(() => bench.remove());

  /** Somebody who is connected to a seeder, and has nothing to give. */
  async function hub(torrent: LabTorrent): Promise<string> {
    const seeders = await bench.seeders(torrent, [{ delay: 5 }]);
    const engine = bench.engine();
    const address = addressOf(torrent);
    const swarm = engine.join(address, { peers: seeders.peers });
    swarm.fetch(address.torrent, new MemoryStore(address.torrent));
    await until('the seeder', () => swarm.stats.peers === 1);
    return until('the port', () => engine.port !== undefined && `127.0.0.1:${engine.port}`);
  }

  it('a third peer is found by the exchange alone', async () => {
    const at = await hub(lab);
    const taker = bench.engine().join(magnetOf(lab, { peers: [at] }));
    const store = await bench.fetchAll(taker, await taker.metadata());
    expect(store.bytes().equals(bytes)).toBe(true);
    expect(taker.peers).toHaveLength(2);
  });

  interface Pex {
    on(event: 'peer', heard: (address: string, flags: object) => void): void;
    addPeer(address: string): void;
    _sendMessage(): void;
  }

  /** Somebody who speaks the exchange as others do. */
  async function speaker(address: string, infohash: string): Promise<PeerWire & { ut_pex: Pex }> {
    const [Wire, { default: utPex }] = await Promise.all([
      loadWire(),
      import(['ut', 'pex'].join('_')) as Promise<{ readonly default: () => unknown }>,
    ]);
    const [host, port] = address.split(':');
    const socket = connect(Number(port), host);
    const wire = new Wire('tcpOutgoing', 0) as PeerWire & { ut_pex: Pex };
    wire.use(utPex());
    socket.on('error', () => {}).on('data', (data) => wire.write(data));
    wire.on('data', (data) => socket.write(data as Uint8Array));
    wire.on('error', () => {});
    bench.own({ dispose: () => void socket.destroy() });
    wire.handshake(infohash, randomBytes(20).toString('hex'), { fast: true, dht: false });
    return wire;
  }

  it('others understand what is told, and are understood', async () => {
    const seeders = await bench.seeders(lab, [{ delay: 5 }, { delay: 5 }]);
    const [first = '', second = ''] = seeders.peers;
    const engine = bench.engine();
    const address = addressOf(lab);
    const swarm = engine.join(address, { peers: [first] });
    const at = await until('the port', () => engine.port !== undefined && `127.0.0.1:${engine.port}`);
    const other = await speaker(at, lab.infohash);
    const heard = new Promise((resolve) => other.ut_pex.on('peer', (peer, flags) => resolve([peer, flags])));
    expect(await within('the first message', 5000, heard)).toEqual([
      first,
      expect.objectContaining({ isReachable: true }),
    ]);
    other.ut_pex.addPeer(second);
    other.ut_pex._sendMessage();
    await until('the second seeder', () => swarm.peers.includes(second));
  });

  it('nobody is told of a private torrent', async () => {
    const secret = await bench.torrent(bytes, { isPrivate: true });
    const other = await speaker(await hub(secret), secret.infohash);
    await within('the handshake', 5000, new Promise((resolve) => other.once('extended', resolve)));
    expect(other.peerExtendedMapping).not.toHaveProperty('ut_pex');
  });
});
