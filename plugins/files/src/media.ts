import mime from 'mime/lite';

/** Extensions that are played; `mime` does not know all of them, and knows some as something else. */
const VIDEO: Readonly<Record<string, string>> = {
  '3g2': 'video/3gpp2',
  '3gp': 'video/3gpp',
  asf: 'video/x-ms-asf',
  avi: 'video/x-msvideo',
  divx: 'video/x-msvideo',
  dv: 'video/x-dv',
  f4v: 'video/x-f4v',
  flv: 'video/x-flv',
  m2ts: 'video/mp2t',
  m2v: 'video/mpeg',
  m4v: 'video/x-m4v',
  mk3d: 'video/x-matroska',
  mkv: 'video/x-matroska',
  mov: 'video/quicktime',
  mp4: 'video/mp4',
  mpeg: 'video/mpeg',
  mpg: 'video/mpeg',
  mts: 'video/mp2t',
  mxf: 'application/mxf',
  ogm: 'video/ogg',
  ogv: 'video/ogg',
  rm: 'application/vnd.rn-realmedia',
  rmvb: 'application/vnd.rn-realmedia-vbr',
  ts: 'video/mp2t',
  vob: 'video/mpeg',
  webm: 'video/webm',
  wmv: 'video/x-ms-wmv',
  wtv: 'video/x-ms-wtv',
};

const AUDIO: Readonly<Record<string, string>> = {
  aac: 'audio/aac',
  ac3: 'audio/ac3',
  aif: 'audio/x-aiff',
  aiff: 'audio/x-aiff',
  ape: 'audio/x-ape',
  dts: 'audio/vnd.dts',
  eac3: 'audio/eac3',
  flac: 'audio/flac',
  m4a: 'audio/mp4',
  m4b: 'audio/mp4',
  mka: 'audio/x-matroska',
  mp2: 'audio/mpeg',
  mp3: 'audio/mpeg',
  mpc: 'audio/x-musepack',
  oga: 'audio/ogg',
  ogg: 'audio/ogg',
  opus: 'audio/ogg',
  tta: 'audio/x-tta',
  wav: 'audio/wav',
  weba: 'audio/webm',
  wma: 'audio/x-ms-wma',
  wv: 'audio/x-wavpack',
};

const PLAYLIST_TYPES = new Set([
  'application/vnd.apple.mpegurl',
  'application/x-mpegurl',
  'application/mpegurl',
  'audio/mpegurl',
  'audio/x-mpegurl',
]);

/** Extension without the dot, lower case; empty when there is none. */
export function extensionOf(name: string): string {
  const base = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
  const dot = base.lastIndexOf('.');
  return dot <= 0 ? '' : base.slice(dot + 1).toLowerCase();
}

/** The name without a media file's extension; any other ending belongs to the name. */
export function stripExtension(name: string): string {
  const extension = extensionOf(name);
  return mediaKind(name) !== undefined || isPlaylistName(name)
    ? name.slice(0, name.length - extension.length - 1)
    : name;
}

/** What a file's name promises. */
export function mediaKind(name: string): 'video' | 'audio' | undefined {
  const extension = extensionOf(name);
  if (Object.hasOwn(VIDEO, extension)) return 'video';
  return Object.hasOwn(AUDIO, extension) ? 'audio' : undefined;
}

export function isPlaylistName(name: string): boolean {
  const extension = extensionOf(name);
  return extension === 'm3u' || extension === 'm3u8';
}

export function isPlaylistType(type: string | undefined): boolean {
  return type !== undefined && PLAYLIST_TYPES.has(type);
}

/** Media type by the name's extension. */
export function typeOfName(name: string): string | undefined {
  const extension = extensionOf(name);
  if (Object.hasOwn(VIDEO, extension)) return VIDEO[extension];
  if (Object.hasOwn(AUDIO, extension)) return AUDIO[extension];
  return mime.getType(name) ?? undefined;
}

/** Media types that are certainly no film and no sound. */
export function isForeignType(type: string | undefined): boolean {
  if (type === undefined) return false;
  if (/^(text|image|font|message)\//.test(type)) return true;
  return /^application\/(json|xml|pdf|zip|gzip|x-tar|x-7z-compressed|x-rar-compressed|vnd\.rar|javascript|xhtml\+xml|rss\+xml|x-bittorrent|msword|x-iso9660-image|x-msdownload|x-sh)$/.test(
    type,
  );
}

/** ZIP, PDF, PNG, JPEG, GIF, RAR, 7z, gzip, ELF, Windows programs. */
const FOREIGN_MAGIC = [
  '504b0304',
  '25504446',
  '89504e47',
  'ffd8ff',
  '47494638',
  '52617221',
  '377abcaf',
  '1f8b',
  '7f454c46',
  '4d5a',
];

/** What the first bytes say. `undefined`: nothing that is known here. */
export function sniff(head: Uint8Array): 'media' | 'html' | 'text' | 'foreign' | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  if (bytes.length === 0) return undefined;
  const ascii = (from: number, to: number): string => bytes.toString('latin1', from, to);
  const b0 = bytes[0] ?? 0;
  const b1 = bytes[1] ?? 0;
  if (bytes.length >= 4 && bytes.readUInt32BE(0) === 0x1a45dfa3) return 'media'; // Matroska, WebM
  if (['ftyp', 'moov', 'mdat', 'wide', 'free'].includes(ascii(4, 8))) return 'media';
  if (ascii(0, 4) === 'RIFF' && ['AVI ', 'WAVE'].includes(ascii(8, 12))) return 'media';
  if (['OggS', 'fLaC', '.RMF', 'FORM', 'MAC ', 'wvpk'].includes(ascii(0, 4))) return 'media';
  if (ascii(0, 3) === 'FLV' || ascii(0, 3) === 'ID3') return 'media';
  if (bytes.length >= 4 && [0x1ba, 0x1b3, 0x3026b275].includes(bytes.readUInt32BE(0))) return 'media';
  if (bytes.length > 376 && b0 === 0x47 && bytes[188] === 0x47 && bytes[376] === 0x47) return 'media';
  if (b0 === 0xff && (b1 & 0xe0) === 0xe0 && b1 !== 0xff && b1 !== 0xfe) return 'media'; // MPEG audio, ADTS
  const magic = bytes.toString('hex', 0, 8);
  if (FOREIGN_MAGIC.some((prefix) => magic.startsWith(prefix))) return 'foreign';
  const start = bytes
    .toString('utf8', 0, 1024)
    .replace(/^\uFEFF/, '')
    .trimStart()
    .toLowerCase();
  if (/^(<!--[\s\S]*?-->\s*)*(<!doctype html|<html|<head|<body|<title)/.test(start)) return 'html';
  return isText(bytes.subarray(0, 4096)) ? 'text' : undefined;
}

function isText(bytes: Buffer): boolean {
  for (const byte of bytes) {
    if (byte < 9 || (byte > 13 && byte < 32 && byte !== 27)) return false;
  }
  return true;
}
