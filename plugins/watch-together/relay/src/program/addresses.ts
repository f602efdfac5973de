import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { isLoopback } from './options.ts';

/** Where a relay can be reached: what people who start one have to know. */
export interface Reachable {
  /** The best address for others, which links to rooms begin with. */
  readonly address: string;
  /** Lines that say who can reach it where. */
  readonly lines: readonly string[];
}

export function reachableAt(options: {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly publicUrl?: string;
  readonly interfaces?: ReturnType<typeof networkInterfaces>;
}): Reachable {
  const { host, port, secure, publicUrl } = options;
  const url = (address: string): string =>
    `${secure ? 'https' : 'http'}://${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
  const said =
    publicUrl === undefined ? [] : [`Reachable at ${publicUrl}, for everybody whom that leads here.`];
  if (isLoopback(host)) {
    const alone =
      publicUrl === undefined ? 'Only this machine can reach it' : 'By itself only this machine reaches it';
    return { address: publicUrl ?? url(host), lines: [...said, `${alone}: ${url(host)}`] };
  }
  if (host !== '0.0.0.0' && host !== '::')
    return { address: publicUrl ?? url(host), lines: [...said, `Reachable at ${url(host)}`] };
  const interfaces = options.interfaces ?? ownInterfaces();
  if (!interfaces)
    return {
      address: publicUrl ?? url(host === '::' ? '::1' : '127.0.0.1'),
      lines: [...said, `Reachable at port ${port} of every address of this machine`],
    };
  const outer = Object.values(interfaces)
    .flatMap((list) => list ?? [])
    .filter(
      ({ internal, family, address }) =>
        !internal && (family === 'IPv4' || host === '::') && !/^fe80:/i.test(address),
    )
    .map(({ address }) => address);
  const own = url(host === '::' ? '::1' : '127.0.0.1');
  return {
    address: publicUrl ?? (outer[0] === undefined ? own : url(outer[0])),
    lines: [
      ...said,
      ...outer.map((address) => `Reachable from its network at ${url(address)}`),
      outer.length > 0 ? `From this machine: ${own}` : `Only this machine can reach it: ${own}`,
    ],
  };
}

/** Undefined where nobody may ask: a sandbox without netlink sockets. */
function ownInterfaces(): ReturnType<typeof networkInterfaces> | undefined {
  try {
    return networkInterfaces();
  } catch {
    return undefined;
  }
}
