import { describe, expect, it } from 'vitest';
import { playableFiles } from '../../../../plugins/torrent/src/names/playableFiles.ts';
import type { TorrentFile } from '../../../../plugins/torrent/src/torrent.ts';

function torrent(files: Readonly<Record<string, number>>, padding: readonly string[] = []) {
  let offset = 0;
  return {
    files: Object.entries(files).map(([path, length], index): TorrentFile => {
      const file = { index, path, length, offset, ...(padding.includes(path) ? { isPadding: true } : {}) };
      offset += length;
      return file;
    }),
  };
}

const MB = 1_000_000;

describe('files that are played', () => {
  it('come as a person counts, what is small behind', () => {
    const files = torrent(
      {
        'Show/Show.S01E10.1080p.mkv': 900 * MB,
        'Show/Show.S01E2.1080p.mkv': 800 * MB,
        'Show/Sample/show.s01e02.sample.mkv': 30 * MB,
        'Show/opening.mkv': 10 * MB,
        'Show/song.mp3': 200 * MB,
        'Show/cover.jpg': MB,
        'Show/empty.mkv': 0,
        'Show/pad.mkv': 800 * MB,
        'Show/Show.S01E01.1080p.MKV': 700 * MB,
      },
      ['Show/pad.mkv'],
    );
    expect(playableFiles(files).map(({ file, kind, isExtra }) => [file.index, kind, isExtra])).toEqual([
      [8, 'video', false],
      [1, 'video', false],
      [0, 'video', false],
      [4, 'audio', false],
      [3, 'video', true],
      [2, 'video', true],
    ]);
    expect(playableFiles(torrent({ 'readme.txt': 5 }))).toEqual([]);
  });

  it.each([
    [
      'Show.Name.S01E02.The.Start.1080p.WEB.x264-GRP.mkv',
      'Show Name - S01E02 - The Start',
      { title: 'Show Name', season: 1, episode: 2 },
    ],
    [
      'Show Name (2019)/Season 2/03 - Name.mkv',
      'Show Name - S02E03 - Name',
      { title: 'Show Name', season: 2, episode: 3 },
    ],
    [
      'Show.Name.S03.1080p.BluRay/S03E04.mkv',
      'Show Name - S03E04',
      { title: 'Show Name', season: 3, episode: 4 },
    ],
    ['[Group] Anime Title - 05 [1080p].mkv', 'Anime Title - 05', { title: 'Anime Title', episode: 5 }],
    [
      'Show Name - 1x03 - Title here.avi',
      'Show Name - S01E03 - Title here',
      { title: 'Show Name', season: 1, episode: 3 },
    ],
    ['Film.Name.2019.1080p.BluRay.x264/Film.Name.2019.1080p.BluRay.x264.mkv', 'Film Name', undefined],
    ['2001.A.Space.Odyssey.1968.mkv', '2001 A Space Odyssey', undefined],
    ['home video.mp4', 'home video', undefined],
    ['$$$.mkv', '$$$', undefined],
  ])('%s', (path, title, series) => {
    const [file] = playableFiles(torrent({ [path]: MB }));
    expect(file).toMatchObject({ title });
    expect(file?.series).toEqual(series);
  });

  it('have their types and years', () => {
    const [film, song] = playableFiles(torrent({ 'Film.2019.720p.mp4': 5 * MB, '01 - A_song.flac': MB }));
    expect(film).toMatchObject({ mime: 'video/mp4', kind: 'video', year: 2019, title: 'Film' });
    expect(song).toMatchObject({ mime: 'audio/flac', kind: 'audio', title: 'A song', subtitles: [] });
  });
});

describe('subtitles', () => {
  const paths = (files: Readonly<Record<string, number>>, index = 0): readonly (readonly unknown[])[] =>
    playableFiles(torrent(files))
      .find(({ file }) => file.index === index)
      ?.subtitles.map(({ file, language, title, forced }) => [file.path, language, title, forced]) ?? [];

  it('lie beside a film, with their language in the name', () => {
    const files = {
      'F/Film.mkv': MB,
      'F/Film.de.forced.srt': 1,
      'F/Film.English (SDH).ass': 1,
      'F/Film.sub': 1,
      'F/Film.idx': 1,
    };
    expect(paths(files)).toEqual([
      ['F/Film.de.forced.srt', 'de', undefined, true],
      ['F/Film.English (SDH).ass', 'en', 'SDH', undefined],
    ]);
  });

  it('lie in a folder, all for the only film', () => {
    const files = {
      'F/Film.mkv': 100 * MB,
      'F/film-sample.mkv': MB,
      'F/Subs/2_English.srt': 1,
      'F/RARBG.nl.srt': 1,
      'F/Subs/x.zip': 1,
    };
    expect(paths(files)).toEqual([
      ['F/RARBG.nl.srt', 'nl', 'RARBG', undefined],
      ['F/Subs/2_English.srt', 'en', undefined, undefined],
    ]);
  });

  it('belong to the episode that they are named after', () => {
    const files = {
      'S/Show.S01E01.mkv': MB,
      'S/Show.S01E10.mkv': MB,
      'S/Show.S01E01.fr.srt': 1,
      'S/Show.S01E10.fr.srt': 1,
      'S/Subs/Show.S01E10/3_eng.srt': 1,
      'S/other.srt': 1,
    };
    expect(paths(files, 0)).toEqual([['S/Show.S01E01.fr.srt', 'fr', undefined, undefined]]);
    expect(paths(files, 1).map(([path]) => path)).toEqual([
      'S/Show.S01E10.fr.srt',
      'S/Subs/Show.S01E10/3_eng.srt',
    ]);
  });

  it('of 100 000 files are found without a wait', () => {
    const files: Record<string, number> = {};
    for (let n = 0; n < 50_000; n++) {
      files[`S/Show - ${n}.mkv`] = MB;
      files[`S/Show - ${n}.en.srt`] = 1;
    }
    const began = performance.now();
    const found = playableFiles(torrent(files));
    expect(performance.now() - began).toBeLessThan(8000);
    expect(found).toHaveLength(10_000);
    expect(found[9_999]?.subtitles).toHaveLength(1);
  });
});
