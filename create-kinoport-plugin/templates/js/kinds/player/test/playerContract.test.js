// @ts-check
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { playerClauses, runClause } from '@kinoport/core/conformance';
import { TestContext } from '@kinoport/core/testing';
import plugin from '../src/index.js';

/**
 * An ffprobe that knows one film.
 * @type {Partial<import('@kinoport/core').Processes>}
 */
const processes = {
  run: async (_command, args) => {
    const exitCode = args.at(-1) === '/film.mkv' ? 0 : 1;
    return { exitCode, signal: null, stdout: '30.0\n', stderr: 'No such file' };
  },
  which: async () => '/usr/bin/ffprobe',
};
const context = new TestContext({ members: { processes } });
before(() => context.activate(plugin));
after(() => context.dispose());

// The same clauses that the built-in players pass; what the player cannot do by its capabilities is skipped.
describe('the contract of a player', { concurrency: 8 }, () => {
  for (const clause of playerClauses)
    test(`${clause.id}: ${clause.title}`, async (t) => {
      const player = context.players.get('{{id}}');
      assert.ok(player);
      const result = await runClause(clause, {
        player,
        media: {
          film: { title: 'Film', path: '/film.mkv', duration: 30 },
          missing: { title: 'None', path: '/none.mkv' },
        },
      });
      if (result.status === 'skipped') t.skip(result.message ?? '');
      if (result.status === 'failed') assert.fail(`${result.message} (${clause.why})`);
    });
});
