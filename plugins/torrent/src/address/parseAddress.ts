import { fileURLToPath } from 'node:url';
import { abortedError, KinoportError } from '@kinoport/core';
import type { TorrentAddress } from '../torrent.ts';
import { dataOf } from './data.ts';
import { type DownloadOptions, download } from './download.ts';
import { infohashOf, parseMagnet } from './magnet.ts';
import { parseTorrent } from './parseTorrent.ts';
import { readTorrentFile } from './readFile.ts';
import { invalid, selectedFile } from './text.ts';

export interface AddressOptions extends DownloadOptions {
  /** Bytes of a file; the file system's as a rule. */
  readonly readFile?: (path: string) => Promise<Uint8Array>;
}

/**
 * What an address leads to: a path or `file:` URL of a `.torrent`, a magnet link, `infohash:HEX` or the infohash alone,
 * `infohash:HEX/3` for one file of it, an http(s) address of a `.torrent` (or one that redirects to a magnet link), or
 * the bytes in a `data:application/x-bittorrent` URL. A fragment `#so=3` of a URL selects a file.
 * @throws KinoportError `TORRENT_INVALID`, `TORRENT_UNSUPPORTED`, `SOURCE_NOT_FOUND`, `SOURCE_FORBIDDEN`,
 *   `SOURCE_UNREACHABLE`, `SOURCE_FAILED`, `ABORTED`
 */
export async function parseAddress(uri: string, options: AddressOptions = {}): Promise<TorrentAddress> {
  if (options.signal?.aborted) throw abortedError();
  if (/^(stream-)?magnet:/i.test(uri)) return parseMagnet(uri);
  const bare = infohashAddress(uri);
  if (bare) return bare;
  if (/^data:/i.test(uri)) return whole(dataOf(uri));
  if (/^https?:/i.test(uri)) {
    const found = await download(new URL(checkedUrl(uri)), options);
    return found.type === 'magnet' ? parseMagnet(found.uri) : whole(found.bytes, fragmentOf(uri));
  }
  const isUrl = /^file:/i.test(uri);
  if (!isUrl && /^[a-z][a-z0-9+.-]+:/i.test(uri)) throw invalid('addresses of this kind lead to none');
  const path = isUrl ? pathOfUrl(uri) : uri;
  const read = options.readFile ?? readTorrentFile;
  return whole(await read(path), isUrl ? fragmentOf(uri) : undefined);
}

function whole(bytes: Uint8Array, fileIndex?: number): TorrentAddress {
  const torrent = parseTorrent(bytes);
  if (fileIndex !== undefined && fileIndex >= torrent.files.length)
    throw new KinoportError('TORRENT_FILE_NOT_FOUND', `The torrent has no file ${fileIndex}.`);
  return { type: 'torrent', torrent, ...(fileIndex === undefined ? {} : { fileIndex }) };
}

function infohashAddress(uri: string): TorrentAddress | undefined {
  const match = /^(infohash:)?(?:\/\/)?([^/]*)(?:\/(\d{1,6}))?$/i.exec(uri);
  const infohash = infohashOf(match?.[2] ?? '');
  if (infohash === undefined) {
    if (!/^infohash:/i.test(uri)) return undefined;
    throw new KinoportError('TORRENT_INVALID', 'An infohash has 40 hexadecimal digits; this one has not.');
  }
  const index = match?.[3];
  return {
    type: 'magnet',
    infohash,
    trackers: [],
    webSeeds: [],
    peers: [],
    ...(index === undefined ? {} : { fileIndex: Number(index) }),
  };
}

function fragmentOf(uri: string): number | undefined {
  const hash = uri.indexOf('#');
  return hash < 0 ? undefined : selectedFile(new URLSearchParams(uri.slice(hash + 1)).get('so'));
}

function checkedUrl(uri: string): string {
  if (uri.length > 8_192 || !URL.canParse(uri))
    throw new KinoportError('INVALID_ARGUMENT', 'The web address is not valid.', {
      hint: 'Give a complete address such as https://example.org/film.torrent.',
    });
  return uri;
}

function pathOfUrl(uri: string): string {
  try {
    return fileURLToPath(new URL(uri));
  } catch (cause) {
    throw new KinoportError('INVALID_ARGUMENT', 'The address of the file is not valid.', { cause });
  }
}
