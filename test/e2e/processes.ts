import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** In the environment of everything that a test starts; not one of the product's variables, which it filters. */
export const MARK = 'E2E_WORLD';

export interface FoundProcess {
  readonly pid: number;
  readonly command: string;
}

/**
 * Living processes that carry the mark, or are plugins' processes of a home in the folder of its name: their
 * environment is a small one. Known on Linux only; elsewhere none are found.
 */
export function markedProcesses(mark: string): readonly FoundProcess[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const environment = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0');
      const args = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
      const isPlugin = environment.some((each) => each.startsWith(`NODE_COMPILE_CACHE=${mark}/`));
      if (!isPlugin && !environment.includes(`${MARK}=${mark}`)) return [];
      const command = args.join(' ').trim();
      return command === '' ? [] : [{ pid: Number(name), command }];
    } catch {
      // Ended while we looked.
      return [];
    }
  });
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Asks again and again until the answer is accepted. */
export async function eventually<T>(
  what: string,
  ask: () => T | Promise<T>,
  accept: (value: Awaited<T>) => boolean,
  patience = 15_000,
): Promise<Awaited<T>> {
  const deadline = performance.now() + patience;
  for (;;) {
    const value = await ask();
    if (accept(value)) return value;
    if (performance.now() > deadline) throw new Error(`${what}: still ${JSON.stringify(value)}`);
    await wait(50);
  }
}
