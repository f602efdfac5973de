/** Peers that say nothing, or do not listen, on a virtual clock with real sockets. */
import { once } from 'node:events';
import { VirtualClock } from '@kinoport/core/testing';
import { afterEach, expect, it } from 'vitest';
import { AddressLimits } from '../../../../../plugins/watch-together/relay/src/net/addressLimits.ts';
import { readOptions } from '../../../../../plugins/watch-together/relay/src/program/options.ts';
import { type Relay, startRelay } from '../../../../../plugins/watch-together/relay/src/program/relay.ts';
import { CLOSE } from '../../../../../plugins/watch-together/src/protocol/index.ts';
import { Peer } from '../peer.ts';

let relay: Relay | undefined;
const peers: Peer[] = [];

afterEach(async () => {
  for (const peer of peers.splice(0)) await peer[Symbol.asyncDispose]();
  await relay?.dispose();
  relay = undefined;
});

async function start(): Promise<{ readonly url: string; readonly clock: VirtualClock }> {
  const clock = new VirtualClock();
  const options = readOptions(['--port', '0'], {});
  if (!options) throw new Error('help');
  relay = await startRelay(options, { clock, log: () => undefined });
  return { url: `http://127.0.0.1:${relay.port}`, clock };
}

async function peer(made: Promise<Peer>): Promise<Peer> {
  const one = await made;
  peers.push(one);
  return one;
}

it('who does not greet within 10 s is sent away', async () => {
  const { url, clock } = await start();
  const silent = await peer(Peer.connect(url));
  await clock.advance(9999);
  expect(silent.socket.readyState).toBe(silent.socket.OPEN);
  await clock.advance(1);
  expect((await silent.closed).code).toBe(CLOSE.SILENT);
});

it('who greets and enters no room within a minute is sent away, who is in one is not', async () => {
  const { url, clock } = await start();
  const [idle, ann] = [await peer(Peer.greet(url)), await peer(Peer.greet(url))];
  await ann.create();
  // Pings are answered in between.
  for (let beat = 0; beat < 3; beat += 1) {
    const pinged = once(ann.socket, 'ping');
    await clock.advance(20_000);
    await pinged;
    ann.send({ type: 'time', t1: beat });
    await ann.next('time');
  }
  expect((await idle.closed).code).toBe(CLOSE.SILENT);
  expect(ann.socket.readyState).toBe(ann.socket.OPEN);
});

it('whose end has vanished without a word loses its connection, and keeps its seat', async () => {
  const { url, clock } = await start();
  const bob = await peer(Peer.greet(url, { autoPong: false }));
  const ann = await peer(Peer.greet(url));
  const { room } = await ann.create();
  await bob.join(room.code);
  await ann.next('participant');
  for (let beat = 0; beat < 3; beat += 1) {
    const pinged = once(ann.socket, 'ping');
    await clock.advance(20_000);
    await pinged;
    ann.send({ type: 'time', t1: beat });
    await ann.next('time');
  }
  expect((await bob.closed).code).toBe(1006);
  expect((await ann.next('participant')).participant).toMatchObject({ id: 'p2', connected: false });
});

it('an address may try so much, and is forgotten when there is nothing to remember', async () => {
  const clock = new VirtualClock();
  const limits = new AddressLimits({ clock, connections: 2, rooms: 2 });
  const delays = Array.from({ length: 10 }, () => {
    limits.guess('a');
    return limits.wrong('a');
  });
  expect(delays).toEqual([0, 0, 250, 500, 1000, 2000, 4000, 4000, 4000, 4000]);
  expect(() => limits.guess('a')).toThrow(expect.objectContaining({ data: { retryAfter: 6000 } }));
  limits.guess('b');
  await clock.advance(6000);
  limits.guess('a');

  limits.room('a');
  limits.room('a');
  expect(() => limits.room('a')).toThrow(expect.objectContaining({ code: 'RELAY_RATE_LIMITED' }));
  await clock.advance(1_800_000);
  limits.room('a');

  const held = limits.connect('a');
  expect(limits.connect('a')).toBeDefined();
  expect(limits.connect('a')).toBeUndefined();
  await held?.dispose();
  await held?.dispose();
  expect(limits.connect('a')).toBeDefined();
  expect(limits.connect('a')).toBeUndefined();
  limits.dispose();
  expect(clock.pendingTimers).toBe(0);
});
