// What a test run leaves behind: processes that carry its mark, and what lies in its own temporary folder.
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

// Not one of the product's variables: those it takes out of the environment of players.
export const RUN_VARIABLE = 'TEST_RUN_MARK';

// Node and Vite keep caches there, for the next run as well.
const CACHES = /^(node-compile-cache|v8-compile-cache|vitest|vite)/;

/**
 * Living processes that inherited the mark, or are plugins' processes of a home in the run's temporary folder: their
 * environment is a small one. `{pid, command}`. Known on Linux only; elsewhere none are found.
 */
export function markedProcesses(run, temporary) {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        const environment = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0');
        const isPlugin = environment.some((each) => each.startsWith(`NODE_COMPILE_CACHE=${temporary}/`));
        if (!isPlugin && !environment.includes(`${RUN_VARIABLE}=${run}`)) return [];
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').join(' ').trim();
        return command === '' ? [] : [{ pid: Number(name), command }];
      } catch {
        // Ended while we looked, or another user's.
        return [];
      }
    });
}

/** Gives processes that are just ending a moment; returns those that stay. */
export async function lingeringProcesses(run, temporary, patience = 3000) {
  const until = Date.now() + patience;
  for (;;) {
    const found = markedProcesses(run, temporary);
    if (found.length === 0 || Date.now() > until) return found;
    await wait(100);
  }
}

/** Names of what tests left in the run's temporary folder. */
export function forgottenFiles(folder) {
  return readdirSync(folder).filter((name) => !CACHES.test(name));
}
