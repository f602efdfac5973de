import { BlockList, isIP } from 'node:net';
import { KinoportError } from '@kinoport/core';

/** Where requests come from: addresses, and which of them stand for whole networks. */

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** An address without its zone, and an IPv4 one written as IPv6 as what it is; undefined for what is none. */
export function plainAddress(text: string): string | undefined {
  const address = text.trim().replace(/%.*$/, '');
  const plain = MAPPED.exec(address)?.[1] ?? address;
  return isIP(plain) ? plain : undefined;
}

/** What limits count by: an IPv4 address, or the /64 of an IPv6 one, which belongs to one customer. */
export function addressKey(address: string): string {
  const plain = plainAddress(address);
  if (plain === undefined) return 'unknown';
  return isIP(plain) === 4 ? plain : `${network(plain)}::/64`;
}

/** The first four groups of an IPv6 address, written out without leading zeros. */
function network(address: string): string {
  const [head = '', tail] = address.split('::');
  const groups = (part: string): string[] =>
    part === '' ? [] : part.split(':').flatMap((group) => (group.includes('.') ? ['0', '0'] : [group]));
  const [left, right] = [groups(head), tail === undefined ? [] : groups(tail)];
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

/** An address as it may stand in a log: the network, not the machine. */
export function maskedAddress(address: string): string {
  const plain = plainAddress(address);
  if (plain === undefined) return 'unknown';
  if (isIP(plain) === 4) return `${plain.split('.').slice(0, 3).join('.')}.0/24`;
  return `${network(plain).split(':').slice(0, 3).join(':')}::/48`;
}

/** Proxies whose word on where a request comes from is believed. */
export class TrustedProxies {
  readonly #list = new BlockList();
  readonly #any: boolean;

  /** @param networks `10.0.0.0/8`, `fd00::/8`, or single addresses @throws KinoportError `INVALID_ARGUMENT` */
  constructor(networks: readonly string[]) {
    this.#any = networks.length > 0;
    for (const text of networks) {
      const [address = '', bits] = text.trim().split('/');
      const version = isIP(address);
      const most = version === 4 ? 32 : 128;
      const prefix = bits === undefined ? most : Number(bits);
      if (version === 0 || !/^\d{1,3}$/.test(bits ?? '0') || prefix > most)
        throw new KinoportError('INVALID_ARGUMENT', `"${text}" is no network.`, {
          hint: 'Give it as 10.0.0.0/8 or fd00::/8.',
        });
      this.#list.addSubnet(address, prefix, version === 4 ? 'ipv4' : 'ipv6');
    }
  }

  get some(): boolean {
    return this.#any;
  }

  has(address: string): boolean {
    const plain = plainAddress(address);
    return plain !== undefined && this.#list.check(plain, isIP(plain) === 4 ? 'ipv4' : 'ipv6');
  }

  /**
   * Who has sent a request. `X-Forwarded-For` is read from its end for as long as it names proxies that are trusted;
   * whatever a stranger has written before that counts for nothing.
   */
  clientOf(peer: string, forwardedFor: string | undefined): string {
    let client = plainAddress(peer) ?? peer;
    const hops = (forwardedFor ?? '').slice(-2000).split(',');
    while (this.has(client) && hops.length > 0) {
      const next = plainAddress(
        (hops.pop() ?? '')
          .trim()
          .replace(/^\[(.*)\](?::\d+)?$/, '$1')
          .replace(/^([\d.]+):\d+$/, '$1'),
      );
      if (next === undefined) break;
      client = next;
    }
    return client;
  }
}
