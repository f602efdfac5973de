import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MemoryStreams, runClause, sourceClauses } from '@kinoport/core/conformance';
import { TestContext } from '@kinoport/core/testing';
import conformance from '../kinoport.conformance.ts';
import plugin from '../src/index.ts';

const streams = new MemoryStreams();
const context = new TestContext({ members: { streams } });
before(() => context.activate(plugin));
after(() => context.dispose());

// The same clauses that the built-in sources pass; what the source does not have is skipped.
for (const clause of sourceClauses)
  test(`${clause.id}: ${clause.title}`, async (t) => {
    const source = context.sources.get('{{id}}');
    assert.ok(source);
    const result = await runClause(clause, { source, streams, ...conformance.sources['{{id}}'] });
    if (result.status === 'skipped') t.skip(result.message ?? '');
    if (result.status === 'failed') assert.fail(`${result.message} (${clause.why})`);
  });
