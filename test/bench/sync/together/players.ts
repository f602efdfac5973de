import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { processesOf } from '../../../support/lab/processes.ts';

/** Stops a process for so many milliseconds. */
export async function suspended(pid: number, ms: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await pause(ms);
  process.kill(pid, 'SIGCONT');
}

/** The sockets that an mpv below a process listens at; the last that its command line names. */
export function mpvBelow(ancestor: number): { readonly pid: number; readonly socket: string } | undefined {
  for (const pid of processesOf(ancestor)) {
    const [file = '', ...args] = commandLine(pid);
    const socket = args.findLast((arg) => arg.startsWith('--input-ipc-server='))?.split('=')[1];
    if (/(^|\/)mpv$/.test(file) && socket) return { pid, socket };
  }
  return undefined;
}

function commandLine(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
