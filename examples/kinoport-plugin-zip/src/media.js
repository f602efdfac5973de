// @ts-check
import { posix } from 'node:path';

/** @type {Readonly<Record<string, string>>} */
const VIDEO = {
  mkv: 'video/x-matroska',
  webm: 'video/webm',
  mp4: 'video/mp4',
  m4v: 'video/mp4',
  mov: 'video/quicktime',
  avi: 'video/x-msvideo',
  mpg: 'video/mpeg',
  mpeg: 'video/mpeg',
  ts: 'video/mp2t',
  wmv: 'video/x-ms-wmv',
  ogv: 'video/ogg',
};

/** @type {Readonly<Record<string, string>>} */
const AUDIO = {
  mp3: 'audio/mpeg',
  m4a: 'audio/mp4',
  flac: 'audio/flac',
  ogg: 'audio/ogg',
  opus: 'audio/ogg',
  wav: 'audio/wav',
};

/** @type {Readonly<Record<string, string>>} */
const SUBTITLE = { srt: 'application/x-subrip', vtt: 'text/vtt', ass: 'text/x-ssa', ssa: 'text/x-ssa' };

/** @param {string} name */
const extensionOf = (name) => posix.extname(name).slice(1).toLowerCase();

/**
 * What a member is by its name; `undefined` for what nobody plays.
 * @param {string} name
 * @returns {{ kind: 'video' | 'audio', mime: string } | undefined}
 */
export function mediaOf(name) {
  if (name.split('/').some((part) => part.startsWith('.') || part === '__MACOSX')) return undefined;
  const extension = extensionOf(name);
  const video = VIDEO[extension];
  if (video) return { kind: 'video', mime: video };
  const audio = AUDIO[extension];
  return audio ? { kind: 'audio', mime: audio } : undefined;
}

/** @param {string} name */
export function titleOf(name) {
  return posix.basename(name, posix.extname(name)).trim() || name;
}

/**
 * What `name` is to a film beside it: `film.srt`, `film.de.srt`. `undefined`: nothing.
 * @param {string} film
 * @param {string} name
 * @returns {{ mime: string, language?: string } | undefined}
 */
export function subtitleOf(film, name) {
  const mime = SUBTITLE[extensionOf(name)];
  const stem = film.slice(0, film.length - posix.extname(film).length);
  if (!mime || !name.startsWith(`${stem}.`)) return undefined;
  const between = name.slice(stem.length, -posix.extname(name).length);
  if (between === '') return { mime };
  return /^\.[a-z]{2,3}$/i.test(between) ? { mime, language: between.slice(1).toLowerCase() } : undefined;
}
