import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ask, createMpv, type MpvFixture, makeClips, playing, reach, tell } from './mpvFixture.ts';

let mpv: MpvFixture | undefined;
const folders: string[] = [];
afterEach(async () => {
  await mpv?.dispose();
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
});

function program(text: string): string {
  const made = mkdtempSync(join(tmpdir(), 'kp-probe-'));
  folders.push(made);
  const path = join(made, 'mpv');
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

test('finds mpv, and asks each for its version once', async () => {
  mpv = await createMpv();
  const [first] = await mpv.player.probe({});
  expect(first).toMatchObject({ kind: 'native', argv: [], version: expect.stringMatching(/^\d+\.\d+/) });
  expect(first?.problem).toBeUndefined();
  const asked = mpv.context.ran.length;
  expect(asked).toBeGreaterThan(0);
  expect((await mpv.player.probe({}))[0]).toEqual(first);
  expect(mpv.context.ran.filter(({ args }) => args.includes('--version'))).toHaveLength(1);
});

test('an old mpv is listed with what is wrong, and not started', async () => {
  const path = program('echo "mpv 0.29.1 Copyright"; [ "$1" = --version ] && exit 0; exit 1');
  mpv = await createMpv({ config: { path } });
  expect(await mpv.player.probe({})).toMatchObject([
    { path, version: '0.29.1', problem: { code: 'PLAYER_TOO_OLD', hint: expect.any(String) } },
  ]);
  await expect(mpv.open({ path: '/x.mkv', title: 'X' })).rejects.toMatchObject({ code: 'PLAYER_TOO_OLD' });
});

test('an mpv that crashes at start says how', async () => {
  const path = program('echo "cannot open display of gold" >&2; exit 3');
  mpv = await createMpv({ config: { path } });
  expect(await mpv.player.probe({})).toMatchObject([{ problem: { code: 'PLAYER_START_FAILED' } }]);
  await expect(mpv.open({ path: '/x.mkv', title: 'X' })).rejects.toMatchObject({
    code: 'PLAYER_START_FAILED',
    message: expect.stringContaining('display of gold'),
  });
});

test('a configured path without an mpv is listed as that', async () => {
  mpv = await createMpv({ config: { path: '/nowhere/mpv' } });
  expect(await mpv.player.probe({})).toMatchObject([
    { path: '/nowhere/mpv', problem: { code: 'PLAYER_NOT_FOUND' } },
  ]);
});

test("the viewer's own memory of a file is found where mpv has written it", async () => {
  const clips = makeClips();
  const home = join(clips.folder, 'home');
  mkdirSync(home);
  process.env.MPV_HOME = home;
  try {
    mpv = await createMpv();
    const media = { path: clips.clip, title: 'A clip' };
    expect(await mpv.player.remembered(media)).toBeUndefined();
    const session = await mpv.open(media, { start: 17.25, paused: true });
    await reach(session, ({ status }) => status === 'paused');
    const gone = reach(session, ({ status }) => status === 'gone');
    await tell(session, 'quit-watch-later');
    await gone;
    const remembered = await mpv.player.remembered(media);
    expect(remembered?.position).toBeCloseTo(17.25, 1);
    // Playing it again through us neither uses nor removes it.
    const again = await mpv.open(media, { start: 2 });
    await reach(again, playing);
    expect(Number(await ask(again, 'time-pos'))).toBeLessThan(5);
    await again.stop();
    expect(await mpv.player.remembered(media)).toEqual(remembered);
  } finally {
    delete process.env.MPV_HOME;
    clips.dispose();
  }
});
