// @ts-check
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { TestContext } from '@kinoport/core/testing';
import plugin from '../src/index.js';

/** @type {TestContext} */
let context;

beforeEach(async () => {
  context = new TestContext();
  await context.activate(plugin);
});
afterEach(() => context.dispose());

test('greets who is named', async () => {
  const { exitCode, stdout } = await context.run('{{id}} hello', { args: { name: 'Ada' } });
  assert.deepEqual([exitCode, stdout], [0, ['Hello, Ada!']]);
});

test('shouts when asked to, and prints JSON where a program reads', async () => {
  const { stdout } = await context.run('{{id}} hello', {
    args: { name: 'Ada' },
    options: { shout: true },
    json: true,
  });
  assert.deepEqual(stdout, ['{"said":"HELLO, ADA!"}']);
});

test('asks for a name where there is a terminal only', async () => {
  const { questions, stdout } = await context.run('{{id}} hello', { answers: ['Grace'] });
  assert.deepEqual([questions, stdout], [['Your name? '], ['Hello, Grace!']]);
  await assert.rejects(context.run('{{id}} hello'), { code: 'NOT_INTERACTIVE' });
});
