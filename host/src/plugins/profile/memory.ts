import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/** `pss` counts what is shared with other processes in part, `rss` in whole. */
export interface ProcessMemory {
  readonly bytes: number;
  readonly kind: 'pss' | 'rss';
}

const PATIENCE = 2_000;

/** The memory of a process; `undefined` where the system does not tell. */
export async function memoryOf(pid: number): Promise<ProcessMemory | undefined> {
  if (process.platform === 'linux') {
    const pss = await kilobytes(`/proc/${pid}/smaps_rollup`, 'Pss');
    if (pss !== undefined) return { bytes: pss * 1024, kind: 'pss' };
    const rss = await kilobytes(`/proc/${pid}/status`, 'VmRSS');
    return rss === undefined ? undefined : { bytes: rss * 1024, kind: 'rss' };
  }
  if (process.platform === 'win32') return undefined;
  const said = await new Promise<string>((resolve) => {
    execFile('ps', ['-o', 'rss=', '-p', String(pid)], { timeout: PATIENCE }, (_error, out) => resolve(out));
  });
  const rss = Number(said.trim());
  return rss > 0 ? { bytes: rss * 1024, kind: 'rss' } : undefined;
}

async function kilobytes(file: string, name: string): Promise<number | undefined> {
  try {
    const [, value] = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(await readFile(file, 'utf8')) ?? [];
    return value === undefined ? undefined : Number(value);
  } catch {
    return undefined;
  }
}
