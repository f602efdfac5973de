// @ts-check
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { TestContext } from '@kinoport/core/testing';
import plugin from '../src/index.js';

/** @type {string} */
let folder;
/** @type {TestContext} */
let context;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), '{{id}}-'));
  context = new TestContext({ folder });
  await context.activate(plugin);
});
afterEach(() => rm(folder, { recursive: true }));

test('notes what begins and ends, in order', async () => {
  context.playback.start();
  context.playback.end({ reason: 'stopped', position: 12, watched: false });
  // Disposing waits until all is written.
  await context.dispose();
  const text = await readFile(join(folder, 'played.jsonl'), 'utf8');
  assert.deepEqual(
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [
      { event: 'started', title: 'Film', key: 'test:film', player: 'test' },
      { event: 'ended', title: 'Film', key: 'test:film', reason: 'stopped', position: 12, watched: false },
    ],
  );
});

test('notes nothing after it was deactivated', async () => {
  await context.dispose();
  context.playback.start();
  await assert.rejects(readFile(join(folder, 'played.jsonl')), { code: 'ENOENT' });
});
