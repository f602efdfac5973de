import { KinoportError } from '@kinoport/core';
import type { Torrent, TorrentAddress } from '../torrent.ts';
import {
  invalid,
  peerAddresses,
  plainText,
  selectedFile,
  trackerUrls,
  unsupportedV2,
  webSeedUrls,
} from './text.ts';

const MAX_MAGNET = 65_536;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

type MagnetAddress = Extract<TorrentAddress, { readonly type: 'magnet' }>;

/** 40 hexadecimal digits out of these or of 32 letters of base32; `undefined` for anything else. */
export function infohashOf(text: string): string | undefined {
  const lower = text.toLowerCase();
  if (/^[0-9a-f]{40}$/.test(lower)) return lower;
  if (!/^[a-z2-7]{32}$/.test(lower)) return undefined;
  let bits = 0n;
  for (const letter of lower) bits = (bits << 5n) | BigInt(BASE32.indexOf(letter));
  return bits.toString(16).padStart(40, '0');
}

/** @throws KinoportError `TORRENT_INVALID`, `TORRENT_UNSUPPORTED` for one of version 2 alone */
export function parseMagnet(uri: string): MagnetAddress {
  if (uri.length > MAX_MAGNET) throw bad('it is too long');
  const query = uri.indexOf('?');
  const parameters = new URLSearchParams(query < 0 ? '' : uri.slice(query + 1).replaceAll('&amp;', '&'));
  const topics = numbered(parameters, 'xt');
  const infohash = topics
    .filter((topic) => /^urn:btih:/i.test(topic))
    .map((topic) => infohashOf(topic.slice('urn:btih:'.length)))
    .find((hash) => hash !== undefined);
  if (infohash === undefined) {
    if (topics.some((topic) => /^urn:btmh:/i.test(topic))) throw unsupportedV2();
    throw bad('it names no torrent (xt=urn:btih:)');
  }
  const name = plainText(parameters.get('dn') ?? '', 300);
  const fileIndex = selectedFile(parameters.get('so'));
  return {
    type: 'magnet',
    infohash,
    ...(name === '' ? {} : { name }),
    trackers: trackerUrls(numbered(parameters, 'tr')),
    webSeeds: webSeedUrls(numbered(parameters, 'ws')),
    peers: peerAddresses(numbered(parameters, 'x.pe')),
    ...(fileIndex === undefined ? {} : { fileIndex }),
  };
}

/** The magnet link of a torrent, or of one of its files (`so=`, BEP 53). */
export function magnetOf(
  torrent: Pick<Torrent, 'infohash' | 'name' | 'trackers' | 'webSeeds'>,
  fileIndex?: number,
): string {
  const parts = [`xt=urn:btih:${torrent.infohash}`, `dn=${encodeURIComponent(torrent.name.toWellFormed())}`];
  for (const tracker of torrent.trackers) parts.push(`tr=${encodeURIComponent(tracker)}`);
  for (const seed of torrent.webSeeds) parts.push(`ws=${encodeURIComponent(seed)}`);
  if (fileIndex !== undefined) parts.push(`so=${fileIndex}`);
  return `magnet:?${parts.join('&')}`;
}

/** All values of `tr`, and of `tr.1`, `tr.2` and so on. */
function numbered(parameters: URLSearchParams, key: string): readonly string[] {
  const found: string[] = [];
  for (const [name, value] of parameters)
    if (name === key || (name.startsWith(`${key}.`) && /^\d{1,3}$/.test(name.slice(key.length + 1))))
      found.push(value);
  return found;
}

function bad(what: string): KinoportError {
  const { message } = invalid(what);
  return new KinoportError('TORRENT_INVALID', message.replace('torrent', 'magnet link'), {
    hint: 'A magnet link begins with magnet:?xt=urn:btih: and 40 hexadecimal digits.',
  });
}
