import { KinoportError, PRODUCT } from '@kinoport/core';
import { notWritable } from '../home/prepareHome.ts';

/** Whether the file is no whole database any more, so that it has to be moved aside. */
export function isDamage(error: unknown): boolean {
  if (error instanceof KinoportError) {
    return error.code === 'DATABASE_DAMAGED' && error.data === undefined;
  }
  const code = codeOf(error);
  return code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_IOERR_SHORT_READ';
}

/** What a person is told for an error of SQLite or of the file system; anything else comes back unchanged. */
export function databaseError(error: unknown, file: string): unknown {
  if (error instanceof KinoportError) return error;
  const code = codeOf(error);
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new KinoportError('DATABASE_LOCKED', `Another program holds the database ${file} locked.`, {
      hint: `Close the program that has it open, a database browser or a backup for instance.`,
      data: { file },
      cause: error,
    });
  }
  if (isDamage(error)) {
    return new KinoportError('DATABASE_DAMAGED', `The database ${file} is damaged.`, {
      hint: `Run \`${PRODUCT.command} stop\` and start again: it is moved aside and a fresh one is made.`,
      data: { file },
      cause: error,
    });
  }
  if (/^SQLITE_(FULL|READONLY|CANTOPEN|PERM|IOERR)/.test(code) || /^E[A-Z]+$/.test(code)) {
    return notWritable(file, error);
  }
  return error;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
