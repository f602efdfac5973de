import { KinoportError } from '@kinoport/core';

const MAX_ADDRESS = 8_192;

export function isHttpAddress(uri: string): boolean {
  return /^https?:/i.test(uri);
}

/** @throws KinoportError `INVALID_ARGUMENT` */
export function parseAddress(uri: string): URL {
  const url = uri.length <= MAX_ADDRESS && URL.canParse(uri) ? new URL(uri) : undefined;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '') {
    throw new KinoportError('INVALID_ARGUMENT', 'The web address is not valid.', {
      hint: 'Give a complete address such as https://example.org/film.mkv.',
    });
  }
  return url;
}

/** A name out of the address's path, decoded; the host when there is none. Never the query: it may be a secret. */
export function nameOfAddress(url: URL): string {
  const segment = url.pathname.split('/').findLast((part) => part !== '') ?? '';
  let name = segment;
  try {
    name = decodeURIComponent(segment);
  } catch {
    // Not valid percent-encoding: shown as it is.
  }
  return cleanName(name) || url.hostname;
}

/** One line without control characters and without a path. */
export function cleanName(name: string): string {
  const plain = name.replace(/[\p{Cc}\p{Cf}]/gu, '');
  return plain
    .slice(Math.max(plain.lastIndexOf('/'), plain.lastIndexOf('\\')) + 1)
    .trim()
    .slice(0, 255);
}

/** The file name of a Content-Disposition header (RFC 6266), the extended form first. */
export function dispositionName(header: string | undefined): string | undefined {
  if (header === undefined || header.length > 4_096) return undefined;
  const extended = /;\s*filename\*\s*=\s*(utf-8|iso-8859-1)'[^']*'([^;\s]+)/i.exec(header);
  if (extended) {
    try {
      const text = extended[2] ?? '';
      const name =
        extended[1]?.toLowerCase() === 'utf-8'
          ? decodeURIComponent(text)
          : text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
              String.fromCharCode(Number.parseInt(hex, 16)),
            );
      if (cleanName(name) !== '') return cleanName(name);
    } catch {
      // A broken extended form: the plain one may do.
    }
  }
  const plain = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(header);
  const quoted = plain?.[1]?.replace(/\\(.)/g, '$1');
  const bytes = quoted ?? plain?.[2];
  if (bytes === undefined) return undefined;
  return cleanName(asUtf8(bytes)) || undefined;
}

/** Header bytes arrive as Latin-1; most servers that put other letters there mean UTF-8. */
function asUtf8(latin: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(latin, 'latin1'));
  } catch {
    return latin;
  }
}
