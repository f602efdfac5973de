import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { isLoopback } from './options.ts';

const inUrl = (address: string): string => (isIP(address) === 6 ? `[${address}]` : address);

/** What people who start a relay have to know: where it can be reached, and by whom. */
export function reachableAt(options: {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly publicUrl?: string;
  readonly interfaces?: ReturnType<typeof networkInterfaces>;
}): readonly string[] {
  const { host, port, secure, publicUrl } = options;
  const url = (address: string): string => `${secure ? 'https' : 'http'}://${inUrl(address)}:${port}`;
  const lines =
    publicUrl === undefined ? [] : [`Reachable at ${publicUrl}, for everybody whom that leads here.`];
  if (isLoopback(host)) {
    const alone =
      publicUrl === undefined ? 'Only this machine can reach it' : 'By itself only this machine reaches it';
    return [...lines, `${alone}: ${url(host)}`];
  }
  if (host !== '0.0.0.0' && host !== '::') return [...lines, `Reachable at ${url(host)}`];
  const all = Object.values(options.interfaces ?? networkInterfaces()).flatMap((list) => list ?? []);
  const outer = all.filter(
    ({ internal, family, address }) =>
      !internal && (family === 'IPv4' || host === '::') && !/^fe80:/i.test(address),
  );
  if (outer.length === 0) lines.push('This machine has no address that others could reach.');
  return [
    ...lines,
    ...outer.map(({ address }) => `Reachable from its network at ${url(address)}`),
    `From this machine: ${url(host === '::' ? '::1' : '127.0.0.1')}`,
  ];
}
