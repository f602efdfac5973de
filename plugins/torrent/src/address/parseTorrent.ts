import { createHash } from 'node:crypto';
import { BLOCK_LENGTH, pieceCount, type Torrent, type TorrentFile } from '../torrent.ts';
import {
  type Bencoded,
  BencodeError,
  type Dictionary,
  decodeBencode,
  encodeText,
  isBytes,
  isDictionary,
  isList,
} from './bencode.ts';
import { invalid, trackerUrls, unsupportedV2, webSeedUrls } from './text.ts';

/** Bytes of a `.torrent`. */
export const MAX_TORRENT = 16 * 1024 * 1024;
const MAX_PIECE = 64 * 1024 * 1024;
const MAX_PIECES = 1_000_000;
const MAX_FILES = 100_000;
const MAX_DEPTH = 64;
const MAX_SEGMENT = 1_000;
const MAX_PATH = 4_000;
const MAX_URLS = 1_000;

/**
 * What a `.torrent` says, checked. Of a hybrid the part of version 1 is taken. The `bytes` of the result are made anew
 * of the info dictionary as it was, trackers and web seeds: no other library meets what was not checked here.
 * @throws KinoportError `TORRENT_INVALID`, `TORRENT_UNSUPPORTED` for one of version 2 alone
 */
export function parseTorrent(bytes: Uint8Array): Torrent {
  if (bytes.length > MAX_TORRENT) throw invalid('it is larger than 16 MiB');
  const root = decode(bytes);
  const info = isDictionary(root) ? root.entries.get('info') : undefined;
  if (!isDictionary(root) || !isDictionary(info)) throw invalid('it has no info dictionary');
  const pieceLength = pieceLengthOf(info);
  const hashes = hashesOf(info);
  const text = textDecoder(root);
  const name = nameOf(info, text);
  const files = filesOf(info, name, text);
  const last = files[files.length - 1];
  const length = last === undefined ? 0 : last.offset + last.length;
  if (length === 0) throw invalid('it holds no bytes');
  const pieces = pieceCount({ length, pieceLength });
  if (pieces > MAX_PIECES) throw invalid('it has too many pieces');
  if (hashes.length !== pieces * 20) throw invalid('its hashes do not fit the sizes of its files');
  const trackers = trackerUrls(announced(root));
  const webSeeds = webSeedUrls(strings(root.entries.get('url-list')));
  const raw = bytes.subarray(info.start, info.end);
  return {
    infohash: createHash('sha1').update(raw).digest('hex'),
    name,
    files,
    length,
    pieceLength,
    hashes: Uint8Array.from(hashes),
    isPrivate: Number(info.entries.get('private') ?? 0) !== 0,
    trackers,
    webSeeds,
    bytes: encode(raw, trackers, webSeeds),
  };
}

/**
 * The `.torrent` of an info dictionary that peers sent, and of what is known beside it.
 * @throws KinoportError as `parseTorrent`
 */
export function torrentOfInfo(
  info: Uint8Array,
  { trackers, webSeeds }: Pick<Torrent, 'trackers' | 'webSeeds'>,
): Torrent {
  return parseTorrent(encode(info, trackers, webSeeds));
}

function decode(bytes: Uint8Array): Bencoded {
  try {
    return decodeBencode(bytes);
  } catch (error) {
    if (error instanceof BencodeError) throw invalid(error.message);
    throw error;
  }
}

function pieceLengthOf(info: Dictionary): number {
  const length = info.entries.get('piece length');
  // 16 KiB is a block: no maker of torrents has smaller pieces.
  if (typeof length !== 'number' || length <= 0 || length > MAX_PIECE || length % BLOCK_LENGTH !== 0)
    throw invalid('the size of its pieces is none');
  return length;
}

function hashesOf(info: Dictionary): Uint8Array {
  const hashes = info.entries.get('pieces');
  if (hashes === undefined && (info.entries.has('file tree') || info.entries.get('meta version') === 2))
    throw unsupportedV2();
  if (!isBytes(hashes)) throw invalid('it has no hashes of its pieces');
  return hashes;
}

type Text = (bytes: Uint8Array) => string;

/** UTF-8, or what an old torrent says it is in. */
function textDecoder(root: Dictionary): Text {
  const strict = new TextDecoder('utf-8', { fatal: true });
  let other = new TextDecoder('utf-8');
  const encoding = root.entries.get('encoding');
  if (isBytes(encoding) && encoding.length <= 40) {
    try {
      other = new TextDecoder(Buffer.from(encoding).toString('latin1'));
    } catch {
      // A name of an encoding that nobody knows.
    }
  }
  return (bytes) => {
    try {
      return strict.decode(bytes);
    } catch {
      return other.decode(bytes);
    }
  };
}

function nameOf(info: Dictionary, text: Text): string {
  const utf8 = info.entries.get('name.utf-8');
  const name = isBytes(utf8) && utf8.length > 0 ? utf8 : info.entries.get('name');
  if (!isBytes(name)) throw invalid('it has no name');
  return checkSegment(text(name));
}

function filesOf(info: Dictionary, name: string, text: Text): readonly TorrentFile[] {
  const list = info.entries.get('files');
  if (list === undefined) return [{ index: 0, path: name, length: lengthOf(info), offset: 0 }];
  if (!isList(list) || list.length === 0) throw invalid('its list of files is none');
  if (list.length > MAX_FILES) throw invalid('it has too many files');
  let offset = 0;
  return list.map((entry, index): TorrentFile => {
    if (!isDictionary(entry)) throw invalid('its list of files is none');
    const length = lengthOf(entry);
    const file = { index, path: pathOf(entry, name, text), length, offset };
    offset += length;
    if (!Number.isSafeInteger(offset)) throw invalid('the size of a file is none');
    const attributes = entry.entries.get('attr');
    const isPadding = isBytes(attributes) && attributes.includes(0x70);
    return isPadding ? { ...file, isPadding } : file;
  });
}

function lengthOf(file: Dictionary): number {
  const length = file.entries.get('length');
  if (typeof length !== 'number' || !Number.isSafeInteger(length) || length < 0)
    throw invalid('the size of a file is none');
  return length;
}

function pathOf(file: Dictionary, name: string, text: Text): string {
  const utf8 = file.entries.get('path.utf-8');
  const segments = isList(utf8) && utf8.length > 0 ? utf8 : file.entries.get('path');
  if (!isList(segments) || segments.length === 0) throw invalid('a file has no name');
  if (segments.length > MAX_DEPTH) throw invalid('a file lies in too many folders');
  const parts = segments.map((segment) => {
    if (!isBytes(segment)) throw invalid('a file has no name');
    return checkSegment(text(segment));
  });
  const path = [name, ...parts].join('/');
  if (path.length > MAX_PATH) throw invalid('the name of a file is too long');
  return path;
}

function checkSegment(segment: string): string {
  if (segment === '') throw invalid('a file has no name');
  if (segment.length > MAX_SEGMENT) throw invalid('the name of a file is too long');
  const leads = segment.includes('/') || segment.includes('\0') || /^(\\|[a-z]:\\)/i.test(segment);
  if (leads || segment === '.' || segment.split('\\').includes('..'))
    throw invalid('the name of a file leads out of its folder');
  return segment;
}

function* announced(root: Dictionary): Generator<string> {
  const tiers = root.entries.get('announce-list');
  if (isList(tiers)) for (const tier of tiers.slice(0, MAX_URLS)) yield* strings(tier);
  yield* strings(root.entries.get('announce'));
}

/** A string, or a list of strings. */
function* strings(value: Bencoded | undefined): Generator<string> {
  const list = isList(value) ? value.slice(0, MAX_URLS) : [value];
  for (const item of list) if (isBytes(item)) yield Buffer.from(item).toString('utf8');
}

function encode(info: Uint8Array, trackers: readonly string[], webSeeds: readonly string[]): Uint8Array {
  const parts: Uint8Array[] = [Buffer.from('d')];
  const [first] = trackers;
  if (first !== undefined) {
    parts.push(encodeText('announce'), encodeText(first), encodeText('announce-list'), Buffer.from('l'));
    for (const tracker of trackers) parts.push(Buffer.from('l'), encodeText(tracker), Buffer.from('e'));
    parts.push(Buffer.from('e'));
  }
  parts.push(encodeText('info'), info);
  if (webSeeds.length > 0)
    parts.push(encodeText('url-list'), Buffer.from('l'), ...webSeeds.map(encodeText), Buffer.from('e'));
  parts.push(Buffer.from('e'));
  return Uint8Array.from(Buffer.concat(parts));
}
