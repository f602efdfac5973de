// @ts-check
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { TestContext } from '@kinoport/core/testing';
import plugin from '../src/index.js';

/** @type {TestContext} */
let context;
/** @type {import('@kinoport/core').Source} */
let source;

beforeEach(async () => {
  context = new TestContext();
  await context.activate(plugin);
  const registered = context.sources.get('{{id}}');
  assert.ok(registered);
  source = registered;
});
afterEach(() => context.dispose());

test('an address leads to an item, several to a list', async () => {
  const { kind, items } = await source.resolve('{{id}}:440', {});
  assert.equal(kind, 'single');
  assert.deepEqual(
    items.map(({ title, duration }) => [title, duration]),
    [['440 Hz', 5]],
  );
  const list = await source.resolve('{{id}}:440,660', {});
  assert.equal(list.kind, 'playlist');
  assert.deepEqual(
    list.items.map(({ title }) => title),
    ['440 Hz', '660 Hz'],
  );
});

test('an address that leads nowhere is refused with what to do', async () => {
  await assert.rejects(source.resolve('{{id}}:loud', {}), { code: 'SOURCE_NOT_FOUND', hint: /440/ });
});

test('a range of bytes is the same as in the whole, and after the process was replaced', async () => {
  const [item] = (await source.resolve('{{id}}:440', {})).items;
  assert.ok(item);
  const { size, validators, record } = await source.open(item, { streamId: 'first' });
  const whole = await context.read('first');
  assert.equal(whole.length, size);
  assert.deepEqual(await context.read('first', 40, 70_000), whole.slice(40, 70_000));

  assert.ok(record && source.reopen);
  const again = await source.reopen({ streamId: 'second', item, record }, {});
  assert.deepEqual([again.size, again.validators], [size, validators]);
  assert.deepEqual(await context.read('second', 100, 200), whole.slice(100, 200));
});

test('a released stream is gone', async () => {
  const [item] = (await source.resolve('{{id}}:440', {})).items;
  assert.ok(item);
  await source.open(item, { streamId: 'stream' });
  await source.release('stream');
  assert.equal(context.published.size, 0);
});
