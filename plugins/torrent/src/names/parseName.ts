import { filenameParse } from '@ctrl/video-filename-parser';
import type { SeriesInfo } from '@kinoport/core';
import { stemOf } from './mediaTypes.ts';

/** What a name says about its content. */
export interface ParsedName {
  readonly title: string;
  readonly year?: number;
  readonly series?: SeriesInfo;
}

const EPISODE =
  /(?:^|[\s._([-])s(\d{1,2})[\s._-]{0,3}e(\d{1,4})(?:v\d)?(?:[\s._-]{0,3}e\d{1,4})*(?=[\s._\])-]|$)/i;
const CROSS = /(?:^|[\s._([-])(\d{1,2})x(\d{2,3})(?:-?x?\d{2,3})*(?=$|[\s._\])-])/i;
const ANIME = /^\[[^\]]{1,60}\][\s._]*(.{1,150}?)[\s_]+-[\s_]+(\d{1,4})(?:v\d)?(?=$|[\s_]*[[(.]|[\s_]+-)/i;
const NUMBERED = /^(?:e|ep|episode)?[\s._-]?(\d{1,3})(?:\s*[-–—]\s+|\.\s+|\)\s*|[\s._-]*$)(.*)$/i;
const SEASON = /^(?:season|series|staffel|saison|temporada|stagione|s)[\s._-]*(\d{1,3})$|^(specials?)$/i;
const RELEASE =
  /[\s._[(-]+(?:(?:19|20)\d{2}|\d{3,4}[pi]|4k|uhd|web(?:[-. ]?(?:dl|rip))?|blu-?ray|b[dr]rip|hdtv|dvd(?:rip)?|remux|proper|repack|[xh][. ]?26[45]|hevc|av1|xvid)(?=$|[\s._\])-]).*$/i;

/**
 * Title, year and place in a series, out of a file's path: what its own name leaves out (the series of
 * `Show/Season 2/03 - Name.mkv`) stands in those of its folders.
 */
export function parseName(path: string): ParsedName {
  const [name = '', ...folders] = path.split('/').reverse();
  const base = stemOf(name).normalize('NFC').slice(0, 300).trim();
  const marked = EPISODE.exec(base) ?? CROSS.exec(base);
  if (marked) {
    const before = base.slice(0, marked.index);
    const after = base.slice(marked.index + marked[0].length);
    return episode(before, Number(marked[1]), Number(marked[2]), after, folders) ?? movie(base);
  }
  const anime = ANIME.exec(base);
  if (anime) return episode(anime[1] ?? '', undefined, Number(anime[2]), '', folders) ?? movie(base);
  const numbered = folders.length > 0 ? NUMBERED.exec(base) : null;
  if (numbered) {
    const found = episode('', undefined, Number(numbered[1]), numbered[2] ?? '', folders);
    if (found) return found;
  }
  return movie(base);
}

function episode(
  before: string,
  season: number | undefined,
  number: number,
  after: string,
  folders: readonly string[],
): ParsedName | undefined {
  const series = seriesTitle(before, folders);
  if (series === undefined) return undefined;
  const inSeason = season ?? seasonOf(folders[0]);
  const place = inSeason === undefined ? pad(number) : `S${pad(inSeason)}E${pad(number)}`;
  const name = spaced(after.replace(RELEASE, '').replace(/[[(][^\])]*[\])]?\s*$/, '')).replace(
    /^[-–—:\s]+|[-–—\s]+$/g,
    '',
  );
  return {
    title: [series, place, name].filter((part) => part !== '').join(' - '),
    series: { title: series, ...(inSeason === undefined ? {} : { season: inSeason }), episode: number },
  };
}

const titles = new Map<string, string>();

/** A season repeats one series, and the library takes 0.3 ms a name. */
function seriesTitle(raw: string, folders: readonly string[]): string | undefined {
  const own = raw.replace(/^\[[^\]]*\][\s._]*/, '').replace(/[\s._([-]+$/, '');
  if (own === '') {
    const folder = folders.find((name) => seasonOf(name) === undefined);
    if (folder === undefined) return undefined;
    const marked = /(?:^|[\s._-])(?:s\d{1,2}|season[\s._]\d{1,2})(?=$|[\s._-])/i.exec(folder);
    return movie(marked && marked.index > 0 ? folder.slice(0, marked.index) : folder).title || undefined;
  }
  const known = titles.get(own);
  if (known !== undefined) return known;
  const title = library(`${own}.S01E01`, true)?.title.replace(/\s+/g, ' ') || spaced(own);
  if (titles.size >= 1000) titles.clear();
  titles.set(own, title);
  return title;
}

function movie(base: string): ParsedName {
  if (!RELEASE.test(base)) return { title: spaced(base) };
  const parsed = library(base, false);
  const year = Number(parsed?.year ?? Number.NaN);
  return {
    title: parsed?.title.trim() || spaced(base),
    ...(year >= 1900 && year < 2100 ? { year } : {}),
  };
}

function library(name: string, isTv: boolean): { title: string; year: string | null } | undefined {
  try {
    return filenameParse(name, isTv);
  } catch {
    return undefined;
  }
}

function seasonOf(folder: string | undefined): number | undefined {
  const match = SEASON.exec(folder?.trim() ?? '');
  return match ? Number(match[1] ?? 0) : undefined;
}

/** Underscores and, where there are no spaces, dots are spaces. */
function spaced(name: string): string {
  const dots = /\s/.test(name) ? name : name.replace(/\.+/g, ' ');
  return dots.replaceAll('_', ' ').replace(/\s+/g, ' ').trim();
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
