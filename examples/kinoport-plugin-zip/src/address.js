// @ts-check
import { homedir } from 'node:os';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KinoportError } from '@kinoport/core';

/**
 * `zip:/films/archive.zip!folder/film.mkv`, or without a member the archive itself, which may also be a path or a file
 * URL. Nothing in it is encoded.
 * @param {string} uri
 * @returns {{ archive: string, member: string | undefined }}
 * @throws KinoportError `SOURCE_NOT_FOUND`
 */
export function parseAddress(uri) {
  if (/^file:/i.test(uri)) return { archive: fileURLToPath(uri), member: undefined };
  if (!/^zip:/i.test(uri)) return { archive: uri, member: undefined };
  const [, place = '', , member] = /^zip:(.*?\.zip)(!(.*))?$/is.exec(uri) ?? [];
  const archive = place.replace(/^~(?=[\\/])/, homedir());
  if (!isAbsolute(archive))
    throw new KinoportError('SOURCE_NOT_FOUND', `"${uri}" names no archive.`, {
      hint: 'Write zip:/path/to/archive.zip!film.mkv, with the whole path.',
    });
  return { archive, member: member === '' ? undefined : member };
}

/**
 * @param {string} archive
 * @param {string} member
 */
export function addressOf(archive, member) {
  return `zip:${archive}!${member}`;
}
