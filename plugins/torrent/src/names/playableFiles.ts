import type { Torrent, TorrentFile } from '../torrent.ts';
import { mediaType } from './mediaTypes.ts';
import { comparePaths } from './order.ts';
import { type ParsedName, parseName } from './parseName.ts';
import { Subtitles, type TorrentSubtitle } from './subtitles.ts';

/** A file of a torrent that an item is made of. */
export interface PlayableFile extends ParsedName {
  readonly file: TorrentFile;
  readonly kind: 'video' | 'audio';
  readonly mime: string;
  /** A sample, a trailer, or far smaller than the others: listed behind them. */
  readonly isExtra: boolean;
  readonly subtitles: readonly TorrentSubtitle[];
}

/** As many items as `resolve` may give. */
const LIMIT = 10_000;
const EXTRA = /(?:^|[\s._([/-])(?:sample|trailer|rarbg\.com)(?=$|[\s._)\]/-])/i;

/**
 * The media files of a torrent in playing order: films before sounds, in natural order of their paths, and behind them
 * samples, trailers and what is smaller than 5 % of the largest. Empty when there are none.
 */
export function playableFiles(torrent: Pick<Torrent, 'files'>): readonly PlayableFile[] {
  const media = torrent.files.flatMap((file) => {
    const mime = file.isPadding || file.length === 0 ? undefined : mediaType(file.path);
    return mime === undefined ? [] : [{ file, mime, isVideo: mime.startsWith('video/') }];
  });
  const largest = media.reduce((most, { file }) => Math.max(most, file.length), 0);
  const hasFilms = media.some(({ isVideo }) => isVideo);
  const ranked = media.map((each) => {
    const isSmall = each.file.length < largest * 0.05;
    // Songs of an album differ in length, and none is the film.
    const isExtra = each.isVideo ? isSmall || EXTRA.test(each.file.path) : hasFilms && isSmall;
    return { ...each, isExtra, rank: (each.isVideo ? 0 : 1) + (isExtra ? 2 : 0) };
  });
  const subtitles = new Subtitles(torrent.files);
  return ranked
    .sort((a, b) => a.rank - b.rank || comparePaths(a.file.path, b.file.path))
    .slice(0, LIMIT)
    .map(({ file, mime, isVideo, isExtra }) => ({
      file,
      mime,
      kind: isVideo ? 'video' : 'audio',
      isExtra,
      subtitles: isVideo ? subtitles.of(file) : [],
      ...(isVideo ? parseName(file.path) : { title: songTitle(file.path) }),
    }));
}

function songTitle(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const stem = name.slice(0, name.lastIndexOf('.')).normalize('NFC').slice(0, 300);
  return (
    stem
      .replaceAll('_', ' ')
      .replace(/\s+/g, ' ')
      .replace(/^\d{1,3}(?:\s*[-–.]\s+|\.\s*|\s+)(?=\S)/, '')
      .trim() || stem
  );
}
