import { randomBytes } from 'node:crypto';

/** The secret part of a stream's address: 128 random bits. */
export function newStreamId(): string {
  return randomBytes(16).toString('base64url');
}

/** What an id may look like, wherever one comes from. */
export const STREAM_ID = /^[A-Za-z0-9_-]{16,64}$/;

const EXTENSIONS: Readonly<Record<string, string>> = {
  'video/mp4': '.mp4',
  'video/x-matroska': '.mkv',
  'video/webm': '.webm',
  'video/mp2t': '.ts',
  'video/x-msvideo': '.avi',
  'video/quicktime': '.mov',
  'audio/mpeg': '.mp3',
  'audio/mp4': '.m4a',
  'audio/flac': '.flac',
  'audio/ogg': '.ogg',
  'application/vnd.apple.mpegurl': '.m3u8',
  'application/x-subrip': '.srt',
  'text/vtt': '.vtt',
};

/** A file name fit for the end of a URL: one path segment, at most 100 characters, its extension kept. */
export function addressName(name: string | undefined, type: string): string {
  const mime = type.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const plain = (name ?? '')
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}/\\?#%"<>|:*]+/gu, '_')
    .trim();
  const usable = /[^._ ]/.test(plain) ? plain : `stream${EXTENSIONS[mime] ?? ''}`;
  const dot = usable.lastIndexOf('.');
  const extension = dot > 0 && usable.length - dot <= 12 ? usable.slice(dot) : '';
  const stem = usable.slice(0, usable.length - extension.length);
  return encodeURIComponent([...stem].slice(0, 100 - extension.length).join('') + extension);
}
