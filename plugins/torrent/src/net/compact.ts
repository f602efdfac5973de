import { isIP } from 'node:net';

/** Bytes of a peer: address and port (BEP 23, BEP 7). */
const LENGTHS = { 4: 6, 6: 18 } as const;

/** `host` and port as 6 bytes, or 18 of IPv6; `undefined` for a name. */
export function compactOf(host: string, port: number): Buffer | undefined {
  const family = isIP(host);
  const address = family === 4 ? host.split('.').map(Number) : family === 6 ? bytesOfIpv6(host) : undefined;
  return address && Buffer.from([...address, port >> 8, port & 255]);
}

/** `host:port` of each peer, the host of IPv6 in brackets; what is left over at the end is none. */
export function peersOfCompact(bytes: Uint8Array, family: 4 | 6, limit: number): readonly string[] {
  const length = LENGTHS[family];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: string[] = [];
  for (let at = 0; at + length <= bytes.length && found.length < limit; at += length) {
    const port = view.getUint16(at + length - 2);
    if (port === 0) continue;
    if (family === 4) found.push(`${[...bytes.subarray(at, at + 4)].join('.')}:${port}`);
    else {
      const groups = Array.from({ length: 8 }, (_, n) => view.getUint16(at + n * 2).toString(16));
      found.push(`${new URL(`http://[${groups.join(':')}]`).hostname}:${port}`);
    }
  }
  return found;
}

function bytesOfIpv6(host: string): readonly number[] | undefined {
  const url = `http://[${host}]`;
  // One with a zone is of this machine's own.
  if (!URL.canParse(url)) return undefined;
  const [head = '', tail] = new URL(url).hostname.slice(1, -1).split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = new Array<string>(8 - first.length - last.length).fill('0');
  return [...first, ...zeros, ...last].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 255];
  });
}
