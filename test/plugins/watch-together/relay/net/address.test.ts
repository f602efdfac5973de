import { describe, expect, it } from 'vitest';
import {
  addressKey,
  maskedAddress,
  TrustedProxies,
} from '../../../../../plugins/watch-together/relay/src/net/address.ts';

it.each([
  ['192.0.2.7', '192.0.2.7', '192.0.2.0/24'],
  ['::ffff:192.0.2.7', '192.0.2.7', '192.0.2.0/24'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64', '2001:db8:1::/48'],
  ['2001:0DB8:1:2::9', '2001:db8:1:2::/64', '2001:db8:1::/48'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64', 'fe80:0:0::/48'],
  ['::1', '0:0:0:0::/64', '0:0:0::/48'],
  ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64', '64:ff9b:0::/48'],
  ['nonsense', 'unknown', 'unknown'],
])('%s counts as %s and is logged as %s', (address, key, masked) => {
  expect([addressKey(address), maskedAddress(address)]).toEqual([key, masked]);
});

describe('X-Forwarded-For', () => {
  const proxies = new TrustedProxies(['10.0.0.0/8', 'fd00::/8']);
  it.each([
    ['198.51.100.1', '203.0.113.5', '198.51.100.1'],
    ['10.0.0.1', '203.0.113.5', '203.0.113.5'],
    ['10.0.0.1', '1.1.1.1, 203.0.113.5', '203.0.113.5'],
    ['10.0.0.1', '203.0.113.5, 10.9.9.9', '203.0.113.5'],
    ['::ffff:10.0.0.1', '2001:db8::1', '2001:db8::1'],
    ['fd00::1', '[2001:db8::1]:443', '2001:db8::1'],
    ['10.0.0.1', '203.0.113.5:8080', '203.0.113.5'],
    ['10.0.0.1', 'rubbish', '10.0.0.1'],
    ['10.0.0.1', undefined, '10.0.0.1'],
    ['10.0.0.1', '', '10.0.0.1'],
  ])('of %s with %j: %s', (peer, forwarded, client) => {
    expect(proxies.clientOf(peer, forwarded)).toBe(client);
  });

  it.each(['10.0.0.0/33', 'fd00::/129', 'relay.example', '10.0.0.0/x', ''])('%j is no network', (network) => {
    expect(() => new TrustedProxies([network])).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});
