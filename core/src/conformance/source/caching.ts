import type { CacheEntry, SourceCache } from '../../sourceCache.ts';
import type { Clause } from '../clause.ts';
import { plain } from '../plain.ts';
import type { Trial } from '../trial.ts';
import { firstItem, openItem, PATIENCE } from './stage.ts';
import type { SourceSubject } from './subject.ts';

/** What is kept on disk. */
export const cachingClauses: readonly Clause<SourceSubject>[] = [
  {
    id: 'source.cache.usage',
    title: 'what is kept is plain JSON, with one entry an id, and no more in the entries than in all',
    why: 'It is shown, and things are removed by it.',
    async run(subject, t: Trial) {
      const { cache } = await kept(subject, t);
      const usage = await cache.usage({ signal: t.signal });
      plain(t, 'the usage', usage);
      const ids = usage.entries.map(({ id }) => id);
      t.equal('the count of different ids', new Set(ids).size, ids.length);
      const sum = usage.entries.reduce((bytes, entry) => bytes + entry.bytes, 0);
      t.ok(sum <= usage.bytes, `the entries have ${sum} bytes, and all is said to have ${usage.bytes}`);
    },
  },
  {
    id: 'source.cache.pin',
    title:
      'a pinned entry says that it is, until it is unpinned, and is left alone by prune; unknown ones are nothing',
    why: 'Somebody wants to have it tomorrow, on the train.',
    async run(subject, t: Trial) {
      const { cache, entry } = await kept(subject, t);
      if (!cache.pin) t.skip('it pins nothing');
      for (const pinned of [true, false]) {
        await t.within(
          'pin',
          PATIENCE,
          cache.pin([entry.id, 'nobody-has-this'], pinned, { signal: t.signal }),
        );
        if (pinned) await t.within('prune', PATIENCE, cache.prune({ signal: t.signal }));
        const after = await find(cache, entry, t);
        t.equal(`pinned, after it was ${pinned ? '' : 'un'}pinned`, after?.pinned, pinned);
      }
    },
  },
  {
    id: 'source.cache.clear',
    title: 'clear removes an entry, even one that is read, and nothing for an id that there is none of',
    why: 'Somebody needs the room, or wants it gone.',
    async run(subject, t: Trial) {
      const { cache, entry } = await kept(subject, t);
      const { signal } = t;
      await t.within('clear', PATIENCE, cache.clear(['nobody-has-this'], { signal }));
      t.ok((await find(cache, entry, t)) !== undefined, 'an entry has gone that was not named');
      const freed = await t.within('clear', PATIENCE, cache.clear([entry.id], { signal }));
      plain(t, 'the answer', freed);
      t.ok((await find(cache, entry, t)) === undefined, 'the entry is still there');
    },
  },
];

/** The first item opened, and an entry of what is kept, which is that of the item as a rule. */
async function kept(
  subject: SourceSubject,
  t: Trial,
): Promise<{ readonly cache: SourceCache; readonly entry: CacheEntry }> {
  const { cache } = subject.source;
  if (!cache) t.skip('it keeps nothing on disk');
  const { id } = await openItem(subject, t, await firstItem(subject, t));
  const { entries } = await cache.usage({ signal: t.signal });
  const entry = entries.find(({ streams }) => streams.includes(id)) ?? entries[0];
  return { cache, entry: entry ?? t.skip('it kept nothing of the first sample') };
}

async function find(cache: SourceCache, { id }: CacheEntry, t: Trial): Promise<CacheEntry | undefined> {
  return (await cache.usage({ signal: t.signal })).entries.find((each) => each.id === id);
}
