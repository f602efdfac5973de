import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Installation, kill, TestHome } from './stub/harness.ts';

let installation: Installation;
let home: TestHome;

beforeAll(async () => {
  installation = await Installation.make();
});
afterAll(() => installation.dispose());
afterEach(() => home.dispose());

test('starts a host, plays to the end, says where it resumed and exits 0', async () => {
  home = await TestHome.make(installation);
  const { code, stdout, stderr } = await home.run('play', 'short.mkv');
  expect(stderr).toBe('');
  expect(stdout).toBe('Playing Film in mpv. Resuming at 12:03.\nFinished Film.\n');
  expect(code).toBe(0);
  const open = (await home.calls()).find((call) => call.method === 'playback.open');
  expect(open?.params).toEqual({ uris: [`${home.folder}/short.mkv`], environment: { DISPLAY: ':7' } });
});

test('a file alone plays, and options reach the host', async () => {
  home = await TestHome.make(installation);
  await writeFile(join(home.folder, 'a.srt'), '');
  const { code } = await home.run(
    ...['short.mkv', 'https://example.org/a.mkv', '--start', '-1:00', '--no-resume', '--speed', '1.5'],
    ...['--audio', 'en,de', '--sub', 'a.srt', '--file', '2', '-q', '--', '--mute=yes'],
  );
  expect(code).toBe(0);
  const open = (await home.calls()).find((call) => call.method === 'playback.open');
  expect(open?.params).toEqual({
    uris: [`${home.folder}/short.mkv`, 'https://example.org/a.mkv'],
    environment: { DISPLAY: ':7' },
    start: '-1:00',
    ignoreResume: true,
    rate: 1.5,
    audioLanguages: ['en', 'de'],
    subtitles: [`${home.folder}/a.srt`],
    file: '2',
    playerArgs: ['--mute=yes'],
  });
});

test('--json prints started, states at least once a second, and ended', async () => {
  home = await TestHome.make(installation);
  const running = home.start('play', 'long.mkv', '--json');
  await running.printed('"position":724.');
  running.process.kill('SIGINT');
  expect((await running.finished).code).toBe(130);
  const lines = running.lines();
  expect(lines[0]).toEqual({
    event: 'started',
    player: 'mpv',
    uri: `${home.folder}/long.mkv`,
    itemKey: 'size:1',
    start: 723,
  });
  expect(lines[1]).toEqual({
    event: 'state',
    status: 'playing',
    position: expect.closeTo(723, 0),
    duration: 6130,
  });
  expect(lines.at(-1)).toEqual({
    event: 'ended',
    reason: 'stopped',
    position: 724.5,
    duration: 6130,
    watched: false,
  });
  expect(lines.filter((line) => line.event === 'state').length).toBeGreaterThanOrEqual(2);
});

test('Ctrl-C stops the film, waits until it is closed, says where it stopped and exits 130', async () => {
  home = await TestHome.make(installation);
  const running = home.start('play', 'long.mkv');
  await running.printed('Resuming');
  running.process.kill('SIGINT');
  const { code, stdout } = await running.finished;
  expect(stdout).toContain('Stopped Film at 12:04 of 1:42:10 (11 %).');
  expect(code).toBe(130);
});

test('a second Ctrl-C leaves at once', async () => {
  home = await TestHome.make(installation);
  const running = home.start('play', 'stubborn.mkv');
  await running.printed('Resuming');
  running.process.kill('SIGINT');
  await home.called('playback.command');
  // Two presses are further apart than the same press that arrives twice.
  await new Promise((resolve) => setTimeout(resolve, 60));
  running.process.kill('SIGINT');
  expect((await running.finished).code).toBe(130);
});

test('a closed terminal leaves the film playing', async () => {
  home = await TestHome.make(installation);
  const running = home.start('play', 'long.mkv');
  await running.printed('Resuming');
  running.process.kill('SIGHUP');
  expect((await running.finished).code).toBe(0);
  expect((await home.calls()).some((call) => call.method === 'playback.command')).toBe(false);
});

test('--detach returns when the film runs', async () => {
  home = await TestHome.make(installation);
  const { code, stdout } = await home.run('play', 'long.mkv', '--detach');
  expect(stdout).toContain('Playing Film in mpv.');
  expect(code).toBe(0);
});

test('an interrupted stream exits 1 with its code, in both forms', async () => {
  home = await TestHome.make(installation);
  const text = await home.run('play', 'broken.mkv');
  expect(text.code).toBe(1);
  expect(text.stderr).toBe(
    'kinoport: The stream of "Film" broke at 12:04.\n' +
      'The position is kept: play it again to go on from there. (PLAYBACK_INTERRUPTED)\n',
  );
  const json = home.start('play', 'broken.mkv', '--json');
  expect((await json.finished).code).toBe(1);
  expect(json.lines().at(-1)).toMatchObject({ event: 'error', code: 'PLAYBACK_INTERRUPTED' });
});

test('an error of the host prints whole', async () => {
  home = await TestHome.make(installation);
  const { code, stderr } = await home.run('play', 'missing.mkv');
  expect(stderr).toBe(
    `kinoport: There is no file ${home.folder}/missing.mkv.\nCheck the path. (SOURCE_NOT_FOUND)\n`,
  );
  expect(code).toBe(1);
  const json = home.start('play', 'missing.mkv', '--json');
  await json.finished;
  expect(json.lines()).toEqual([
    {
      event: 'error',
      code: 'SOURCE_NOT_FOUND',
      message: `There is no file ${home.folder}/missing.mkv.`,
      hint: 'Check the path.',
    },
  ]);
});

test('a lost host is started again and the same session followed, said once', async () => {
  home = await TestHome.make(installation);
  const running = home.start('play', 'long.mkv');
  await running.printed('Resuming');
  const [first] = await home.pids();
  kill(first ?? 0);
  await running.printed('Connected again.');
  running.process.kill('SIGINT');
  const { code, stdout, stderr } = await running.finished;
  expect(code).toBe(130);
  expect(stderr.match(/connecting again/g)).toHaveLength(1);
  expect(stdout.match(/Playing Film/g)).toHaveLength(1);
  expect(stdout).toContain('Stopped Film at 12:04');
  expect(await home.pids()).toHaveLength(2);
  const subscribed = (await home.calls()).filter((call) => call.method === 'playback.subscribe');
  expect(subscribed.map((call) => call.params)).toEqual([{}, { sessionId: 's1' }]);
});
