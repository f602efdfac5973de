import { type Item, KinoportError, PRODUCT, type ResolveResult } from '@kinoport/core';
import { magnetOf } from './address/magnet.ts';
import { type PlayableFile, playableFiles } from './names/playableFiles.ts';
import type { Torrent, TorrentAddress } from './torrent.ts';

/** Trackers and web seeds that go into the address of an item; it stands in the database. */
const MOST_ADDRESSES = 10;
const KEY = /^btih:([0-9a-f]{40})\/(\d{1,6})$/;

/** Where an item is: which file of which torrent. */
export interface Place {
  readonly infohash: string;
  readonly fileIndex: number;
}

export interface SubtitleChoice {
  readonly fileIndex: number;
  readonly mime: string;
  readonly name: string;
  readonly language: string | undefined;
  readonly title: string | undefined;
  readonly forced: boolean | undefined;
}

/**
 * The items of a torrent, or the one that the address names.
 * @throws KinoportError `SOURCE_EMPTY`, `TORRENT_FILE_NOT_FOUND`
 */
export function itemsOf(torrent: Torrent, fileIndex?: number): ResolveResult {
  const all = playableFiles(torrent);
  if (fileIndex !== undefined) {
    const one = all.find(({ file }) => file.index === fileIndex);
    if (one) return { kind: 'single', items: [itemOf(torrent, one)] };
    throw new KinoportError(
      'TORRENT_FILE_NOT_FOUND',
      `File ${fileIndex} of this torrent is not there, or no film.`,
      {
        hint: `"${PRODUCT.command} files" shows what is in it.`,
      },
    );
  }
  const [only] = all;
  if (!only) {
    throw new KinoportError('SOURCE_EMPTY', 'There is nothing in this torrent that can be played.', {
      hint: 'It holds neither films nor sounds under a name that says so.',
    });
  }
  const items = all.map((each) => itemOf(torrent, each));
  return all.length === 1
    ? { kind: 'single', items }
    : { kind: 'folder', title: torrent.name, items, ask: true };
}

/** @throws KinoportError `SOURCE_NOT_FOUND` for an item that is not of this source */
export function placeOf({ key }: Pick<Item, 'key'>): Place {
  const [, infohash, index] = KEY.exec(key) ?? [];
  if (infohash === undefined || index === undefined)
    throw new KinoportError('SOURCE_NOT_FOUND', 'The item is none of a torrent.');
  return { infohash, fileIndex: Number(index) };
}

/** What the content keys of all files of a torrent begin with; of the one file that an address names, its key. */
export function keyPrefixOf(address: TorrentAddress): string {
  const infohash = address.type === 'torrent' ? address.torrent.infohash : address.infohash;
  return `btih:${infohash}/${address.fileIndex ?? ''}`;
}

/** Media type of a file, and a name for the end of its address. */
export function typeOf(
  torrent: Torrent,
  fileIndex: number,
): { readonly mime: string; readonly name: string } {
  const one = playableFiles(torrent).find(({ file }) => file.index === fileIndex);
  const path = torrent.files[fileIndex]?.path ?? '';
  return { mime: one?.mime ?? 'application/octet-stream', name: baseName(path) };
}

/** Subtitles that lie beside a film. */
export function subtitlesOf(torrent: Torrent, fileIndex: number): readonly SubtitleChoice[] {
  const one = playableFiles(torrent).find(({ file }) => file.index === fileIndex);
  return (one?.subtitles ?? []).map(({ file, mime, language, title, forced }) => ({
    fileIndex: file.index,
    mime,
    name: baseName(file.path),
    language,
    title,
    forced,
  }));
}

function itemOf(torrent: Torrent, playable: PlayableFile): Item {
  const { file, kind, mime, title, year, series } = playable;
  return {
    key: `${keyPrefixOf({ type: 'torrent', torrent })}${file.index}`,
    uri: uriOf(torrent, file.index),
    title,
    kind,
    size: file.length,
    mime,
    ...(year === undefined ? {} : { year }),
    ...(series === undefined ? {} : { series }),
  };
}

/** What is needed to find the torrent again. The addresses of private trackers are secrets, and stay in the `.torrent`. */
function uriOf(torrent: Torrent, fileIndex: number): string {
  const named = torrent.isPrivate
    ? { trackers: [], webSeeds: [] }
    : {
        trackers: torrent.trackers.slice(0, MOST_ADDRESSES),
        webSeeds: torrent.webSeeds.slice(0, MOST_ADDRESSES),
      };
  return magnetOf({ infohash: torrent.infohash, name: torrent.name, ...named }, fileIndex);
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
