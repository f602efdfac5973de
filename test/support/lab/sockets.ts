import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Peers of the sockets that a process has open, `host:port`, that are not of this machine's loopback. Linux only. */
export function strangersOf(pid: number): readonly string[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        // Closed meanwhile.
        return [];
      }
    }),
  );
  return ['tcp', 'udp', 'tcp6', 'udp6'].flatMap((kind) => {
    const lines = readFileSync(`/proc/${pid}/net/${kind}`, 'utf8').trim().split('\n').slice(1);
    return lines.flatMap((line) => {
      const [, , remote = '', , , , , , , inode = ''] = line.trim().split(/\s+/);
      return inodes.has(inode) && !isLoopback(remote.split(':')[0] ?? '') ? [`${kind} ${remote}`] : [];
    });
  });
}

/** Addresses stand there as words of the machine's own byte order, in hexadecimal; all zeros is a socket without a peer. */
function isLoopback(address: string): boolean {
  if (/^0+$/.test(address)) return true;
  if (address.length === 8) return address.endsWith('7F');
  return address === '00000000000000000000000001000000' || /^0{16}FFFF0000.{6}7F$/.test(address);
}
