import { type Disposable, DisposableStore, type Sync } from '@kinoport/core';
import {
  type MakeConformance,
  MemoryPlayback,
  type PluginConformance,
  runClause,
  type SyncPerson,
  syncClauses,
} from '@kinoport/core/conformance';
import { TestContext } from '@kinoport/core/testing';
import { afterAll, expect, test } from 'vitest';
import plugin from '../../../plugins/watch-together/src/index.ts';
import { inRepository } from '../../support/repository.ts';

const owned = new DisposableStore();
const { default: makeConformance } = (await import(
  inRepository('plugins/watch-together/kinoport.conformance.js')
)) as { readonly default: MakeConformance };

afterAll(() => owned.dispose());

/** Somebody at a machine of their own. */
async function person({ config, syncs }: PluginConformance, which: 0 | 1): Promise<SyncPerson> {
  const playback = owned.add(new MemoryPlayback());
  const context = owned.add(new TestContext({ config: { ...config }, members: { playback } }));
  await context.activate(plugin);
  const sync: Sync | undefined = context.syncs.get('room');
  if (!sync) throw new Error('The plugin registered no sync.');
  return { sync, playback, slip: (id, seconds) => playback.slip(id, seconds), ...syncs?.room?.people[which] };
}

// Together, as most of their time is waiting.
test.concurrent.each(syncClauses.map((clause) => [clause.id, clause] as const))(
  '%s',
  async (_id, clause) => {
    const own = (each: Disposable): void => void owned.add(each);
    const setting = await makeConformance({ folder: '/none', film: '/none', own });
    const people = [await person(setting, 0), await person(setting, 1)] as const;
    const { status, message } = await runClause(clause, { people });
    expect({ status, message }).toEqual({ status: 'passed' });
  },
  60_000,
);
