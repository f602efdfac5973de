import { KinoportError } from '@kinoport/core';

export const MAX_TRACKERS = 100;
export const MAX_PEERS = 100;
const MAX_URL = 2_000;

export function invalid(what: string, cause?: unknown): KinoportError {
  return new KinoportError('TORRENT_INVALID', `This is no torrent that can be played: ${what}.`, {
    hint: 'Get the torrent or the link again from where it came.',
    cause,
  });
}

export function unsupportedV2(): KinoportError {
  return new KinoportError(
    'TORRENT_UNSUPPORTED',
    'This is a torrent of BitTorrent version 2 alone, which cannot be played yet.',
    { hint: 'Look for the same as a version 1 or hybrid torrent.' },
  );
}

/** Addresses of trackers that a client can speak to, each once; others are left out. */
export function trackerUrls(texts: Iterable<string>): readonly string[] {
  return urls(texts, ['http:', 'https:', 'udp:', 'ws:', 'wss:']);
}

export function webSeedUrls(texts: Iterable<string>): readonly string[] {
  return urls(texts, ['http:', 'https:']);
}

function urls(texts: Iterable<string>, protocols: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (const text of texts) {
    const url = text.trim();
    if (url.length > MAX_URL || !URL.canParse(url)) continue;
    const { protocol, hostname } = new URL(url);
    if (hostname !== '' && protocols.includes(protocol)) found.add(url);
    if (found.size >= MAX_TRACKERS) break;
  }
  return [...found];
}

/** `host:port` of peers (`x.pe`), each once; others are left out. */
export function peerAddresses(texts: Iterable<string>): readonly string[] {
  const found = new Set<string>();
  for (const text of texts) {
    const match = /^(?:\[[0-9a-f:.]{2,45}\]|[^\s:/[\]]{1,253}):(\d{1,5})$/i.exec(text);
    const port = Number(match?.[1]);
    if (match && port > 0 && port < 65_536) found.add(text);
    if (found.size >= MAX_PEERS) break;
  }
  return [...found];
}

/** The one file that `so=` of BEP 53 selects; `undefined` when it selects none or several. */
export function selectedFile(selectOnly: string | null): number | undefined {
  if (selectOnly === null) return undefined;
  const match = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(selectOnly);
  if (!match || (match[2] !== undefined && match[2] !== match[1])) return undefined;
  return Number(match[1]);
}

/** One line that can be shown. */
export function plainText(text: string, limit: number): string {
  return text
    .replace(/[\p{Cc}\p{Cf}]/gu, '')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, limit);
}
