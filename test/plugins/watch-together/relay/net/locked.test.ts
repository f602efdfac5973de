/** Rooms with passwords and those who have not told theirs yet, at a relay with real sockets. */
import { systemClock } from '@kinoport/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readOptions } from '../../../../../plugins/watch-together/relay/src/program/options.ts';
import { type Relay, startRelay } from '../../../../../plugins/watch-together/relay/src/program/relay.ts';
import type { ClientMessage } from '../../../../../plugins/watch-together/src/protocol/index.ts';
import { Peer } from '../peer.ts';
import { SALT } from '../table.ts';

let relay: Relay;
let peers: Peer[];

beforeEach(async () => {
  const options = readOptions(['--port', '0', '--silent'], {});
  if (!options) throw new Error('help');
  relay = await startRelay(options, { clock: systemClock, log: () => undefined });
  peers = [];
});

afterEach(async () => {
  for (const peer of peers) await peer[Symbol.asyncDispose]();
  await relay.dispose();
});

async function greet(): Promise<Peer> {
  const peer = await Peer.greet(`http://127.0.0.1:${relay.port}`);
  peers.push(peer);
  return peer;
}

it('are not guessed by many connections at once: who waits is refused when others have used up the tries', async () => {
  const ann = await greet();
  const { room } = await ann.create({ password: 'right' });
  const guessing = await Promise.all(Array.from({ length: 3 }, greet));
  const others = await Promise.all(Array.from({ length: 12 }, greet));
  for (const [at, peer] of guessing.entries())
    peer.send({ type: 'join', id: 1, code: room.code, name: 'Eve', password: `guess ${at}` });
  for (const peer of others) peer.send({ type: 'join', id: 1, code: 'ZZZZZZ', name: 'Eve' });
  expect(await guessing[2]?.next('error')).toMatchObject({ code: 'RELAY_RATE_LIMITED' });
});

it('are heard by nobody who has not told the password yet', async () => {
  const ann = await greet();
  const { room } = await ann.create({ password: 'right' });
  const slow = await Promise.all(Array.from({ length: 2 }, greet));
  for (const peer of slow)
    peer.send({ type: 'join', id: 1, code: room.code, name: 'Cleo', password: 'right' });
  const bob = await greet();
  bob.send({ type: 'join', id: 1, code: room.code, name: 'Bob', password: 'right' });
  bob.send({ type: 'time', t1: 1 });
  await bob.next('time');
  ann.send({ type: 'chat', id: 9, text: 'among ourselves' });
  await ann.next('ok');
  await bob.next('joined');
  bob.send({ type: 'chat', id: 2, text: 'hello' });
  await bob.next('ok');
  expect(bob.heard.flatMap((one) => (one.type === 'chat' ? [one.text] : []))).toEqual(['hello']);
});

it('hold no more of what is sent ahead than a few frames', async () => {
  const ann = await greet();
  ann.send({ type: 'create', id: 1, name: 'Ann', salt: SALT, password: 'right' });
  const padded = (message: ClientMessage): string => JSON.stringify(message) + ' '.repeat(40_000);
  for (let id = 2; id < 8; id += 1) ann.send(padded({ type: 'ready', id, ready: true }));
  await ann.next('joined');
  ann.send({ type: 'ready', id: 8, ready: false });
  await expect.poll(() => ann.heard.some((one) => one.type === 'ok' && one.id === 8)).toBe(true);
  expect(ann.heard.flatMap((one) => (one.type === 'ok' ? [one.id] : []))).toEqual([2, 3, 4, 8]);
  expect(ann.heard.some((one) => one.type === 'error' && one.code === 'RELAY_RATE_LIMITED')).toBe(true);
});

it('keep no seat for whoever went away before the password was looked at', async () => {
  const ann = await greet();
  const { room } = await ann.create({ password: 'right' });
  const bob = await greet();
  bob.send({ type: 'join', id: 1, code: room.code, name: 'Bob', password: 'right' });
  bob.send({ type: 'time', t1: 1 });
  await bob.next('time');
  await bob[Symbol.asyncDispose]();
  const { participant } = await ann.next('participant');
  expect(await ann.next('left')).toMatchObject({ participant: participant.id, reason: 'left' });
});
