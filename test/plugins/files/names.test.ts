import { describe, expect, test } from 'vitest';
import { compareNatural } from '../../../plugins/files/src/names/order.ts';
import { parseName, seasonOfFolder } from '../../../plugins/files/src/names/parse.ts';

describe('names', () => {
  test.each([
    ['Show.Name.S01E02.Title.Of.Ep.720p.HDTV.mkv', [], 'Show Name', 1, 2, 'Show Name - S01E02 - Title Of Ep'],
    ['Show Name - 1x02 - The Thing.mkv', [], 'Show Name', 1, 2, 'Show Name - S01E02 - The Thing'],
    ['[SubsPlease] Frieren - 05 (1080p) [ABCDEF12].mkv', [], 'Frieren', undefined, 5, 'Frieren - 05'],
    ['[Group] One Piece - 1023v2 [1080p].mkv', [], 'One Piece', undefined, 1023, 'One Piece - 1023'],
    ['01 - Pilot.mkv', ['My Show'], 'My Show', undefined, 1, 'My Show - 01 - Pilot'],
    ['01 - Pilot.mkv', ['Season 2', 'My.Show.(2010)'], 'My Show', 2, 1, 'My Show - S02E01 - Pilot'],
    ['S01E02-E03.mkv', ['Lost'], 'Lost', 1, 2, 'Lost - S01E02'],
    ['Episode 3.mkv', ['Foo'], 'Foo', undefined, 3, 'Foo - 03'],
    [
      'Doctor Who (2005) - S01E01 - Rose.mkv',
      [],
      'Doctor Who (2005)',
      1,
      1,
      'Doctor Who (2005) - S01E01 - Rose',
    ],
    ['9-1-1 S01E01 Pilot.mkv', [], '9-1-1', 1, 1, '9-1-1 - S01E01 - Pilot'],
  ])('%s is an episode', (name, folders, title, season, episode, shown) => {
    const parsed = parseName(name, folders);
    expect(parsed.series).toEqual({ title, ...(season === undefined ? {} : { season }), episode });
    expect(parsed.title).toBe(shown);
  });

  test.each([
    ['The.Matrix.1999.1080p.BluRay.x264-GRP.mkv', 'The Matrix', 1999],
    ['Blade Runner 2049 (2017).mkv', 'Blade Runner 2049', 2017],
    ['2001 A Space Odyssey (1968).mkv', '2001 A Space Odyssey', 1968],
    ['12 Angry Men.mkv', '12 Angry Men', undefined],
    ['12.Angry.Men.1957.mkv', '12 Angry Men', 1957],
    ['Dune Part 2.mkv', 'Dune Part 2', undefined],
    ['300.mkv', '300', undefined],
    ['Home video.mp4', 'Home video', undefined],
    ['日本語の映画.mkv', '日本語の映画', undefined],
  ])('%s is a film', (name, title, year) => {
    expect(parseName(name, ['Movies'])).toEqual({ title, ...(year === undefined ? {} : { year }) });
  });

  test('no name makes the parser slow or throw', () => {
    const names = [
      '',
      '.',
      '-',
      '[',
      'a'.repeat(5000),
      ' - '.repeat(500),
      '1x'.repeat(500),
      'S01E'.repeat(200),
      '(('.repeat(300),
    ];
    const started = process.hrtime.bigint();
    for (const name of names) expect(typeof parseName(`${name}.mkv`, ['x']).title).toBe('string');
    expect(Number(process.hrtime.bigint() - started) / 1e6).toBeLessThan(1000);
  });

  test('seasons are read from folders', () => {
    expect(['Season 2', 'S03', 'Staffel 1', 'Specials', 'Stuff'].map(seasonOfFolder)).toEqual([
      2,
      3,
      1,
      0,
      undefined,
    ]);
  });

  test('numbers are ordered as numbers', () => {
    expect(['b10', 'b9', 'B1', 'a'].toSorted(compareNatural)).toEqual(['a', 'B1', 'b9', 'b10']);
  });
});

describe('subtitle names', () => {});
