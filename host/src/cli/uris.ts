import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { KinoportError } from '@kinoport/core';

// At least two letters: `C:\film.mkv` is a path, not an address of the scheme `c`. And no blank behind the colon:
// `Film: the sequel.mkv` is a name. With nothing behind it, it is all that a source has: `shelf:`. Which schemes there are is the plugins' business.
const ADDRESS = /^[a-z][a-z0-9+.-]+:(?!\s)/i;

/** Whether a text is an address (`https://`, `magnet:`, one of a plugin's own schemes) and not a path. */
export function isAddress(text: string): boolean {
  return ADDRESS.test(text);
}

/**
 * What the host is given for an argument: addresses as they are, everything else, and what exists under that
 * very name, as a path made absolute against the client's own folder.
 * @throws KinoportError `USAGE` for an empty argument
 */
export function resolveUri(text: string, cwd: string): string {
  if (text === '') {
    throw new KinoportError('USAGE', 'An empty text is no address.', {
      hint: 'Give a file, a folder or a URL.',
    });
  }
  const path = resolve(cwd, text);
  return isAddress(text) && !existsSync(path) ? text : path;
}
