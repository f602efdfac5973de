import { accessSync, constants, existsSync } from 'node:fs';
import type { EndReason, PlayerEnd, PlayerMedia } from '@kinoport/core';

/** Whether a position is close enough to the end to believe in it. False where no duration is known. */
export function isNearEnd(position: number, duration: number | undefined): boolean {
  return duration !== undefined && position >= duration - Math.max(2, duration / 100);
}

/**
 * What an end of file means. mpv says "eof" as well when the bytes stop in mid-film: a 401, 403 or 503 looks the
 * same as the end (measured with 0.35.1), so only the position can tell.
 */
export function reasonOfEof(
  position: number,
  duration: number | undefined,
  media: PlayerMedia | undefined,
): EndReason {
  if (duration === undefined) return media !== undefined && 'path' in media ? 'finished' : 'interrupted';
  return isNearEnd(position, duration) ? 'finished' : 'interrupted';
}

/** mpv's `file_error` in the terms of the error table. */
export function errorOfFile(
  fileError: string | undefined,
  media: PlayerMedia | undefined,
): NonNullable<PlayerEnd['error']> {
  const name = media === undefined ? 'the item' : `"${media.title}"`;
  const path = media !== undefined && 'path' in media ? media.path : undefined;
  if (fileError !== undefined && /output initialization failed/.test(fileError)) {
    return {
      code: 'PLAYER_START_FAILED',
      message: `mpv has no picture or sound output for ${name}: ${fileError}.`,
      hint: 'Check the vo= and ao= settings in mpv.conf.',
    };
  }
  if (path !== undefined && !existsSync(path)) {
    return {
      code: 'SOURCE_NOT_FOUND',
      message: `The file of ${name} is not there.`,
      hint: 'Check whether it was moved or its disk is connected.',
    };
  }
  if (path !== undefined && !isReadable(path)) {
    return {
      code: 'SOURCE_FORBIDDEN',
      message: `The file of ${name} may not be read.`,
      hint: 'Check its permissions.',
    };
  }
  if (path === undefined && fileError === 'loading failed') {
    return {
      code: 'SOURCE_FAILED',
      message: `mpv could not load ${name} from its server.`,
      hint: 'Try again; if it stays so, check whether the source still has it.',
    };
  }
  return {
    code: 'MEDIA_UNRECOGNIZED',
    message: `mpv does not recognise ${name} as picture or sound${fileError === undefined ? '' : ` (${fileError})`}.`,
    hint: 'Check whether the file is complete and really a film or music.',
  };
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
