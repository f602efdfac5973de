import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Disposable, Source } from '@kinoport/core';
import {
  type MakeConformance,
  type PluginConformance,
  runClause,
  type SourceSubject,
  sourceClauses,
} from '@kinoport/core/conformance';
import { TestContext } from '@kinoport/core/testing';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import plugin from '../../../plugins/torrent/src/index.ts';
import { inRepository } from '../../support/repository.ts';

/** What a torrent cannot have: a list of its own, a search, and other bytes under the same infohash. */
const SKIPPED = [
  'source.list.limit',
  'source.list.complete',
  'source.list.cursor',
  'source.search.items',
  'source.reopen.changed',
];

const BYTES = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, n) => (n * 7 + (n >> 8)) & 255));
const owned: Disposable[] = [];
let setting: PluginConformance;
let folder: string;
const contexts: TestContext[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kp-bt-conform-'));
  const film = join(folder, 'film.mkv');
  writeFileSync(film, BYTES);
  const given = join(folder, 'given');
  mkdirSync(given);
  const { default: makeConformance } = (await import(
    inRepository('plugins/torrent/kinoport.conformance.js')
  )) as { readonly default: MakeConformance };
  setting = await makeConformance({ folder: given, film, own: (each) => void owned.push(each) });
});

afterEach(async () => {
  for (const context of contexts.splice(0).reverse()) await context.dispose();
});

afterAll(async () => {
  for (const each of owned.splice(0)) await each.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function start(home: string): Promise<{ readonly context: TestContext; readonly source: Source }> {
  const usual = {
    cacheSize: 256,
    keepDays: 30,
    upload: true,
    readAhead: 12,
    metadataTimeout: 20,
    connections: 20,
  };
  const context = new TestContext({ folder: home, config: { ...usual, ...setting.config } });
  contexts.push(context);
  await context.activate(plugin);
  const source = context.sources.get('torrent');
  if (!source) throw new Error('The plugin registered no source.');
  return { context, source };
}

test.each(sourceClauses.map((clause) => [clause.id, clause] as const))('%s', async (id, clause) => {
  const home = join(folder, `plugin-${id}`);
  expect(existsSync(home)).toBe(false);
  let running = await start(home);
  const subject: SourceSubject = {
    samples: [{ uri: 'infohash:none' }],
    ...setting.sources?.torrent,
    source: running.source,
    streams: {
      look: (streamId) => running.context.published.get(streamId),
      read: (streamId, from, to, signal) => {
        const stream = running.context.published.get(streamId);
        if (!stream) throw new Error(`There is no stream ${streamId}.`);
        return stream.read(from, to ?? stream.size ?? 0, signal);
      },
    },
    again: async () => {
      running = await start(home);
      return running.source;
    },
  };
  const { status, message } = await runClause(clause, subject);
  expect({ status, message }).toEqual(
    SKIPPED.includes(id) ? { status: 'skipped', message } : { status: 'passed', message: undefined },
  );
});
