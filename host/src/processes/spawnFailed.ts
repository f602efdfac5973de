import { stat } from 'node:fs/promises';
import { KinoportError } from '@kinoport/core';

/** Why a program could not be started, in a sentence, and what to do. */
export async function spawnFailed(command: string, cause: unknown, cwd?: string): Promise<KinoportError> {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason';
  const folderMissing = cwd !== undefined && !(await isFolder(cwd));
  const hint = folderMissing
    ? `Its working folder does not exist: ${cwd}`
    : (HINTS[code] ?? 'Start it by hand in a terminal to see what is wrong.');
  return new KinoportError(
    'PROCESS_SPAWN_FAILED',
    `The program "${command}" could not be started (${code}).`,
    {
      hint,
      cause,
    },
  );
}

const HINTS: Readonly<Record<string, string>> = {
  ENOENT: 'Install it, or give its full path in the config file.',
  EACCES: 'It is there but may not be executed: check its permissions (chmod +x).',
  EPERM: 'It is there but may not be executed: check its permissions.',
  E2BIG: 'Its arguments are too long.',
  EAGAIN: 'The system allows no more processes: end some and try again.',
  EMFILE: 'The host has too many files open: stop it with "kinoport stop" and try again.',
  ENOMEM: 'The system is out of memory: close some programs and try again.',
  ENOEXEC: 'It is not a program of this system.',
};

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
