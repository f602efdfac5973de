// @ts-check
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MemoryStreams, runClause, sourceClauses } from '@kinoport/core/conformance';
import { TestContext } from '@kinoport/core/testing';
import plugin from '../src/index.js';
import { readTone, SIZE } from '../src/tone.js';

const bytes = Buffer.concat(await Array.fromAsync(readTone(440, 0, SIZE, new AbortController().signal)));
const streams = new MemoryStreams();
const context = new TestContext({ members: { streams } });
before(() => context.activate(plugin));
after(() => context.dispose());

// The same clauses that the built-in sources pass; what the source does not have is skipped.
for (const clause of sourceClauses)
  test(`${clause.id}: ${clause.title}`, async (t) => {
    const source = context.sources.get('{{id}}');
    assert.ok(source);
    const result = await runClause(clause, {
      source,
      streams,
      samples: [
        { uri: '{{id}}:440', kind: 'single', titles: ['440 Hz'], bytes },
        { uri: '{{id}}:440,660', kind: 'playlist', titles: ['440 Hz', '660 Hz'] },
      ],
      missing: '{{id}}:loud',
    });
    if (result.status === 'skipped') t.skip(result.message ?? '');
    if (result.status === 'failed') assert.fail(`${result.message} (${clause.why})`);
  });
