import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { HostEndpoint } from '../api/protocol.ts';
import type { Home } from './home.ts';
import { notWritable } from './prepareHome.ts';

/**
 * Tells clients where the host listens. The file has mode 0600 and is whole at every moment (temp and rename).
 * @throws KinoportError `HOME_NOT_WRITABLE`
 */
export function writeEndpoint(home: Home, endpoint: HostEndpoint): void {
  const { pid, version, port, token } = endpoint;
  const temporary = `${home.endpointFile}.${pid}.${randomBytes(4).toString('hex')}`;
  try {
    writeFileSync(temporary, `${JSON.stringify({ pid, version, port, token })}\n`, {
      mode: 0o600,
      flag: 'wx',
    });
    renameSync(temporary, home.endpointFile);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw notWritable(home.endpointFile, error);
  }
}

/** What the last host wrote; `undefined` when there is no such file or it is broken. The host may be dead. */
export function readEndpoint(home: Home): HostEndpoint | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(home.endpointFile, 'utf8'));
  } catch {
    return undefined;
  }
  return isEndpoint(value)
    ? { pid: value.pid, version: value.version, port: value.port, token: value.token }
    : undefined;
}

/** Takes the file away when the host ends; leaves that of a successor alone. */
export function removeEndpoint(home: Home, pid: number): void {
  if (readEndpoint(home)?.pid === pid) rmSync(home.endpointFile, { force: true });
}

// By hand, not by a schema: the thin client reads this before anything else and has no validator loaded.
function isEndpoint(value: unknown): value is HostEndpoint {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, version, port, token } = value as Partial<Record<keyof HostEndpoint, unknown>>;
  return (
    Number.isSafeInteger(pid) &&
    Number(pid) > 0 &&
    typeof version === 'string' &&
    version !== '' &&
    Number.isInteger(port) &&
    Number(port) >= 1 &&
    Number(port) <= 65_535 &&
    typeof token === 'string' &&
    /^[A-Za-z0-9_-]{43,}$/.test(token)
  );
}
