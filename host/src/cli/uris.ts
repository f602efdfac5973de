import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { KinoportError } from '@kinoport/core';

// At least two letters: `C:\film.mkv` is a path, not an address of the scheme `c`. And no blank behind the colon:
// `Film: the sequel.mkv` is a name. With nothing behind it, it is all that a source has: `shelf:`. Which schemes there are is the plugins' business.
const ADDRESS = /^[a-z][a-z0-9+.-]+:(?!\s)/i;

// SHA-1 of a torrent's info, in hexadecimal or base32 (BEP 9).
const INFOHASH = /^(?:[0-9a-f]{40}|[a-z2-7]{32})$/i;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** Whether a text is what a torrent is named by. */
export function isInfohash(text: string): boolean {
  return INFOHASH.test(text);
}

function infohashAddress(text: string): string {
  if (text.length === 40) return `infohash:${text.toLowerCase()}`;
  const bits = [...text.toLowerCase()]
    .map((sign) => BASE32.indexOf(sign).toString(2).padStart(5, '0'))
    .join('');
  const digits = Array.from({ length: 40 }, (_, i) =>
    Number.parseInt(bits.slice(4 * i, 4 * i + 4), 2).toString(16),
  );
  return `infohash:${digits.join('')}`;
}

/** Whether a text is an address (`https://`, `magnet:`, one of a plugin's own schemes) and not a path. */
export function isAddress(text: string): boolean {
  return ADDRESS.test(text);
}

/**
 * What the host is given for an argument: addresses as they are, a bare infohash as `infohash:` with 40 hexadecimal
 * digits, everything else, and what exists under that very name, as a path made absolute against the client's own
 * folder.
 * @throws KinoportError `USAGE` for an empty argument
 */
export function resolveUri(text: string, cwd: string): string {
  if (text === '') {
    throw new KinoportError('USAGE', 'An empty text is no address.', {
      hint: 'Give a file, a folder or a URL.',
    });
  }
  const path = resolve(cwd, text);
  const isName = isAddress(text) || isInfohash(text);
  if (!isName || existsSync(path)) return path;
  return isInfohash(text) ? infohashAddress(text) : text;
}

/** What a viewer calls an address before its title is known: the name of the file, without what follows a `?`. */
export function nameOf(uri: string): string {
  const [scheme = ''] = /^[a-z][a-z0-9+.-]+:(?!\/\/)/i.exec(uri) ?? [];
  if (scheme !== '' && uri.length > 60) {
    // `dn` of a magnet link is the name that its maker gave it; what a `data:` holds is nobody's name.
    const name = uri.length < 8192 ? URL.parse(uri)?.searchParams.get('dn') : undefined;
    return name || `${uri.slice(0, uri.startsWith('data:') ? uri.search(/[;,]|$/) : 50)}...`;
  }
  const [path = uri] = /^[a-z][a-z0-9+.-]+:\/\//i.test(uri) ? uri.split(/[?#]/, 1) : [uri];
  return (
    path
      .replace(/[\\/]+$/, '')
      .split(/[\\/]/)
      .at(-1) || path
  );
}
