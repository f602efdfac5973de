import { VirtualClock } from '@kinoport/core/testing';
import { beforeEach, expect, test } from 'vitest';
import {
  ConnectionBudget,
  Connections,
  type Outcome,
  parseAddress,
  type Way,
} from '../../../../plugins/torrent/src/swarm/connections.ts';

interface Attempt {
  readonly at: number;
  readonly address: string;
  readonly way: Way;
  readonly end: (outcome: Outcome) => void;
}

let clock: VirtualClock;
let attempts: Attempt[];
let hasUtp: boolean;
let isAlone: boolean;
let budget: ConnectionBudget;

beforeEach(() => {
  clock = new VirtualClock({ now: 0 });
  attempts = [];
  hasUtp = false;
  isAlone = false;
  budget = new ConnectionBudget(10);
});

function make(capacity?: number): Connections {
  return new Connections({
    clock,
    budget,
    capacity,
    hasUtp: () => hasUtp,
    isAlone: () => isAlone,
    dialer: {
      dial(address, way, _source, _timeouts, end) {
        attempts.push({ at: clock.now(), address, way, end });
        return true;
      },
    },
  });
}

const tried = (): string[] => attempts.map(({ at, way }) => `${at} ${way}`);
const last = (): Attempt => attempts.at(-1) ?? expect.fail('nobody was called');

test('tries an address at once, and encrypted as soon as the handshake was refused', () => {
  make().add('10.0.0.1:6881', 'tracker');
  last().end('refused');
  expect(tried()).toEqual(['0 tcp', '0 mse']);
});

test('tries uTP, where there is, as soon as TCP finds nobody', () => {
  hasUtp = true;
  make().add('10.0.0.1:6881', 'tracker');
  last().end('unreachable');
  expect(tried()).toEqual(['0 tcp', '0 utp']);
});

test('waits longer after each round in vain, and then forgets the address', async () => {
  const connections = make();
  connections.add('10.0.0.1:6881', 'tracker');
  for (const wait of [5000, 20_000, 60_000, 300_000]) {
    last().end('unreachable');
    await clock.advance(wait);
  }
  expect(tried()).toEqual(['0 tcp', '5000 tcp', '25000 tcp', '85000 tcp', '385000 tcp']);
  expect(connections.add('10.0.0.1:6881', 'tracker')).toBe(false);
  last().end('unreachable');
  expect(connections.add('10.0.0.1:6881', 'tracker')).toBe(true);
});

test('comes back soon to a peer that gave something, in the way that worked', async () => {
  make().add('10.0.0.1:6881', 'tracker');
  last().end('refused');
  last().end({ lost: true, useful: true });
  await clock.advance(500);
  last().end({ lost: true, useful: true });
  await clock.advance(500);
  expect(tried()).toEqual(['0 tcp', '0 mse', '500 mse', '1000 mse']);
});

test('comes back ever later to a peer that gives nothing', async () => {
  make().add('10.0.0.1:6881', 'tracker');
  for (const wait of [500, 1000, 2000]) {
    last().end({ lost: true, useful: false });
    await clock.advance(wait);
  }
  expect(tried()).toEqual(['0 tcp', '500 tcp', '1500 tcp', '3500 tcp']);
});

test('looks for those that worked every few seconds while nobody is connected at all', async () => {
  make().add('10.0.0.1:6881', 'tracker');
  last().end({ lost: true, useful: true });
  isAlone = true;
  await clock.advance(500);
  for (let n = 0; n < 20; n += 1) {
    last().end('unreachable');
    await clock.advance(3000);
  }
  expect(last().at).toBe(60_500);
  isAlone = false;
  last().end('unreachable');
  await clock.advance(4999);
  expect(last().at).toBe(60_500);
});

test('has no more connections at a time than allowed, in all torrents, and fills each place that is given back', () => {
  budget = new ConnectionBudget(2);
  const [one, two] = [make(), make()];
  one.add('10.0.0.1:1', 'dht');
  two.add('10.0.0.2:1', 'dht');
  one.add('10.0.0.3:1', 'dht');
  two.add('10.0.0.4:1', 'dht');
  expect(attempts.map(({ address }) => address)).toEqual(['10.0.0.1:1', '10.0.0.2:1']);
  attempts[1]?.end('unreachable');
  expect(attempts.map(({ address }) => address).at(-1)).toBe('10.0.0.3:1');
  expect(budget.used).toBe(2);
  one.dispose();
  attempts[0]?.end('unreachable');
  attempts[2]?.end('unreachable');
  expect(attempts.map(({ address }) => address).at(-1)).toBe('10.0.0.4:1');
  expect(budget.used).toBe(1);
});

test('bans all of a host, but of this machine the one port', () => {
  const connections = make();
  connections.ban('10.0.0.1:1');
  connections.ban('127.0.0.1:1');
  expect(connections.add('10.0.0.1:2', 'dht')).toBe(false);
  expect(connections.add('127.0.0.1:1', 'dht')).toBe(false);
  expect(connections.add('127.0.0.1:2', 'dht')).toBe(true);
});

test('keeps a limited number of addresses in mind; those that failed go first', () => {
  const connections = make(2);
  expect(connections.add('10.0.0.1:1', 'dht')).toBe(true);
  expect(connections.add('10.0.0.2:1', 'dht')).toBe(true);
  expect(connections.add('10.0.0.3:1', 'dht')).toBe(false);
  attempts[0]?.end('unreachable');
  expect(connections.add('10.0.0.3:1', 'dht')).toBe(true);
});

test('leaves no timers behind', () => {
  const connections = make();
  connections.add('10.0.0.1:1', 'dht');
  last().end('unreachable');
  expect(clock.pendingTimers).toBe(1);
  connections.dispose();
  expect(clock.pendingTimers).toBe(0);
});

test.each([
  ['10.0.0.1:6881', { host: '10.0.0.1', port: 6881 }],
  ['[2001:db8::1]:80', { host: '2001:db8::1', port: 80 }],
  ['peer.example.org:80', { host: 'peer.example.org', port: 80 }],
  ['10.0.0.1:0', undefined],
  ['10.0.0.1:65536', undefined],
  ['10.0.0.1', undefined],
  ['2001:db8::1:80', undefined],
  ['http://a:80', undefined],
])('reads the address %s', (address, expected) => {
  expect(parseAddress(address)).toEqual(expected);
});
