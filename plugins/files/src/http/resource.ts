import { type Clock, KinoportError, type Validators } from '@kinoport/core';
import { addressKey, contentKey, KEY_BYTES } from '../contentKey.ts';
import {
  extensionOf,
  isForeignType,
  isPlaylistName,
  isPlaylistType,
  mediaKind,
  sniff,
  typeOfName,
} from '../media.ts';
import { decodePlaylist, MAX_PLAYLIST_BYTES, type Playlist, parsePlaylist } from '../playlist/m3u.ts';
import { dispositionName, nameOfAddress } from './address.ts';
import { readUpTo } from './body.ts';
import type { HttpAnswer } from './client.ts';
import { statusError, unreachableError } from './errors.ts';
import { contentLength, mediaType, parseContentRange, validatorsOf } from './headers.ts';
import type { HttpTarget } from './target.ts';

/** What stands behind an address. */
export interface HttpResource {
  readonly keys: readonly [string, ...string[]];
  readonly name: string;
  readonly type: string;
  readonly kind: 'video' | 'audio';
  readonly size?: number;
  /** The server hands out any part; without, it is read from the beginning only. */
  readonly ranges: boolean;
  /** Without a length: it goes on until the server ends it. */
  readonly live: boolean;
  readonly validators: Validators;
}

export type Discovery =
  | { readonly type: 'media'; readonly resource: HttpResource }
  | { readonly type: 'playlist'; readonly playlist: Playlist; readonly base: URL; readonly name: string };

interface Context {
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/**
 * Asks for the first 64 KiB and tells from them and the headers what it is.
 * @throws KinoportError `SOURCE_NOT_FOUND`, `SOURCE_FORBIDDEN`, `SOURCE_NOT_MEDIA`, `SOURCE_UNSUPPORTED`,
 *   `SOURCE_UNREACHABLE`, `SOURCE_FAILED`, `ABORTED`
 */
export async function discover(target: HttpTarget, context: Context): Promise<Discovery> {
  const { answer, size, ranges } = await first(target, context);
  const name = dispositionName(answer.header('content-disposition')) ?? nameOfAddress(target.address);
  const type = mediaType(answer);
  const live = size === undefined;
  const head = await bytesOf(answer, ranges ? KEY_BYTES : live ? 0 : 4_096, context);
  if (isPlaylist(name, type, head)) return readPlaylist(target, name, context);
  assertMedia(answer, name, type, head, size);
  const tail = ranges && size !== undefined ? await tailOf(target, head, size, context) : undefined;
  const address = addressKey(target.address);
  const resource: HttpResource = {
    keys:
      tail === undefined || size === undefined
        ? [address]
        : [contentKey(size, head.subarray(0, KEY_BYTES), tail), address],
    name,
    type: playableType(type) ?? typeOfName(name) ?? 'application/octet-stream',
    kind: type?.startsWith('audio/') || mediaKind(name) === 'audio' ? 'audio' : 'video',
    ...(size === undefined ? {} : { size }),
    ranges,
    live,
    validators: validatorsOf(answer),
  };
  return { type: 'media', resource };
}

async function first(
  target: HttpTarget,
  context: Context,
): Promise<{ readonly answer: HttpAnswer; readonly size?: number; readonly ranges: boolean }> {
  const { signal } = context;
  const answer = await target.get({ headers: { range: `bytes=0-${KEY_BYTES - 1}` }, signal });
  if (answer.status === 206) {
    const range = parseContentRange(answer.header('content-range'));
    if (range?.start === 0 && range.total !== undefined) return { answer, size: range.total, ranges: true };
  } else if (answer.status === 200) {
    return { answer, size: contentLength(answer), ranges: false };
  } else if (answer.status !== 416) {
    answer.close();
    throw statusError(answer.status, target.address);
  }
  // A part that does not say what it is, or none at all (an empty file): without ranges then.
  answer.close();
  const whole = await target.get({ signal });
  if (whole.status === 200) return { answer: whole, size: contentLength(whole), ranges: false };
  whole.close();
  throw statusError(whole.status, target.address);
}

async function bytesOf(answer: HttpAnswer, limit: number, context: Context): Promise<Uint8Array> {
  try {
    return await readUpTo(answer, limit, context.clock);
  } catch (error) {
    throw error instanceof KinoportError ? error : unreachableError(answer.url, error);
  }
}

async function tailOf(
  target: HttpTarget,
  head: Uint8Array,
  size: number,
  context: Context,
): Promise<Uint8Array | undefined> {
  if (size <= KEY_BYTES) return head.length >= size ? head.subarray(0, size) : undefined;
  if (head.length < KEY_BYTES) return undefined;
  const start = size - KEY_BYTES;
  const answer = await target.get({
    headers: { range: `bytes=${start}-${size - 1}` },
    signal: context.signal,
  });
  const range = parseContentRange(answer.header('content-range'));
  if (answer.status !== 206 || range?.start !== start || range.total !== size) {
    answer.close();
    return undefined;
  }
  const tail = await bytesOf(answer, KEY_BYTES, context);
  return tail.length === KEY_BYTES ? tail : undefined;
}

function isPlaylist(name: string, type: string | undefined, head: Uint8Array): boolean {
  const text = Buffer.from(head.subarray(0, 16))
    .toString('utf8')
    .replace(/^\uFEFF/, '');
  if (text.startsWith('#EXTM3U')) return true;
  const says = isPlaylistType(type) || isPlaylistName(name);
  return says && sniff(head) !== 'media' && sniff(head) !== 'html';
}

async function readPlaylist(target: HttpTarget, name: string, context: Context): Promise<Discovery> {
  const answer = await target.get({ signal: context.signal });
  if (answer.status !== 200) {
    answer.close();
    throw statusError(answer.status, target.address);
  }
  const bytes = await bytesOf(answer, MAX_PLAYLIST_BYTES, context);
  if (bytes.length > MAX_PLAYLIST_BYTES) throw tooLarge();
  const playlist = parsePlaylist(decodePlaylist(bytes));
  if (playlist.kind === 'hls') throw adaptive('HLS');
  return { type: 'playlist', playlist, base: answer.url, name };
}

/** @throws KinoportError `SOURCE_NOT_MEDIA`, `SOURCE_UNSUPPORTED` */
function assertMedia(
  answer: HttpAnswer,
  name: string,
  type: string | undefined,
  head: Uint8Array,
  size: number | undefined,
): void {
  const encoding = answer.header('content-encoding')?.trim().toLowerCase() ?? 'identity';
  if (encoding !== 'identity' && encoding !== '')
    throw new KinoportError(
      'SOURCE_UNSUPPORTED',
      `The server ${answer.url.host} sends the file compressed.`,
      {
        hint: 'Download the file and play it from disk.',
      },
    );
  if (type === 'application/dash+xml' || extensionOf(name) === 'mpd') throw adaptive('DASH');
  const content = sniff(head);
  if (content === 'media') return;
  const host = answer.url.host;
  if (type === 'text/html' || type === 'application/xhtml+xml' || content === 'html')
    throw new KinoportError(
      'SOURCE_NOT_MEDIA',
      `The address on ${host} leads to a web page, not to a film.`,
      {
        hint: 'Give the address of the file itself; in a browser, copy the link of the download.',
        data: { host },
      },
    );
  if (size === 0)
    throw new KinoportError('SOURCE_NOT_MEDIA', `The file on ${host} is empty.`, {
      hint: 'Check the address, or try again when the file is complete.',
      data: { host },
    });
  const promised = mediaKind(name) !== undefined || /^(audio|video)\//.test(type ?? '');
  if ((isForeignType(type) && !promised) || content === 'foreign' || (content === 'text' && !promised))
    throw new KinoportError('SOURCE_NOT_MEDIA', `The address on ${host} leads to no film and no sound.`, {
      hint: 'Give the address of a video or audio file.',
      data: { host, type: type ?? null },
    });
}

function playableType(type: string | undefined): string | undefined {
  return type !== undefined && /^(audio|video)\//.test(type) ? type : undefined;
}

function adaptive(kind: string): KinoportError {
  return new KinoportError(
    'SOURCE_UNSUPPORTED',
    `The address leads to an ${kind} stream, which is not supported.`,
    {
      hint: 'Give the address of a complete video file.',
    },
  );
}

export function tooLarge(): KinoportError {
  return new KinoportError('SOURCE_UNSUPPORTED', 'The playlist is larger than 5 MiB.', {
    hint: 'Split it into several.',
  });
}
