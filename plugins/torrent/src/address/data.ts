import { MAX_TORRENT } from './parseTorrent.ts';
import { invalid } from './text.ts';

/**
 * The bytes of a `data:application/x-bittorrent` URL (RFC 2397), base64 or percent-encoded.
 * @throws KinoportError `TORRENT_INVALID`
 */
export function dataOf(uri: string): Uint8Array {
  const comma = uri.indexOf(',');
  if (comma < 0 || comma > 200) throw invalid('its data URL has no data');
  const head = uri.slice('data:'.length, comma).toLowerCase();
  const [type, ...parameters] = head.split(';').map((part) => part.trim());
  if (type !== 'application/x-bittorrent') throw invalid('its data URL is of another type');
  if (uri.length - comma > MAX_TORRENT * 3 + 1) throw invalid('it is larger than 16 MiB');
  const bytes = percentDecoded(uri.slice(comma + 1));
  if (!parameters.includes('base64')) return limited(bytes);
  const text = Buffer.from(bytes).toString('latin1').replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) throw invalid('its data URL is not in base64');
  return limited(Buffer.from(text, 'base64'));
}

function limited(bytes: Uint8Array): Uint8Array {
  if (bytes.length > MAX_TORRENT) throw invalid('it is larger than 16 MiB');
  return bytes;
}

/** Bytes, not text: a torrent is no UTF-8, so `decodeURIComponent` cannot read it. */
function percentDecoded(text: string): Uint8Array {
  const bytes = Buffer.alloc(Buffer.byteLength(text));
  const raw = Buffer.from(text);
  let length = 0;
  for (let at = 0; at < raw.length; at++) {
    const high = raw[at] === 0x25 ? digit(raw[at + 1]) : -1;
    const low = high < 0 ? -1 : digit(raw[at + 2]);
    if (low >= 0) {
      bytes[length++] = high * 16 + low;
      at += 2;
    } else {
      bytes[length++] = raw[at] ?? 0;
    }
  }
  return bytes.subarray(0, length);
}

function digit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  const value = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(value) ? -1 : value;
}
