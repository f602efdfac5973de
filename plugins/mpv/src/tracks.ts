import type { JsonObject, JsonValue, Track } from '@kinoport/core';

const TYPES: Readonly<Record<string, Track['type']>> = { video: 'video', audio: 'audio', sub: 'subtitle' };

/** mpv's `track-list` in the terms of the contract. */
export function parseTracks(value: JsonValue | undefined): readonly Track[] {
  return entries(value).flatMap((entry) => {
    const type = TYPES[String(entry.type)];
    if (type === undefined || typeof entry.id !== 'number') return [];
    const { lang, title, codec } = entry;
    return [
      {
        id: entry.id,
        type,
        ...(typeof lang === 'string' ? { language: lang } : {}),
        ...(typeof title === 'string' ? { title } : {}),
        ...(typeof codec === 'string' ? { codec } : {}),
        selected: entry.selected === true,
        ...(entry.external === true ? { external: true } : {}),
      },
    ];
  });
}

/** Files and addresses of the tracks that do not come out of the item itself. */
export function externalFiles(value: JsonValue | undefined): ReadonlySet<string> {
  return new Set(
    entries(value).flatMap((entry) =>
      typeof entry['external-filename'] === 'string' ? [entry['external-filename']] : [],
    ),
  );
}

function entries(value: JsonValue | undefined): readonly JsonObject[] {
  if (!Array.isArray(value)) return [];
  return (value as readonly JsonValue[]).filter(
    (entry): entry is JsonObject => typeof entry === 'object' && entry !== null && !Array.isArray(entry),
  );
}

/**
 * Which of the subtitles beside the media is to be shown once all are added; `undefined`: leave it as it is.
 * Without a wish the first one that is not forced, as mpv does with the files that it finds itself.
 */
export function chooseSubtitle(
  tracks: readonly Track[],
  added: readonly { readonly language?: string; readonly forced?: boolean }[],
  wanted: readonly string[] | undefined,
): number | undefined {
  if (wanted?.[0] === 'no') return undefined;
  const rank = (language: string | undefined): number => {
    if (wanted === undefined || wanted.length === 0) return 0;
    const found = language === undefined ? -1 : wanted.findIndex((want) => sameLanguage(want, language));
    return found < 0 ? Number.POSITIVE_INFINITY : found;
  };
  const selected = tracks.find((track) => track.type === 'subtitle' && track.selected);
  const floor = selected === undefined ? Number.POSITIVE_INFINITY : rank(selected.language);
  let best: { readonly index: number; readonly rank: number } | undefined;
  for (const [index, subtitle] of added.entries()) {
    if (subtitle.forced) continue;
    const own = rank(subtitle.language);
    if (own < floor && (best === undefined || own < best.rank)) best = { index, rank: own };
  }
  return best?.index;
}

/** ISO 639-1 and 639-2 codes of the same language mostly begin alike; enough for a choice of subtitles. */
function sameLanguage(want: string, have: string): boolean {
  const [a, b] = [want, have].map((code) => code.toLowerCase().split(/[-_]/)[0] ?? '');
  if (a === undefined || b === undefined) return false;
  return a === b || (a.length !== b.length && (ALIASES[a] === b || ALIASES[b] === a));
}

const ALIASES: Readonly<Record<string, string>> = {
  en: 'eng',
  de: 'ger',
  deu: 'de',
  fr: 'fre',
  fra: 'fr',
  es: 'spa',
  it: 'ita',
  nl: 'dut',
  nld: 'nl',
  pt: 'por',
  pl: 'pol',
  ru: 'rus',
  uk: 'ukr',
  cs: 'cze',
  ces: 'cs',
  ja: 'jpn',
  zh: 'chi',
  zho: 'zh',
  ko: 'kor',
  sv: 'swe',
  da: 'dan',
  no: 'nor',
  fi: 'fin',
  tr: 'tur',
  ar: 'ara',
  he: 'heb',
  el: 'gre',
  ell: 'el',
  hu: 'hun',
  ro: 'rum',
  ron: 'ro',
};
