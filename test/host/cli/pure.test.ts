import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PlayerState, positionAt } from '@kinoport/core';
import { describe, expect, test } from 'vitest';
import { prepareArguments, splitRest } from '../../../host/src/cli/arguments.ts';
import { choose } from '../../../host/src/cli/commands/continue.ts';
import { findTitles } from '../../../host/src/cli/commands/findTitle.ts';
import { fatalOf } from '../../../host/src/cli/connection/startHost.ts';
import { installAdvice } from '../../../host/src/cli/install/packages.ts';
import { parseKeys } from '../../../host/src/cli/play/keys.ts';
import { openingText, statusText } from '../../../host/src/cli/play/statusLine.ts';
import { formatTable } from '../../../host/src/cli/terminal/table.ts';
import {
  checkStart,
  formatAgo,
  formatBytes,
  formatClock,
  formatTime,
  percentOf,
} from '../../../host/src/cli/terminal/time.ts';
import { truncate, widthOf } from '../../../host/src/cli/terminal/width.ts';
import { nameOf, resolveUri } from '../../../host/src/cli/uris.ts';

describe('times', () => {
  test('print as people write them, rounded down', () => {
    expect([0, 12.9, 723, 6130].map(formatTime)).toEqual(['0:00', '0:12', '12:03', '1:42:10']);
    expect([Number.NaN, -3].map(formatTime)).toEqual(['0:00', '0:00']);
    expect([12, 723, 6130].map(formatClock)).toEqual(['0:00:12', '0:12:03', '1:42:10']);
    expect([512, 2048, 3.5 * 1024 ** 3].map(formatBytes)).toEqual(['512 B', '2.0 KiB', '3.5 GiB']);
  });

  test('have a share only with a duration', () => {
    expect([percentOf(25, 100), percentOf(120, 100), percentOf(1, null), percentOf(1, 0)]).toEqual([
      25,
      100,
      undefined,
      undefined,
    ]);
  });

  test.each(['0', '754.5', '12:03', '1:02:03.5', '90:00', '50%', '99.5%', '-5:00', '-30', ' 12:03 '])(
    '--start takes %s',
    (text) => expect(checkStart(text)).toBe(text.trim()),
  );

  test.each(['', 'noon', '101%', '1:60', '1:75:00', '-50%', '1:2:3:4', '1e3', '--5'])(
    '--start refuses "%s"',
    (text) => expect(() => checkStart(text)).toThrow(expect.objectContaining({ code: 'USAGE' })),
  );

  test('of long ago print as a date', () => {
    const now = Date.parse('2026-03-10T12:00:00Z');
    const ago = (minutes: number): string => formatAgo(now - minutes * 60_000, now);
    expect([ago(0), ago(5), ago(200), ago(1500), ago(4000), ago(30_000)]).toEqual([
      'just now',
      '5 min ago',
      '3 h ago',
      'yesterday',
      '2 days ago',
      '2026-02-17',
    ]);
  });
});

describe('addresses', () => {
  test('paths become absolute, addresses stay', () => {
    expect(resolveUri('a/../film.mkv', '/home/me')).toBe('/home/me/film.mkv');
    expect(resolveUri('./-film.mkv', '/home/me')).toBe('/home/me/-film.mkv');
    for (const uri of [
      'https://x.org/a',
      'magnet:?xt=urn:btih:1',
      'data:video/mp4;base64,AA',
      'file:///a%20b',
      'shelf:',
    ]) {
      expect(resolveUri(uri, '/home/me')).toBe(uri);
    }
    expect(resolveUri('Film: the sequel.mkv', '/home/me')).toBe('/home/me/Film: the sequel.mkv');
    expect(() => resolveUri('', '/')).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});

describe('a bare infohash', () => {
  const hex = 'c9e15763f722f23e98a29decdfae341b98d53056';

  test('is an address, in base32 too, unless there is a file of that name', () => {
    expect(resolveUri(hex.toUpperCase(), '/home/me')).toBe(`infohash:${hex}`);
    expect(resolveUri('ZHQVOY7XELZD5GFCTXWN7LRUDOMNKMCW', '/home/me')).toBe(`infohash:${hex}`);
    expect(resolveUri(hex.slice(1), '/home/me')).toBe(`/home/me/${hex.slice(1)}`);
    const folder = mkdtempSync(join(tmpdir(), 'kp-uris-'));
    try {
      writeFileSync(join(folder, hex), '');
      expect(resolveUri(hex, folder)).toBe(join(folder, hex));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test('an address is called by its last part, or by what it says of itself, never by megabytes', () => {
  expect(nameOf('/films/A film.mkv')).toBe('A film.mkv');
  expect(nameOf('https://x.org/a/b.mkv?token=1')).toBe('b.mkv');
  expect(nameOf('shelf:x')).toBe('shelf:x');
  const magnet = `magnet:?xt=urn:btih:${'a'.repeat(40)}`;
  expect(nameOf(`${magnet}&dn=A+film&tr=udp://x.org/announce`)).toBe('A film');
  expect(nameOf(`${magnet}&tr=udp://x.org/announce`)).toBe(`${magnet.slice(0, 50)}...`);
  expect(nameOf(`data:application/x-bittorrent;base64,${'QUJD'.repeat(100_000)}`)).toBe(
    'data:application/x-bittorrent...',
  );
});

describe('the command line', () => {
  const known = new Set(['play', 'continue', 'stop', 'help']);
  const prepare = (...argv: readonly string[]) => prepareArguments(argv, known, (path) => path === 'folder');

  test('a file, folder or address alone is played', () => {
    const hash = 'c9e15763f722f23e98a29decdfae341b98d53056';
    for (const media of ['film.mkv', 'folder', '../x', 'https://x.org/a', 'demo', 'C:\\x', hash]) {
      expect(prepare(media).args).toEqual(['play', media]);
    }
    expect(prepare('--paused', 'film.mkv').args).toEqual(['play', '--paused', 'film.mkv']);
  });

  test('commands, root options and mistyped words stay as they are', () => {
    for (const argv of [['stop'], ['--help'], ['plya', 'film.mkv'], ['--jsn'], []]) {
      expect(prepare(...argv).args).toEqual(argv);
    }
  });

  test('what stands behind -- belongs to the player, or is the file when there is none before', () => {
    expect(prepare('film.mkv', '--', '--mute')).toEqual({ args: ['play', 'film.mkv'], rest: ['--mute'] });
    expect(prepare('--', '-film.mkv')).toEqual({ args: ['play'], rest: ['-film.mkv'] });
    expect(prepare('stop', '--', 'x')).toEqual({ args: ['stop', '--', 'x'], rest: undefined });
    expect(splitRest(['a'], ['--mute'])).toEqual({ uris: ['a'], playerArgs: ['--mute'] });
    expect(splitRest([], ['-a.mkv', '--mute'])).toEqual({ uris: ['-a.mkv'], playerArgs: ['--mute'] });
  });
});

test('keys mean what they mean in mpv, also several at once', () => {
  expect(parseKeys(' \u001b[C\u001bOAx]q\u0003')).toEqual([
    { name: 'togglePause' },
    { name: 'seekBy', seconds: 5 },
    { name: 'seekBy', seconds: 60 },
    { name: 'multiplyRate', factor: 1.1 },
    { name: 'stop' },
    { name: 'interrupt' },
  ]);
});

const state: PlayerState = {
  itemToken: 'p-1',
  status: 'playing',
  position: 723,
  at: 1000,
  duration: 6130,
  rate: 1,
  volume: 100,
  muted: false,
  seekable: true,
  epoch: 1,
  cause: 'user',
  tracks: [],
};

describe('the status line', () => {
  const facts = { title: 'Alien', player: 'mpv', source: 'files', state, index: 0, count: 1 };
  const text = (columns: number, more: object = {}): string =>
    statusText({ ...facts, ...more }, { now: 1000, columns, unicode: true });

  test('tells position, share, speed, title, player and source', () => {
    expect(text(80)).toBe('▶  0:12:03 / 1:42:10   11 %  1.00x  Alien  [mpv · files]');
    const paused = { state: { ...state, status: 'paused', duration: undefined } };
    expect(text(80, paused)).toBe('❚❚ 0:12:03  1.00x  Alien  [mpv · files]');
    expect(text(80, { index: 2, count: 12 })).toContain('[3/12 · mpv · files]');
  });

  test('goes on while playing, and stands while it does not', () => {
    expect(positionAt({ ...state, rate: 2 }, 2500)).toBe(726);
    expect(positionAt({ ...state, status: 'paused' }, 2500)).toBe(723);
    expect(positionAt(state, 1e12)).toBe(6130);
  });

  test('is never wider than the terminal, with wide characters neither', () => {
    const title = '千と千尋の神隠し: a very long title indeed 👩‍👩‍👧 for any line';
    for (let columns = 5; columns < 110; columns += 1) {
      expect(widthOf(text(columns, { title }))).toBeLessThanOrEqual(columns);
    }
    expect(truncate('千と千尋', 5)).toBe('千と…');
  });

  const stats = { downloadRate: 2_140_000, peers: 14, bufferedSeconds: 38.9 };

  test('tells how the source does, as far as there is room beside the title', () => {
    expect(text(110, { stats })).toBe(
      '▶  0:12:03 / 1:42:10   11 %  1.00x  2.1 MB/s  14 peers  38 s ahead  Alien  [mpv · files]',
    );
    const title = 'A title of some length';
    expect(text(90, { stats, title })).toMatch(
      /1\.00x {2}2\.1 MB\/s {2}14 peers {2}38 s ahead {2}A title of some length$/,
    );
    expect(text(74, { stats, title })).toContain('   11 %  2.1 MB/s  14 peers  38 s ahead  A title');
    expect(text(74, { stats, title, state: { ...state, rate: 1.5 } })).toContain(
      '1.50x  2.1 MB/s  14 peers  A ',
    );
    expect(text(62, { stats, title })).toContain('2.1 MB/s  14 peers  A title');
    expect(text(45, { stats, title })).not.toContain('MB/s');
    for (let columns = 5; columns < 130; columns += 1)
      expect(widthOf(text(columns, { stats, title }))).toBeLessThanOrEqual(columns);
  });

  test('says what a film waits for, and for how long', () => {
    const buffering = { state: { ...state, status: 'buffering' } };
    expect(text(110, { ...buffering, waited: 1 })).toContain('1.00x  buffering  Alien');
    expect(text(110, { ...buffering, waited: 12.7, stats })).toContain('buffering, 12 s  2.1 MB/s  14 peers');
    const alone = { stats: { activity: 'looking for peers', peers: 0 }, waited: 12 };
    expect(text(110, { ...buffering, ...alone })).toContain('1.00x  looking for peers, 12 s  0 peers  Alien');
    expect(text(110, { ...alone, waited: undefined })).not.toContain('looking');
  });

  test('says so too before there is a film', () => {
    const opening = (columns: number, title = 'Alien', waited = 12.5): string =>
      openingText('Opening', title, { activity: 'looking for\u001b[2J peers', peers: 3 }, waited, columns);
    expect(opening(79)).toBe('Opening Alien ... looking for [2J peers, 12 s  3 peers');
    expect(opening(79, 'Alien', 1)).toBe('Opening Alien ... looking for [2J peers  3 peers');
    expect(openingText('Asking', 'Alien', undefined, undefined, 79)).toBe('Asking Alien ...');
    expect(openingText('Asking', 'Alien', {}, 3, 79)).toBe('Asking Alien ... 3 s');
    for (let columns = 5; columns < 110; columns += 1)
      expect(widthOf(opening(columns, '千と千尋の神隠し of a long name'))).toBeLessThanOrEqual(columns);
  });

  test('lets no control character of a title onto the terminal', () => {
    expect(text(80, { title: 'a\u001b[2Jb\nc' })).toContain('a [2Jb c');
  });
});

test('a table cuts its flexible column to fit', () => {
  const head = [
    { title: 'Title', flexible: true },
    { title: 'N', align: 'right' },
  ] as const;
  const rows = [
    ['A long title of a film', '1'],
    ['千と千尋', '22'],
  ];
  expect(formatTable(head, rows, 16)).toEqual(['Title          N', 'A long titl…   1', '千と千尋      22']);
});

describe('titles by words', () => {
  const view = (title: string) => ({
    title,
    uri: `/f/${title}.mkv`,
    itemKey: 'k',
    position: 1,
    duration: null,
    percent: null,
    watched: false,
    updatedAt: '',
  });
  const views = ['Aliens', 'The Alien', 'Alien', 'Amélie', 'Solaris'].map(view);
  const find = (words: string): readonly string[] => findTitles(views, words).map(({ title }) => title);

  test('are found whatever the case and the accents, the best first', () => {
    expect(find('alien')).toEqual(['Aliens', 'Alien', 'The Alien']);
    expect(find('AMELIE')).toEqual(['Amélie']);
    expect(find('alien the')).toEqual(['The Alien']);
  });

  test('are found with one letter wrong, missing, or swapped, when nothing else is', () => {
    expect([find('solarsi'), find('solars'), find('solaxis'), find('xyz'), find('')]).toEqual([
      ['Solaris'],
      ['Solaris'],
      ['Solaris'],
      [],
      [],
    ]);
  });
});

test('a number is a place in the list, else a whole number of a title', () => {
  const view = (title: string) => ({
    title,
    uri: `/f/${title}.mkv`,
    itemKey: 'k',
    position: 1,
    duration: null,
    percent: null,
    watched: false,
    updatedAt: '',
  });
  const views = ['Alien 1979', '1917'].map(view);
  expect(['2', '1979', '1917'].map((text) => choose(views, text).title)).toEqual([
    '1917',
    'Alien 1979',
    '1917',
  ]);
  expect(() => choose(views, '7')).toThrow(expect.objectContaining({ code: 'PROGRESS_NONE' }));
});

test('the way to install mpv fits the system', () => {
  const advice = (platform: NodeJS.Platform, osRelease = '', isRoot = false) =>
    installAdvice({ platform, osRelease, isRoot });
  expect(advice('linux', 'ID=debian\n', true)).toEqual({
    command: 'apt-get install -y --no-install-recommends mpv',
    automatic: true,
  });
  expect(advice('linux', 'NAME=x\nID=linuxmint\nID_LIKE="ubuntu debian"\n')).toEqual({
    command: 'sudo apt-get install -y --no-install-recommends mpv',
    automatic: false,
  });
  expect(advice('linux', 'ID="opensuse-tumbleweed"\n').command).toBe('sudo zypper install mpv');
  expect(advice('linux', 'ID=nixos\n').command).toContain('flatpak');
  expect(advice('darwin').command).toBe('brew install mpv');
  expect(advice('win32').command).toContain('winget');
});

test('the last fatal line of a log is the error', () => {
  const log =
    'a\n{"fatal":{"code":"USAGE","message":"old"}}\n{"fatal":{"code":"DATABASE_LOCKED","message":"m"}}\n{"fatal"';
  expect(fatalOf(log)).toMatchObject({ code: 'DATABASE_LOCKED', message: 'm' });
  expect(fatalOf('nothing\n')).toBeUndefined();
});
