/** Bytes of a playlist; a real one of 10 000 entries has about 2 MiB. */
export const MAX_PLAYLIST_BYTES = 5 * 1024 * 1024;
export const MAX_PLAYLIST_ENTRIES = 10_000;
const MAX_LINE = 8_192;

export interface PlaylistEntry {
  /** As written: a path or an address, absolute or relative to the playlist. */
  readonly target: string;
  readonly title?: string;
  /** Seconds. */
  readonly duration?: number;
  /** `#EXTINF:-1`: the list says that it does not end. */
  readonly endless?: boolean;
  readonly art?: string;
}

export interface Playlist {
  /** `hls`: no list of things to play but the manifest of one stream. */
  readonly kind: 'list' | 'hls';
  readonly title?: string;
  readonly entries: readonly PlaylistEntry[];
  /** There were more entries than are taken. */
  readonly cut: boolean;
}

/** UTF-8 (with or without mark), UTF-16 with mark, else Windows-1252, which is what old .m3u files are in. */
export function decodePlaylist(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/** Reads .m3u with or without its extensions. Never throws: what is not understood is skipped. */
export function parsePlaylist(text: string): Playlist {
  const entries: PlaylistEntry[] = [];
  let title: string | undefined;
  let info: Omit<PlaylistEntry, 'target'> = {};
  let cut = false;
  for (const raw of text.split(/\r\n|\n|\r/)) {
    const line = raw.trim();
    if (line === '' || line.length > MAX_LINE) continue;
    if (
      /^#EXT-X-(TARGETDURATION|STREAM-INF|MEDIA-SEQUENCE|MEDIA|ENDLIST|PLAYLIST-TYPE|PART-INF)\b/.test(line)
    )
      return { kind: 'hls', entries: [], cut: false };
    if (line.startsWith('#EXTINF:')) {
      info = extInf(line.slice(8));
    } else if (line.startsWith('#PLAYLIST:')) {
      title = shortened(line.slice(10));
    } else if (!line.startsWith('#') && !line.includes('\0')) {
      if (entries.length >= MAX_PLAYLIST_ENTRIES) {
        cut = true;
        break;
      }
      entries.push({ target: line, ...info });
      info = {};
    }
  }
  return { kind: 'list', ...(title ? { title } : {}), entries, cut };
}

/** `123.4 tvg-logo="https://..." group-title="a, b",The title` */
function extInf(text: string): Omit<PlaylistEntry, 'target'> {
  const match = /^\s*(-?\d+(?:\.\d+)?)?((?:\s+[\w-]+="[^"]*"|\s+[\w-]+=[^\s,"]*)*)\s*(?:,(.*))?$/.exec(text);
  if (!match) return {};
  const seconds = Number(match[1] ?? Number.NaN);
  const title = shortened(match[3] ?? '');
  const logo = /\btvg-logo="(https:\/\/[^"]{1,2000})"/.exec(match[2] ?? '')?.[1];
  return {
    ...(title ? { title } : {}),
    ...(seconds > 0 && seconds < 1e7 ? { duration: seconds } : {}),
    ...(seconds < 0 ? { endless: true } : {}),
    ...(logo ? { art: logo } : {}),
  };
}

function shortened(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 300);
}
