// @ts-check
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { TestContext, TestPlayback, VirtualClock } from '@kinoport/core/testing';
import plugin from '../src/index.js';

/** @type {string} */
let folder;
/** @type {VirtualClock} */
let clock;
/** @type {TestContext} */
let context;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scrobble-'));
  clock = new VirtualClock();
  context = await generation();
});
afterEach(async () => {
  await context.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** A process of the plugin, with what the one before had stored. */
async function generation(before = context, playback = new TestPlayback()) {
  const next = new TestContext({ folder, clock, members: { playback } });
  Object.defineProperty(next, 'playback', { value: playback });
  for (const [key, value] of before?.storage ?? []) next.storage.set(key, value);
  await next.activate(plugin);
  return next;
}

/** Event, status or reason, and position of each line, once all that happened is written. */
async function written(of = context) {
  await of.dispose();
  const text = await readFile(join(folder, 'scrobbles.jsonl'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .map(({ event, reason, position }) => [event, ...(reason ? [reason] : []), position]);
}

/** @param {Parameters<TestPlayback['change']>[0]} state */
function change(state, { playback } = context) {
  clock.stepWall(1000);
  playback.change({ at: clock.now() + (state.position ?? 0), ...state });
}

const state = (/** @type {string} */ itemToken, position = 0) => ({
  itemToken,
  status: /** @type {const} */ ('playing'),
  position,
  at: clock.now(),
  duration: 60,
  rate: 1,
  volume: 100,
  muted: false,
  seekable: true,
  epoch: 1,
  cause: 'user',
  tracks: [],
});

test('what began, paused, went on and ended', async () => {
  context.playback.start();
  change({ position: 1 });
  change({ position: 5, status: 'paused' });
  change({ position: 5.0001, status: 'paused' });
  change({ position: 6, status: 'seeking' });
  change({ position: 9, status: 'playing' });
  context.playback.end();
  context.playback.close();
  assert.deepEqual(await written(), [
    ['began', 0],
    ['paused', 5],
    ['resumed', 9],
    ['ended', 'finished', 60],
  ]);
});

test('a player that is paused while it looks for its place has not begun yet', async () => {
  context.playback.start({ state: { ...state('item'), status: 'opening' } });
  change({ position: 0, status: 'paused' });
  change({ position: 28, status: 'seeking' });
  change({ position: 28.1, status: 'playing' });
  context.playback.end();
  assert.deepEqual(await written(), [
    ['began', 28.1],
    ['ended', 'finished', 60],
  ]);
});

test('what never played has begun and ended', async () => {
  context.playback.start({ state: { ...state('item'), status: 'opening' } });
  context.playback.end({ reason: 'failed', position: 0, watched: false });
  assert.deepEqual(await written(), [
    ['began', 0],
    ['ended', 'failed', 0],
  ]);
});

test('items of one session are told apart, also while the next still has the name of the one before', async () => {
  const { item } = context.playback.start({ state: state('first') });
  context.playback.end({ watched: true });
  context.playback.start({
    item: { ...item, key: 'test:second', title: 'Second' },
    state: state('first', 60),
  });
  change({ itemToken: 'second', position: 0.5 });
  context.playback.end({ reason: 'stopped', position: 8, watched: false });
  assert.deepEqual(await written(), [
    ['began', 0],
    ['ended', 'finished', 60],
    ['began', 0.5],
    ['ended', 'stopped', 8],
  ]);
});

test('two processes that hear the same write each line once', async () => {
  const other = await generation();
  for (const { playback } of [context, other]) playback.start();
  for (const each of [other, context]) change({ position: 5, status: 'paused', at: clock.now() + 5 }, each);
  for (const { playback } of [context, other]) playback.end();
  await other.dispose();
  assert.deepEqual(await written(), [
    ['began', 0],
    ['paused', 5],
    ['ended', 'finished', 60],
  ]);
});

test('old news from the process before is known for what it is', async () => {
  const other = await generation();
  for (const { playback } of [context, other]) playback.start();
  const at = clock.now();
  change({ position: 5, status: 'paused', at: at + 5 });
  change({ position: 6, status: 'playing', at: at + 6 });
  await context.dispose();
  change({ position: 5, status: 'paused', at: at + 5 }, other);
  assert.deepEqual(await written(other), [
    ['began', 0],
    ['paused', 5],
    ['resumed', 6],
  ]);
});

test('after a crash a film that goes on goes on, without a second beginning', async () => {
  const { playback } = context;
  playback.start();
  change({ position: 5, status: 'paused' });
  await context.dispose();
  // The next process hears first what plays already.
  context = await generation(context, playback);
  const [snapshot] = await playback.list();
  playback.start(snapshot);
  change({ position: 8, status: 'playing' });
  playback.end();
  assert.deepEqual(await written(), [
    ['began', 0],
    ['paused', 5],
    ['resumed', 8],
    ['ended', 'finished', 60],
  ]);
});

test('an end that nobody saw is noted by the next process', async () => {
  context.playback.start();
  change({ position: 5, status: 'paused' });
  await context.dispose();
  context = await generation();
  assert.deepEqual(await written(), [
    ['began', 0],
    ['paused', 5],
    ['ended', 'missed', 5],
  ]);
  // A third one has nothing to add.
  context = await generation();
  assert.equal((await written()).length, 3);
});

test('a file of another Kinoport as well is not taken for its own', async () => {
  context.playback.start();
  await context.dispose();
  context = await generation(new TestContext({ folder }));
  assert.deepEqual(await written(), [['began', 0]]);
});

test('what cannot be written is said, and written later', async () => {
  const file = join(folder, 'scrobbles.jsonl');
  await mkdir(file);
  context.playback.start();
  while (!context.attention) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(context.attention.code, 'SCROBBLES_NOT_WRITTEN');
  await rmdir(file);
  await clock.advance(2_000);
  assert.deepEqual(await written(), [['began', 0]]);
  assert.equal(context.attention, undefined);
});

test('commands show and export what was played', async () => {
  const { item } = context.playback.start();
  const odd = { ...item, title: '=A "film", and more', key: 'test:odd' };
  context.playback.end();
  context.playback.start({ id: 'other', item: odd, state: state('odd') });
  await context.dispose();
  context = await generation();
  const list = await context.run('scrobble list', { options: { last: 1 } });
  assert.match(
    list.stdout.join('\n'),
    /^\d{4}-\d\d-\d\d \d\d:\d\d {2}=A "film", and more {2}0:00:00 of 0:01:00 {2}(playing|missed)$/,
  );
  const [first] = (await context.run('scrobble list', { options: { last: 0 }, json: true })).stdout;
  assert.deepEqual(JSON.parse(first ?? '').watched, true);
  const csv = (await context.run('scrobble export', { options: { format: 'csv' } })).stdout;
  assert.equal(csv.length, 3);
  assert.ok(csv[2]?.includes(`"'=A ""film"", and more"`));
  const lines = (await context.run('scrobble export', { options: { format: 'jsonl' } })).stdout;
  assert.equal(JSON.parse(lines[0] ?? '').event, 'began');
  await assert.rejects(context.run('scrobble export', { options: { format: 'xml' } }), {
    code: 'INVALID_ARGUMENT',
  });
  await assert.rejects(context.run('scrobble list', { options: { last: -1 } }), { code: 'INVALID_ARGUMENT' });
});

test('lines in a file that are none are left out', async () => {
  await writeFile(join(folder, 'scrobbles.jsonl'), '{"half\n\n[]\n"text"\n');
  const { exitCode, stdout } = await context.run('scrobble export', { options: { format: 'jsonl' } });
  assert.deepEqual([exitCode, stdout], [0, []]);
});
