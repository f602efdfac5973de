import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * An opaque start time that, with the pid, names a process across reuse of the pid. `undefined` when there is no
 * such process, when it is a zombie (it runs no more, its parent has not reaped it), or on Windows.
 * On Linux the answer is found before the first await, so that a child just started is still there.
 */
export async function pidStartTime(
  pid: number,
  platform: NodeJS.Platform = process.platform,
): Promise<string | undefined> {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  if (platform === 'linux') {
    const ticks = parseProcStat(readText(`/proc/${pid}/stat`));
    return ticks === undefined ? undefined : `${ticks}-${bootId()}`;
  }
  return platform === 'win32' ? undefined : parsePs(await ps(pid));
}

/** Field 22 of /proc/<pid>/stat, ticks since boot; the name in field 2 may hold spaces and parentheses. */
export function parseProcStat(text: string): string | undefined {
  const fields = text
    .slice(text.lastIndexOf(')') + 1)
    .trim()
    .split(/\s+/);
  const [state, start] = [fields[0], fields[19]];
  if (start === undefined || !/^\d+$/.test(start)) return undefined;
  return state === 'Z' || state === 'X' ? undefined : start;
}

/** Output of `ps -o state=,lstart= -p <pid>`: `Ss   Mon Jun  2 10:11:12 2025`. */
export function parsePs(text: string): string | undefined {
  const match = /^\s*([A-Z])\S*\s+(\S.*\d{4})\s*$/.exec(text);
  if (!match || match[1] === 'Z') return undefined;
  return match[2]?.replace(/\s+/g, ' ');
}

/** Ticks begin anew with each boot. */
function bootId(): string {
  return readText('/proc/sys/kernel/random/boot_id').slice(0, 8);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function ps(pid: number): Promise<string> {
  return new Promise((resolve) => {
    const env = { ...process.env, LC_ALL: 'C' };
    execFile('ps', ['-o', 'state=,lstart=', '-p', String(pid)], { env, timeout: 5000 }, (_error, stdout) =>
      resolve(stdout),
    );
  });
}
