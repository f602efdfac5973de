import { spawn } from 'node:child_process';
import { createReadStream, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { once, type PlayerEnd, type PlayerSession } from '@kinoport/core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  ask,
  createMpv,
  ended,
  type MpvFixture,
  makeClip,
  makeClips,
  playing,
  reach,
  tell,
} from './mpvFixture.ts';

let clips: ReturnType<typeof makeClips>;
let mpv: MpvFixture;
beforeAll(() => {
  clips = makeClips();
});
afterAll(() => clips.dispose());
beforeEach(async () => {
  mpv = await createMpv();
});
afterEach(() => mpv.dispose());

function pidOf(index = 0): number {
  const pid = mpv.context.spawned[index]?.pid;
  if (pid === undefined) throw new Error('nothing was spawned');
  return pid;
}

function collect(session: PlayerSession): PlayerEnd[] {
  const ends: PlayerEnd[] = [];
  session.onDidEnd((end) => ends.push(end));
  return ends;
}

test('played to its end it is finished, once, and the window stays until the queue is over', async () => {
  const session = await mpv.open({ path: clips.clip, title: 'A clip' }, { start: 29.3, itemToken: 'last' });
  const ends = collect(session);
  const state = await reach(session, ({ status }) => status === 'ended');
  expect(ends).toMatchObject([{ reason: 'finished', itemToken: 'last' }]);
  expect(ends[0]?.position).toBeGreaterThan(29.8);
  expect(state.position).toBeGreaterThan(29.8);
  await session.seek(10, { exact: true });
  await session.play();
  await reach(session, playing);
  await session.seek(29.5, { exact: true });
  await reach(session, ({ status }) => status === 'ended');
  expect(ends).toHaveLength(1);
  await session.finish();
  expect(session.state.status).toBe('gone');
  expect(existsSync(String(session.endpoint.socket))).toBe(false);
});

test('a viewer whose mpv.conf keeps the window open keeps it', async () => {
  const home = join(clips.folder, 'keeps');
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'mpv.conf'), '# mine\nkeep-open=yes\n[other]\nkeep-open=no\n');
  process.env.MPV_HOME = home;
  try {
    const session = await mpv.open({ path: clips.clip, title: 'A clip' }, { start: 29.5 });
    await reach(session, ({ status }) => status === 'ended');
    await session.finish();
    expect(session.state.status).toBe('ended');
    await session.stop();
  } finally {
    delete process.env.MPV_HOME;
  }
});

test.each(['key q', 'SIGTERM'])('closed by the viewer (%s) it is stopped', async (how) => {
  const session = await mpv.open({ path: clips.clip, title: 'A clip' }, { start: 6 });
  await reach(session, (state) => playing(state) && state.position > 6.2);
  const end = ended(session);
  const gone = reach(session, ({ status }) => status === 'gone');
  if (how === 'key q') await tell(session, 'keypress', 'q');
  else process.kill(pidOf(), 'SIGTERM');
  expect(await end).toMatchObject({ reason: 'stopped' });
  expect((await end).position).toBeGreaterThan(6.2);
  expect((await gone).position).toBeGreaterThan(6.2);
  await expect(session.play()).rejects.toMatchObject({ code: 'PLAYER_GONE' });
});

test('killed it is killed, with the last position, and the journal has it too', async () => {
  const session = await mpv.open({ path: clips.clip, title: 'A clip' }, { start: 6, itemToken: 'k' });
  const before = await reach(session, (state) => playing(state) && state.position > 7);
  const end = ended(session);
  const gone = reach(session, ({ status }) => status === 'gone');
  process.kill(pidOf(), 'SIGKILL');
  expect(await end).toMatchObject({ reason: 'killed', itemToken: 'k' });
  await gone;
  expect((await end).position).toBeGreaterThanOrEqual(before.position);
  const recovered = await mpv.player.recover(session.endpoint);
  expect(recovered).toMatchObject({ itemToken: 'k' });
  expect(recovered?.ended).toBeUndefined();
  expect((await end).position - (recovered?.position ?? 0)).toBeLessThan(0.7);
  expect(Math.abs((recovered?.updatedAt ?? 0) - Date.now())).toBeLessThan(5000);
  await expect(mpv.player.attach(session.endpoint, { sessionId: 's', epoch: 1 })).rejects.toMatchObject({
    code: 'PLAYER_GONE',
  });
});

test('a seek that waits is told when the player dies', async () => {
  const session = await mpv.open({ path: clips.clip, title: 'A clip' });
  await reach(session, playing);
  process.kill(pidOf(), 'SIGSTOP');
  const waiting = session.seek(20, { exact: true });
  const rejected = expect(waiting).rejects.toMatchObject({ code: 'PLAYER_GONE' });
  process.kill(pidOf(), 'SIGKILL');
  await rejected;
  await reach(session, ({ status }) => status === 'gone');
});

test('a text file named .mkv fails, and the next item plays in the same window', async () => {
  const path = join(clips.folder, 'words.mkv');
  writeFileSync(path, 'This is no film.\n'.repeat(50));
  const session = await mpv.open({ path, title: 'Words' });
  expect(await ended(session)).toMatchObject({
    reason: 'failed',
    error: { code: 'MEDIA_UNRECOGNIZED', hint: expect.any(String) },
  });
  await reach(session, ({ status }) => status === 'failed');
  await session.load({ path: clips.clip, title: 'A clip' }, { start: 3, paused: false, itemToken: 'n' });
  await reach(session, playing);
  await session.stop();
});

test('a file that is not there fails with the code that says so', async () => {
  const session = await mpv.open({ path: join(clips.folder, 'none.mkv'), title: 'None' });
  expect(await ended(session)).toMatchObject({ reason: 'failed', error: { code: 'SOURCE_NOT_FOUND' } });
  await session.stop();
});

test('a file that the viewer drops on the window ends ours and is not taken for it', async () => {
  const session = await mpv.open({ path: clips.clip, title: 'A clip' }, { start: 5, itemToken: 'ours' });
  await reach(session, (state) => playing(state) && state.position > 5.2);
  const own = join(clips.folder, 'own.mkv');
  makeClip(own, 4);
  const end = ended(session);
  await tell(session, 'loadfile', own);
  expect(await end).toMatchObject({ reason: 'stopped', itemToken: 'ours' });
  const state = await reach(session, ({ status }) => status === 'ended');
  expect(state.position).toBeGreaterThan(5.2);
  await session.finish();
  await expect.poll(() => ask(session, 'path')).toBe(own);
  expect(session.state.position).toBe(state.position);
  expect(await mpv.player.recover(session.endpoint)).toMatchObject({ itemToken: 'ours' });
  await session.stop();
});

test('an mpv that does not start is a coded error with its own last words', async () => {
  const bad = mpv.open({ path: clips.clip, title: 'A clip' }, { extraArgs: ['--no-such-option=1'] });
  await expect(bad).rejects.toMatchObject({
    code: 'PLAYER_START_FAILED',
    message: expect.stringContaining('no-such-option'),
  });
});

test('an mpv that is not there is a coded error that names a package', async () => {
  mpv.context.setConfig({ path: '/nowhere/mpv' });
  await expect(mpv.open({ path: clips.clip, title: 'A clip' })).rejects.toMatchObject({
    code: 'PLAYER_NOT_FOUND',
    hint: expect.any(String),
  });
});

test('opening that is cancelled leaves no player', async () => {
  const abort = new AbortController();
  const opening = mpv.open({ path: clips.clip, title: 'A clip' }, { signal: abort.signal });
  const rejected = expect(opening).rejects.toMatchObject({ code: 'ABORTED' });
  await expect.poll(() => mpv.context.spawned.length).toBe(1);
  abort.abort();
  await rejected;
  await expect.poll(() => isRunning(pidOf())).toBe(false);
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

interface Origin {
  readonly url: string;
  /** Bytes after which a response is broken off, and every later one refused with the status. */
  refuseAfter?: { readonly bytes: number; readonly status: number };
  readonly requests: number;
  close(): Promise<void>;
}

async function serve(path: string): Promise<Origin> {
  const size = statSync(path).size;
  let requests = 0;
  let refusing = false;
  const server: Server = createServer((request, response) => {
    requests += 1;
    const limit = origin.refuseAfter;
    if (refusing && limit) {
      response.writeHead(limit.status).end();
      return;
    }
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.writeHead(206, {
      'content-type': 'video/x-matroska',
      'accept-ranges': 'bytes',
      'content-length': size - from,
      'content-range': `bytes ${from}-${size - 1}/${size}`,
    });
    let sent = from;
    const file = createReadStream(path, { start: from });
    file.on('data', (chunk) => {
      sent += chunk.length;
      if (limit && from < limit.bytes && sent >= limit.bytes) {
        refusing = true;
        file.destroy();
        response.write(chunk, () => response.destroy());
      } else response.write(chunk);
    });
    file.on('end', () => response.end());
    response.on('close', () => file.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const origin: Origin = {
    url: `http://127.0.0.1:${port}/s/0123456789abcdef/secret-name.mkv`,
    get requests() {
      return requests;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return origin;
}

test('an address plays, and is nowhere to be seen', async () => {
  const origin = await serve(clips.clip);
  const session = await mpv.open({ url: origin.url, title: 'A film' }, { start: 8.25, paused: true });
  const state = await reach(session, ({ status }) => status === 'paused');
  expect(Math.abs(state.position - 8.25)).toBeLessThan(0.05);
  expect(await ask(session, 'media-title')).toBe('A film');
  expect(mpv.context.spawned[0]?.args.join(' ')).not.toContain('127.0.0.1');
  const ps = spawn('ps', ['-o', 'args=', '-p', String(pidOf())]);
  let shown = '';
  ps.stdout.on('data', (chunk) => {
    shown += chunk;
  });
  await new Promise((resolve) => ps.on('close', resolve));
  expect(shown).toContain('mpv');
  expect(shown).not.toContain('127.0.0.1');
  await session.stop();
  await origin.close();
});

test.each([401, 503])('a stream that answers %i in mid-film is interrupted, not finished', async (status) => {
  const path = join(clips.folder, `stream-${status}.mkv`);
  makeClip(path, 60, ['-b:v', '300k', '-minrate', '300k', '-bufsize', '300k']);
  const origin = await serve(path);
  origin.refuseAfter = { bytes: Math.floor(statSync(path).size * 0.08), status };
  const session = await mpv.open({ url: origin.url, title: 'A film', duration: 60 });
  await reach(session, playing);
  await session.setRate(4);
  const end = await once(session.onDidEnd, () => true, AbortSignal.timeout(25_000));
  expect(end).toMatchObject({ reason: 'interrupted' });
  expect(end.position).toBeGreaterThan(1);
  expect(end.position).toBeLessThan(40);
  await session.stop();
  await origin.close();
});

test('a stream that fails on the way to the start does not lose the place', async () => {
  const path = join(clips.folder, 'resumed.mkv');
  makeClip(path, 60, ['-b:v', '300k', '-minrate', '300k', '-bufsize', '300k']);
  const origin = await serve(path);
  origin.refuseAfter = { bytes: 40_000, status: 503 };
  const session = await mpv.open({ url: origin.url, title: 'A film', duration: 60 }, { start: 40 });
  const positions: number[] = [];
  session.onDidChangeState(({ position }) => positions.push(position));
  const end = await ended(session);
  expect(['interrupted', 'failed']).toContain(end.reason);
  expect(end.position).toBeGreaterThan(39);
  expect(Math.min(...positions)).toBeGreaterThan(39);
  await session.stop();
  await origin.close();
});

test('a server that refuses from the beginning is a failure of the source', async () => {
  const origin = await serve(clips.clip);
  await origin.close();
  const session = await mpv.open({ url: origin.url, title: 'A film' });
  expect(await ended(session)).toMatchObject({ reason: 'failed', error: { code: 'SOURCE_FAILED' } });
  await session.stop();
});
