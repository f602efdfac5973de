import { randomInt } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const LOOPBACK = '127.0.0.1';
const ATTEMPTS = 20;
/**
 * Below the ports that systems take for outgoing connections (Linux from 32768, macOS and Windows from 49152):
 * a player that keeps knocking while no host listens could otherwise be given the port itself as its own.
 */
const LOWEST = 20_000;
const HIGHEST = 32_000;

/** Listens on loopback: on the preferred port, else on a free one. Resolves with the port in use. */
export async function listen(server: Server, preferredPort: number | undefined): Promise<number> {
  const candidates = Array.from({ length: ATTEMPTS }, () => randomInt(LOWEST, HIGHEST));
  if (preferredPort !== undefined) candidates.unshift(preferredPort);
  for (const port of candidates) {
    try {
      return await bind(server, port);
    } catch (error) {
      if (!isTaken(error)) throw error;
    }
  }
  return bind(server, 0);
}

function bind(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => {
      server.off('listening', listening);
      reject(error);
    };
    const listening = (): void => {
      server.off('error', failed);
      resolve((server.address() as AddressInfo).port);
    };
    server.once('error', failed);
    server.once('listening', listening);
    server.listen(port, LOOPBACK);
  });
}

function isTaken(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'EADDRINUSE' || code === 'EACCES';
}
