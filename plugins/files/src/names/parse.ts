import { filenameParse } from '@ctrl/video-filename-parser';
import type { SeriesInfo } from '@kinoport/core';
import { stripExtension } from '../media.ts';

/** What a name says about its content. */
export interface ParsedName {
  /** Complete in itself: series, number and title of an episode. */
  readonly title: string;
  readonly year?: number;
  readonly series?: SeriesInfo;
}

/** The names of the folders above a file, nearest first; they say what the file's own name leaves out. */
export type Folders = readonly string[];

const RELEASE =
  /[\s._[(-]+(?:\d{3,4}[pi]|4k|uhd|hdr(?:10)?|web(?:[-. ]?(?:dl|rip))?|blu-?ray|b[dr]rip|hdtv|pdtv|dvd(?:rip)?|remux|proper|repack|x26[45]|h[. ]?26[45]|hevc|av1|xvid|10bit|amzn|nf|dsnp|multi|aac|ddp?5|dts|flac)(?=$|[\s._\])-]).*$/i;
const EPISODE =
  /(?:^|[\s._([-])s(\d{1,2})[\s._-]{0,3}e(\d{1,4})(?:v\d)?(?:[\s._-]{0,3}e?\d{1,4}(?=[\s._\])-]|e|$))*/i;
const CROSS = /(?:^|[\s._([-])(\d{1,2})x(\d{2,3})(?:-?x?\d{2,3})*(?=$|[\s._\])-])/i;
const ANIME =
  /^\[([^\]]{1,60})\][\s._]*(.+?)(?:[\s_]+-[\s_]+|[\s_]+(?:ep?\.?)?)(\d{2,4})(?:v\d)?(?=$|[\s_]*[[(.]|[\s_]+-)/i;
const WORD =
  /^(?:(.+?)[\s._-]+)?(?:episode|ep|folge|e|(?<=^)(?:chapter|kapitel|part|teil))[\s._-]?(\d{1,4})(?:[\s._-]+(.*))?$/i;
const NUMBERED = /^(\d{1,3})(?:\s*[-–—]\s+|\.\s+|\)\s*|[\s._-]*$|(?<=^0\d{1,2})[\s._-]+)(.*)$/;
const DASHED = /^(.+?)\s+-\s+(\d{1,4})(?:v\d)?(?:\s+-\s+(.*))?$/;
const DAILY = /^(.+?)[\s._-]+((?:19|20)\d{2})[\s._-](\d{2})[\s._-](\d{2})(?:[\s._-]+(.*))?$/;
const SEASON_FOLDER =
  /^(?:season|series|staffel|saison|temporada|stagione|seizoen|s)[\s._-]*(\d{1,4})(?:\b.*)?$|^(specials?)$/i;
const GENERIC = new Set(
  'downloads download videos video movies films film media tmp temp home desktop documents music tv shows series anime complete incoming root mnt data'.split(
    ' ',
  ),
);

/** The season that a folder's name stands for (`Season 2`, `S02`, `Specials` is 0). */
export function seasonOfFolder(name: string): number | undefined {
  const match = SEASON_FOLDER.exec(name.trim());
  if (!match) return undefined;
  return match[1] === undefined ? 0 : Number(match[1]);
}

/** Title, year and place in a series, out of a file's name and those of the folders above it. */
export function parseName(
  fileName: string,
  folders: Folders = [],
  kind: 'video' | 'audio' = 'video',
): ParsedName {
  const name = stripExtension(fileName).normalize('NFC').slice(0, 300).trim();
  const base = /\s/.test(name) ? name : name.replaceAll('_', ' ').trim();
  if (kind === 'audio')
    return { title: spaced(base.replace(/^\d{1,3}(?:\s*[-–.]\s+|\.\s*|\s+-\s+)(?=\S)/, '')) };
  return episodeOf(base, folders) ?? movieOf(base);
}

function episodeOf(base: string, folders: Folders): ParsedName | undefined {
  const marked = EPISODE.exec(base) ?? CROSS.exec(base);
  if (marked) {
    const before = base.slice(0, marked.index);
    const after = base.slice(marked.index + marked[0].length);
    return episode(before, Number(marked[1]), Number(marked[2]), after, folders);
  }
  const daily = DAILY.exec(base);
  if (daily && Number(daily[3]) <= 12 && Number(daily[4]) <= 31) {
    const series = seriesTitle(daily[1] ?? '', folders);
    const date = `${daily[2]}-${daily[3]}-${daily[4]}`;
    const rest = episodeTitle(daily[5] ?? '');
    if (series !== undefined) return { title: joined(series, date, rest), series: { title: series } };
  }
  const anime = ANIME.exec(base);
  if (anime && !isYear(Number(anime[3])))
    return episode(anime[2] ?? '', undefined, Number(anime[3]), '', folders);
  const word = WORD.exec(base);
  if (word) return episode(word[1] ?? '', undefined, Number(word[2]), word[3] ?? '', folders);
  const dashed = DASHED.exec(base.replace(RELEASE, ''));
  if (dashed && !isYear(Number(dashed[2])))
    return episode(dashed[1] ?? '', undefined, Number(dashed[2]), dashed[3] ?? '', folders);
  const numbered = NUMBERED.exec(base);
  if (numbered && !/\b(?:19|20)\d{2}\b/.test(base.replace(/^\d+/, '')))
    return episode('', undefined, Number(numbered[1]), numbered[2] ?? '', folders);
  return undefined;
}

function episode(
  before: string,
  season: number | undefined,
  number: number,
  after: string,
  folders: Folders,
): ParsedName | undefined {
  const series = seriesTitle(before, folders);
  if (series === undefined) return undefined;
  const inSeason = season ?? folderSeason(folders);
  const place = inSeason === undefined ? pad(number) : `S${pad(inSeason)}E${pad(number)}`;
  const year = /\(((?:19|20)\d{2})\)/.exec(series)?.[1];
  return {
    title: joined(series, place, episodeTitle(after)),
    ...(year === undefined ? {} : { year: Number(year) }),
    series: { title: series, ...(inSeason === undefined ? {} : { season: inSeason }), episode: number },
  };
}

function folderSeason(folders: Folders): number | undefined {
  return folders[0] === undefined ? undefined : seasonOfFolder(folders[0]);
}

const titles = new Map<string, string>();

/** A folder of episodes repeats one series; the library takes 0.3 ms a name. */
function seriesTitle(raw: string, folders: Folders): string | undefined {
  const own = raw.replace(/^\[[^\]]*\][\s._]*/, '').replace(/[\s._([-]+$/, '');
  if (own !== '') {
    const known = titles.get(own);
    if (known !== undefined) return known;
    const title = library(`${own}.S01E01`, true)?.title.replace(/\s+/g, ' ') || spaced(own);
    if (titles.size >= 1000) titles.clear();
    titles.set(own, title);
    return title;
  }
  const folder = folders.slice(0, 3).find((name) => seasonOfFolder(name) === undefined);
  if (folder === undefined || folder === '' || GENERIC.has(folder.toLowerCase())) return undefined;
  const marked = EPISODE.exec(folder) ?? /(?:^|[\s._-])s\d{1,2}(?=$|[\s._-])/i.exec(folder);
  const title = movieOf(marked && marked.index > 0 ? folder.slice(0, marked.index) : folder).title;
  return title === '' ? undefined : title;
}

function movieOf(base: string): ParsedName {
  const plain = spaced(base);
  // The library is asked only where a release name shows, so that a home video keeps the name it was given.
  if (!RELEASE.test(base) && !/[\s._([](?:19|20)\d{2}(?:[\s._)\]-]|$)/.test(base)) return { title: plain };
  const parsed = library(base, false);
  const year = Number(parsed?.year ?? Number.NaN);
  const title = parsed?.title.trim();
  return { title: title ? title : plain, ...(isYear(year) ? { year } : {}) };
}

function library(
  name: string,
  tv: boolean,
): { readonly title: string; readonly year: string | null } | undefined {
  try {
    return filenameParse(name, tv);
  } catch {
    return undefined;
  }
}

function episodeTitle(raw: string): string {
  const cut = raw.replace(RELEASE, '').replace(/[[(][^\])]*[\])]?\s*$/, '');
  return spaced(cut).replace(/^[-–—:.\s]+|[-–—\s]+$/g, '');
}

/** Underscores and, where there are no spaces, dots are spaces. */
function spaced(name: string): string {
  const dots = /\s/.test(name) ? name : name.replace(/\.+/g, ' ');
  return dots.replaceAll('_', ' ').replace(/\s+/g, ' ').trim();
}

function joined(series: string, place: string, title: string): string {
  return [series, place, title].filter((part) => part !== '').join(' - ');
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

function isYear(value: number): boolean {
  return value >= 1900 && value < 2100;
}
