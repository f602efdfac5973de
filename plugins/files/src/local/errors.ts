import { basename } from 'node:path';
import { KinoportError, toKinoportError } from '@kinoport/core';

/** What the system said about a path, as a coded error. */
export function pathError(error: unknown, path: string): KinoportError {
  if (error instanceof KinoportError) return error;
  const code = systemCode(error);
  const shown = JSON.stringify(path);
  if (code === undefined) return toKinoportError(error);
  const cause = error;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ENAMETOOLONG':
    case 'EINVAL':
    case 'ENODEV':
    case 'ENXIO':
      return new KinoportError('SOURCE_NOT_FOUND', `There is no file or folder ${shown}.`, {
        hint: 'Check the spelling, and that the drive is connected.',
        data: { path },
        cause,
      });
    case 'EACCES':
    case 'EPERM':
      return new KinoportError('SOURCE_FORBIDDEN', `${shown} may not be read.`, {
        hint: 'Give yourself the right to read it and all folders above it.',
        data: { path },
        cause,
      });
    case 'ELOOP':
      return new KinoportError('SOURCE_NOT_FOUND', `${shown} is a link that leads back to itself.`, {
        hint: 'Give the path of the file that the link was made for.',
        data: { path },
        cause,
      });
    default:
      return new KinoportError('SOURCE_FAILED', `${shown} could not be read (${code}).`, {
        hint: 'Check the drive or the network share that it lies on.',
        data: { path, system: code },
        cause,
      });
  }
}

export function notMedia(path: string, what: string): KinoportError {
  return new KinoportError(
    'SOURCE_NOT_MEDIA',
    `${JSON.stringify(basename(path))} is ${what}, not a film or sound.`,
    {
      hint: 'Give a video or audio file, a folder of them, or an .m3u playlist.',
      data: { path },
    },
  );
}

/** `ENOENT` and the like; `undefined` when the error is not the system's. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code) ? error.code : undefined;
}
