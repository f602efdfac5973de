/** What the plugin reads and works out without a player. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualClock } from '@kinoport/core/testing';
import { afterEach, expect, test } from 'vitest';
import { Causes } from '../../../plugins/mpv/src/causes.ts';
import { configFolders, watchLaterFolders } from '../../../plugins/mpv/src/configFolder.ts';
import { makeEndpoint, socketAddress } from '../../../plugins/mpv/src/endpoint.ts';
import { isNearEnd, reasonOfEof } from '../../../plugins/mpv/src/ends.ts';
import { parseJournal, toRecovered } from '../../../plugins/mpv/src/journal.ts';
import { knownPlaces } from '../../../plugins/mpv/src/knownPlaces.ts';
import { isHeadless } from '../../../plugins/mpv/src/launchArguments.ts';
import { loadCommand } from '../../../plugins/mpv/src/loadCommand.ts';
import { keepsOpen, parseArguments, parseMpvConf } from '../../../plugins/mpv/src/mpvConf.ts';
import { Seeks } from '../../../plugins/mpv/src/seeks.ts';
import { chooseSubtitle } from '../../../plugins/mpv/src/tracks.ts';
import { isNewEnough, parseVersion } from '../../../plugins/mpv/src/version.ts';
import { parseWatchLater, rememberedPosition, watchLaterName } from '../../../plugins/mpv/src/watchLater.ts';

const folders: string[] = [];
function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'kp-read-'));
  folders.push(made);
  return made;
}
afterEach(() => {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
});

test.each([
  ['mpv 0.35.1 Copyright © 2000-2023 mpv/MPlayer/mplayer2 projects', '0.35.1', true],
  ['mpv v0.41.0-dirty Copyright', '0.41.0', true],
  ['mpv 0.29.1', '0.29.1', false],
  ['mpv 0.32.0-1ubuntu1', '0.32.0', false],
  ['mpv git-2024-01-01-abcdef', 'git', true],
  ['mplayer 1.4', undefined, undefined],
])('version of %j', (text, version, usable) => {
  expect(parseVersion(text)).toBe(version);
  if (version !== undefined) expect(isNewEnough(version)).toBe(usable);
});

test('Windows listens on a pipe of random name, others on a socket in a folder', () => {
  expect(socketAddress('win32', 'C:\\x', 'ab12')).toBe('\\\\.\\pipe\\kinoport-ab12');
  expect(socketAddress('linux', '/run/x', 'ab12')).toBe('/run/x/ab12.sock');
  const options = { session: 's', runtime: '/r', journals: '/j', ownPid: true, keepOpen: false };
  const [one, two] = [makeEndpoint(options), makeEndpoint(options)];
  expect(one.socket).not.toBe(two.socket);
  expect(one.socket).toMatch(/^\/r\/[0-9a-f]{24}\.sock$/);
});

test('known places by platform', () => {
  const windows = knownPlaces('win32', 'C:\\Users\\you', { LOCALAPPDATA: 'C:\\Users\\you\\AppData\\Local' });
  expect(windows).toContain('C:\\Program Files\\mpv\\mpv.exe');
  expect(windows).toContain('C:\\Users\\you\\scoop\\apps\\mpv\\current\\mpv.exe');
  expect(windows).toContain('C:\\Users\\you\\AppData\\Local\\Microsoft\\WinGet\\Links\\mpv.exe');
  const mac = knownPlaces('darwin', '/Users/a', {});
  expect(mac[0]).toBe('/Applications/mpv.app/Contents/MacOS/mpv');
  expect(mac).toContain('/opt/homebrew/bin/mpv');
  expect(knownPlaces('linux', '/home/you', {})).toContain('/snap/bin/mpv');
});

test("the viewer's folders by platform", () => {
  const where = (platform: NodeJS.Platform, environment: Record<string, string>) =>
    ({ platform, home: platform === 'win32' ? 'C:\\Users\\you' : '/home/you', environment }) as const;
  expect(configFolders(where('linux', {}))).toEqual(['/home/you/.config/mpv', '/home/you/.mpv']);
  expect(configFolders(where('linux', { XDG_CONFIG_HOME: '/c' }))[0]).toBe('/c/mpv');
  expect(configFolders(where('darwin', { MPV_HOME: '/m' }))).toEqual(['/m']);
  expect(configFolders(where('win32', { APPDATA: 'C:\\A' }))).toEqual(['C:\\A\\mpv']);
  expect(configFolders({ ...where('linux', {}), flatpak: true })).toEqual([
    '/home/you/.var/app/io.mpv.Mpv/config/mpv',
  ]);
  expect(watchLaterFolders(where('linux', {}))).toEqual([
    '/home/you/.local/state/mpv/watch_later',
    '/home/you/.config/mpv/watch_later',
    '/home/you/.mpv/watch_later',
  ]);
  expect(watchLaterFolders(where('win32', { LOCALAPPDATA: 'C:\\L', APPDATA: 'C:\\A' }))[0]).toBe(
    'C:\\L\\mpv\\watch_later',
  );
});

test('mpv.conf: global section, flags, quotes, comments', () => {
  const conf = parseMpvConf(
    [
      '\uFEFF# comment',
      'fs # a flag',
      'no-border',
      '--volume=70',
      'title="a # b"',
      "sub-font='x y'",
      'log-file=%3%a#bcd',
      'keep-open = yes # stay',
      '=broken',
      '[fast]',
      'keep-open=no',
      'vo=null',
    ].join('\r\n'),
  );
  expect(Object.fromEntries(conf)).toEqual({
    fs: 'yes',
    border: 'no',
    volume: '70',
    title: 'a # b',
    'sub-font': 'x y',
    'log-file': 'a#b',
    'keep-open': 'yes',
  });
  expect(keepsOpen(conf)).toBe(true);
  expect(keepsOpen(parseMpvConf(''))).toBe(false);
  expect(keepsOpen(parseArguments(['--keep-open', 'x=y']))).toBe(true);
  expect(keepsOpen(parseArguments(['--keep-open=always', '--no-keep-open']))).toBe(false);
});

test("mpv's own memory of a file is read and left as it is", async () => {
  const home = folder();
  const later = join(home, '.config', 'mpv', 'watch_later');
  mkdirSync(later, { recursive: true });
  const film = '/films/A film – ü.mkv';
  const file = join(later, createHash('md5').update(film).digest('hex').toUpperCase());
  const text = `# ${film}\nstart=1234.567000\nvolume=50.000000\n`;
  writeFileSync(file, text);
  const where = { platform: 'linux', home, environment: {} } as const;
  expect(await rememberedPosition(film, new Map(), where)).toBe(1234.567);
  expect(await rememberedPosition('/films/other.mkv', new Map(), where)).toBeUndefined();
  expect(readFileSync(file, 'utf8')).toBe(text);
  const named = parseMpvConf('watch-later-directory=~/elsewhere');
  expect(await rememberedPosition(film, named, where)).toBeUndefined();
  mkdirSync(join(home, 'elsewhere'));
  writeFileSync(join(home, 'elsewhere', watchLaterName(film)), 'start=7.5\n');
  expect(await rememberedPosition(film, named, where)).toBe(7.5);
  expect(parseWatchLater('# redirect entry\n')).toBeUndefined();
});

test('an end of file is believed near the end only', () => {
  expect(isNearEnd(598.1, 600)).toBe(true);
  expect(isNearEnd(593, 600)).toBe(false);
  expect(isNearEnd(5, undefined)).toBe(false);
  expect(reasonOfEof(7150, 7200, undefined)).toBe('finished');
  expect(reasonOfEof(6.7, 600, { url: 'http://x', title: 't' })).toBe('interrupted');
  expect(reasonOfEof(6.7, undefined, { path: '/x', title: 't' })).toBe('finished');
  expect(reasonOfEof(6.7, undefined, { url: 'http://x', title: 't' })).toBe('interrupted');
});

test('a journal is read whatever is in it', () => {
  const text =
    '{"position":59.9,"duration":60.0,"paused":true,"eof_reached":true,"quit_time":1750000000,"item":"a"}';
  const journal = parseJournal(text, 1_750_000_000_400);
  expect(journal).toMatchObject({ updatedAt: 1_750_000_000_400, item: 'a', ended: undefined });
  expect(journal && toRecovered(journal)).toEqual({
    itemToken: 'a',
    position: 59.9,
    duration: 60,
    updatedAt: 1_750_000_000_400,
    ended: true,
  });
  // Restored from a backup: the tracker's own word counts.
  expect(parseJournal(text, 1_760_000_000_000)?.updatedAt).toBe(1_750_000_000_000);
  for (const bad of ['', '{', 'null', '[]', '{"position":"x"}', '{"position":-1}']) {
    expect(parseJournal(bad, 0)).toBeUndefined();
  }
});

test('an item is loaded with options of its own', () => {
  expect(
    loadCommand({ url: 'http://127.0.0.1:1/s/x', title: 'A\tB' }, { start: 0, paused: true, itemToken: 't' }),
  ).toEqual({
    name: 'loadfile',
    url: 'http://127.0.0.1:1/s/x',
    flags: 'replace',
    options: {
      start: 'none',
      pause: 'yes',
      'force-media-title': 'A B',
      'stream-lavf-o': expect.stringContaining('reconnect_delay_max=5'),
      'network-timeout': '0',
    },
  });
  expect(
    loadCommand(
      { path: '/x.mkv', title: '' },
      {
        start: 61.5,
        paused: false,
        itemToken: 't',
        rate: 1.25,
        audioLanguages: ['ja', 'en,evil=1'],
        subtitleLanguages: ['no'],
      },
    ),
  ).toMatchObject({ options: { start: '61.500', pause: 'no', speed: '1.25', alang: 'ja', sid: 'no' } });
});

test('seeks land at the first restart after they began', async () => {
  const seeks = new Seeks();
  const one = seeks.add('one');
  one.taken();
  expect(seeks.begin()).toBe('one');
  const two = seeks.add('two');
  const three = seeks.add('three');
  two.taken();
  three.taken();
  let landed = 0;
  for (const seek of [two, three]) seek.landed.then(() => (landed += 1));
  seeks.land();
  await one.landed;
  expect(landed).toBe(0);
  expect(seeks.begin()).toBe('three');
  seeks.land();
  await Promise.all([two.landed, three.landed]);
  expect(seeks.begin()).toBeUndefined();
});

test("a command's echo is told from the viewer's doing, and only for a while", async () => {
  const clock = new VirtualClock();
  const causes = new Causes(clock);
  causes.expect({ pause: true }, 'a');
  expect(causes.take({ pause: false })).toBe('user');
  expect(causes.take({ pause: true })).toBe('a');
  expect(causes.take({ pause: true })).toBe('user');
  causes.expect({ speed: 1.05 }, 'b');
  await clock.advance(2001);
  expect(causes.take({ speed: 1.05 })).toBe('user');
});

test('which subtitles are shown', () => {
  const added = [{ language: 'de' }, { language: 'eng' }, { language: 'en', forced: true }];
  expect(chooseSubtitle([], added, ['en', 'de'])).toBe(1);
  expect(chooseSubtitle([], added, ['fr'])).toBeUndefined();
  expect(chooseSubtitle([], added, undefined)).toBe(0);
  expect(chooseSubtitle([], added, ['no'])).toBeUndefined();
  const shown = { id: 1, type: 'subtitle', language: 'de', selected: true } as const;
  expect(chooseSubtitle([shown], added, ['en', 'de'])).toBe(1);
  expect(chooseSubtitle([shown], added, undefined)).toBeUndefined();
});

test('no screen on Linux only', () => {
  expect(isHeadless('linux', {})).toBe(true);
  expect(isHeadless('linux', { DISPLAY: ':0' })).toBe(false);
  expect(isHeadless('linux', { WAYLAND_DISPLAY: 'wayland-0', DISPLAY: '' })).toBe(false);
  expect(isHeadless('darwin', {})).toBe(false);
  expect(isHeadless('win32', {})).toBe(false);
});
