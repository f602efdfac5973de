import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

type Range = readonly [network: string, bits: number];

/** Of this machine, of its link, or of no single machine (RFC 6890); cloud metadata are at 169.254.169.254. */
const NEAR: readonly Range[] = [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 3],
];
const NEAR_6: readonly Range[] = [
  ['::', 127],
  ['fe80::', 10],
  ['ff00::', 8],
];
/** Of a private network; 100.64.0.0/10 is used by providers and by VPNs. */
const PRIVATE: readonly Range[] = [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
];
const PRIVATE_6: readonly Range[] = [
  ['fc00::', 7],
  ['fec0::', 10],
];

const near = listOf(NEAR, NEAR_6);
const notPublic = listOf([...NEAR, ...PRIVATE], [...NEAR_6, ...PRIVATE_6]);

/** Whether an address leads to this machine or its link, to many, or to none; false for what is no address. */
export function isNear(address: string): boolean {
  return contains(near, address);
}

/** Whether the range of an address is one of the internet. */
export function isGlobal(address: string): boolean {
  return isIP(bare(address)) !== 0 && !contains(notPublic, address);
}

/** Whether an address is reached through the internet: not of this machine, its link, or a private network. */
export function isPublic(address: string): boolean {
  return isGlobal(address) && !isOwn(bare(address));
}

/** The host of a URL or of `host:port`, when it is an address and no name. */
export function literalOf(host: string): string | undefined {
  const literal = host.replace(/^\[(.*)\]$/, '$1');
  return isIP(bare(literal)) === 0 ? undefined : literal;
}

function contains(list: BlockList, address: string): boolean {
  const text = bare(address);
  const family = isIP(text);
  return family !== 0 && list.check(text, family === 4 ? 'ipv4' : 'ipv6');
}

/** Servers on a machine listen on all of its addresses, public ones too. */
function isOwn(address: string): boolean {
  return Object.values(networkInterfaces()).some((all) => all?.some((each) => each.address === address));
}

const bare = (address: string): string => address.replace(/%.*$/, '');

/** BlockList knows `::ffff:a.b.c.d` by itself, and the other forms that hold an address of IPv4 not. */
function listOf(ranges: readonly Range[], ranges6: readonly Range[]): BlockList {
  const list = new BlockList();
  for (const [network, bits] of ranges) {
    list.addSubnet(network, bits, 'ipv4');
    const [a = 0, b = 0, c = 0, d = 0] = network.split('.').map(Number);
    const groups = `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
    list.addSubnet(`::${groups}`, 96 + bits, 'ipv6');
    list.addSubnet(`64:ff9b::${groups}`, 96 + bits, 'ipv6');
    list.addSubnet(`2002:${groups}::`, 16 + bits, 'ipv6');
  }
  for (const [network, bits] of ranges6) list.addSubnet(network, bits, 'ipv6');
  return list;
}
