import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Player, PlayerSession } from '@kinoport/core';
import { type PlayerSubject, playerClauses, runClause } from '@kinoport/core/conformance';
import { TestContext } from '@kinoport/core/testing';
import plugin from '../src/index.ts';
import { LocalProcesses } from './processes.ts';

const DURATION = 25;

let folder: string;
let film: string;
let listener: Socket;
let received = 0;
let context: TestContext;
let processes: LocalProcesses;
let player: Player;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cast-'));
  film = join(folder, 'a film: with "odd" name.mkv');
  const picture = ['-f', 'lavfi', '-i', `testsrc=size=128x72:rate=25:duration=${DURATION}`];
  const sound = ['-f', 'lavfi', '-i', `sine=frequency=440:duration=${DURATION}`];
  execFileSync('ffmpeg', [
    '-v',
    'error',
    ...picture,
    ...sound,
    '-c:v',
    'libx264',
    '-c:a',
    'aac',
    `file:${film}`,
  ]);
  listener = createSocket('udp4').on('message', ({ length }) => {
    received += length;
  });
  listener.bind(0, '127.0.0.1');
  await once(listener, 'listening');
  processes = new LocalProcesses();
  const target = `udp://127.0.0.1:${listener.address().port}?pkt_size=1316`;
  context = new TestContext({
    folder,
    config: { target, preset: 'ultrafast', bitrate: 1000 },
    members: { processes },
  });
  await context.activate(plugin);
  const found = context.players.get('broadcast');
  assert.ok(found);
  player = found;
});

after(async () => {
  await context.dispose();
  listener.close();
  rmSync(folder, { recursive: true });
});

async function opened(paused: boolean): Promise<PlayerSession> {
  const options = { sessionId: crypto.randomUUID(), itemToken: crypto.randomUUID(), start: 3, paused };
  return player.open({ path: film, title: 'Film' }, options);
}

function reached(session: PlayerSession, status: string): Promise<void> {
  if (session.state.status === status) return Promise.resolve();
  return new Promise((resolve) => {
    const subscription = session.onDidChangeState((state) => {
      if (state.status !== status) return;
      void subscription.dispose();
      resolve();
    });
  });
}

test('an installation is found, with its version', async () => {
  const [installation] = await player.probe({});
  assert.match(installation?.version ?? '', /\d/);
  assert.equal(installation?.problem, undefined);
});

test('what is sent arrives, nothing while it is paused, and goes on after a seek', async () => {
  const session = await opened(false);
  await reached(session, 'playing');
  if (received === 0) await once(listener, 'message');
  await session.pause();
  // What was on its way.
  await sleep(100);
  received = 0;
  assert.deepEqual([...processes.pids], []);
  await sleep(500);
  assert.equal(received, 0);
  await session.seek(10);
  assert.equal(session.state.position, 10);
  await session.play();
  assert.ok(received > 0, 'nothing arrives');
  await session.stop();
  assert.deepEqual([...processes.pids], []);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith('.sock')),
    [],
  );
});

test('while something is sent nothing else is', async () => {
  const session = await opened(true);
  await assert.rejects(opened(true), { code: 'PLAYER_START_FAILED' });
  await session.stop();
  await (await opened(true)).stop();
});

test('an ffmpeg that dies ends the item as killed', async () => {
  const session = await opened(false);
  await reached(session, 'playing');
  const ended = new Promise<string>((resolve) => session.onDidEnd(({ reason }) => resolve(reason)));
  for (const pid of processes.pids) process.kill(pid, 'SIGKILL');
  assert.equal(await ended, 'killed');
  assert.equal(session.state.status, 'gone');
});

for (const clause of playerClauses)
  test(clause.id, async (t) => {
    const garbage = join(folder, 'garbage.mkv');
    writeFileSync(garbage, 'This is no film.\n'.repeat(50));
    const subject: PlayerSubject = {
      player,
      media: {
        film: { path: film, title: 'Film', duration: DURATION },
        missing: { path: join(folder, 'missing.mkv'), title: 'Missing' },
        garbage: { path: garbage, title: 'Garbage' },
      },
      isAlive: async () => processes.pids.size > 0,
      kill: async () => {
        for (const pid of processes.pids) process.kill(pid, 'SIGKILL');
      },
    };
    const { status, message } = await runClause(clause, subject);
    if (status === 'skipped') t.skip(message);
    assert.notEqual(status, 'failed', `${clause.title}: ${message}`);
  });
