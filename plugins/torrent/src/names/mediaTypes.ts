/** Extensions that are played, and what they are. */
const TYPES: Readonly<Record<string, string>> = {
  '3g2': 'video/3gpp2',
  '3gp': 'video/3gpp',
  asf: 'video/x-ms-asf',
  avi: 'video/x-msvideo',
  divx: 'video/x-msvideo',
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
  ogm: 'video/ogg',
  ogv: 'video/ogg',
  rm: 'video/vnd.rn-realvideo',
  rmvb: 'video/vnd.rn-realvideo',
  ts: 'video/mp2t',
  vob: 'video/mpeg',
  webm: 'video/webm',
  wmv: 'video/x-ms-wmv',
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

const SUBTITLES: Readonly<Record<string, string>> = {
  ass: 'text/x-ssa',
  smi: 'application/smil',
  srt: 'application/x-subrip',
  ssa: 'text/x-ssa',
  sub: 'text/x-microdvd',
  sup: 'application/octet-stream',
  vtt: 'text/vtt',
};

/** Extension without the dot, lower case; empty when there is none. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot <= name.lastIndexOf('/') + 1 ? '' : name.slice(dot + 1).toLowerCase();
}

/** Media type of a film or sound by the file's name; `undefined` for anything else. */
export function mediaType(name: string): string | undefined {
  const extension = extensionOf(name);
  return Object.hasOwn(TYPES, extension) ? TYPES[extension] : undefined;
}

export function subtitleType(name: string): string | undefined {
  const extension = extensionOf(name);
  return Object.hasOwn(SUBTITLES, extension) ? SUBTITLES[extension] : undefined;
}

export function stemOf(name: string): string {
  const extension = extensionOf(name);
  return extension === '' ? name : name.slice(0, -extension.length - 1);
}
