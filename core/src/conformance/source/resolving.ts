import { contentKeys, type Item } from '../../item.ts';
import type { Clause } from '../clause.ts';
import { plain } from '../plain.ts';
import { shown, type Trial } from '../trial.ts';
import { firstItem, SOURCE_CODES } from './stage.ts';
import type { SourceSubject } from './subject.ts';

/** From addresses to items. */
export const resolvingClauses: readonly Clause<SourceSubject>[] = [
  {
    id: 'source.resolve.items',
    title: 'items have a content key, an address, a title and a kind',
    why: 'They are listed, stored and opened by them.',
    async run(subject, t: Trial) {
      for (const { uri } of subject.samples) {
        const { items } = await subject.source.resolve(uri, { signal: t.signal });
        for (const item of items) wellFormed(t, item);
      }
    },
  },
  {
    id: 'source.resolve.plain',
    title: 'an answer is plain JSON, and the data of an item has at most 4 KiB',
    why: 'Items are stored with progress and queues.',
    async run(subject, t: Trial) {
      for (const { uri } of subject.samples) {
        const result = await subject.source.resolve(uri, { signal: t.signal });
        plain(t, 'the answer', result);
        for (const { data } of result.items) {
          const size = JSON.stringify(data ?? {}).length;
          t.ok(size <= 4096, `the data of an item has ${size} bytes`);
        }
      }
    },
  },
  {
    id: 'source.resolve.kind',
    title: 'a single is one item; a playlist or folder has items, and says which of the two it is',
    why: 'The end of a single is the end; folders go on where the viewer stopped.',
    async run(subject, t: Trial) {
      for (const { uri, kind } of subject.samples) {
        const result = await subject.source.resolve(uri, { signal: t.signal });
        t.ok(['single', 'playlist', 'folder'].includes(result.kind), `the kind is "${result.kind}"`);
        if (kind) t.equal(`the kind of ${uri}`, result.kind, kind);
        t.ok(result.items.length > 0, `${uri} has no items`);
        if (result.kind === 'single') t.equal('the count of items of a single', result.items.length, 1);
      }
    },
  },
  {
    id: 'source.resolve.order',
    title: 'the items of a playlist or folder are all there, in playing order',
    why: 'Episode two comes after episode one.',
    async run(subject, t: Trial) {
      const listed = subject.samples.filter(({ titles }) => titles !== undefined);
      if (listed.length === 0) t.skip('no sample says its titles');
      for (const { uri, titles } of listed) {
        const { items } = await subject.source.resolve(uri, { signal: t.signal });
        const found = items.map(({ title }) => title);
        t.ok(
          shownAll(found) === shownAll(titles ?? []),
          `${shownAll(found)}, expected ${shownAll(titles ?? [])}`,
        );
      }
    },
  },
  {
    id: 'source.resolve.stable',
    title: 'the same address gives the same content keys',
    why: 'Progress is joined on them.',
    async run(subject, t: Trial) {
      for (const { uri } of subject.samples) {
        const first = await subject.source.resolve(uri, { signal: t.signal });
        const second = await subject.source.resolve(uri, { signal: t.signal });
        for (const [index, { key }] of first.items.entries())
          t.equal('the key the second time', second.items[index]?.key, key);
      }
    },
  },
  {
    id: 'source.resolve.again',
    title: 'the address of an item resolves to that item again',
    why: '"continue" plays what was stored, by its address.',
    async run(subject, t: Trial) {
      const item = await firstItem(subject, t);
      const again = await subject.source.resolve(item.uri, { signal: t.signal });
      const keys = again.items.flatMap((each) => contentKeys(each));
      t.ok(
        contentKeys(item).some((key) => keys.includes(key)),
        `${item.uri} leads to ${shown(keys)}, not to ${item.key}`,
      );
    },
  },
  {
    id: 'source.resolve.missing',
    title: 'an address that leads nowhere rejects with a code of the contract',
    why: 'The viewer is told what to do about it.',
    async run(subject, t: Trial) {
      const { missing } = subject;
      if (missing === undefined) t.skip('no address that leads nowhere was given (missing)');
      await t.rejects(
        'resolve',
        () => subject.source.resolve(missing, { signal: t.signal }),
        ...SOURCE_CODES,
      );
    },
  },
  {
    id: 'source.resolve.empty',
    title: 'a folder or playlist with nothing to play rejects with SOURCE_EMPTY',
    why: 'Nothing opens, and a sentence says why.',
    async run(subject, t: Trial) {
      const { empty } = subject;
      if (empty === undefined) t.skip('no address of something empty was given (empty)');
      await t.rejects('resolve', () => subject.source.resolve(empty, { signal: t.signal }), 'SOURCE_EMPTY');
    },
  },
  {
    id: 'source.resolve.abort',
    title: 'resolve with a signal that has fired rejects with ABORTED',
    why: 'Ctrl-C ends the walk through a large folder.',
    async run(subject, t: Trial) {
      const signal = AbortSignal.abort();
      await t.rejects('resolve', () => subject.source.resolve(subject.samples[0].uri, { signal }), 'ABORTED');
    },
  },
  {
    id: 'source.siblings.self',
    title: 'the run of items that an item is part of holds the item itself, once',
    why: '"next" counts from it.',
    async run(subject, t: Trial) {
      const { source } = subject;
      if (!source.siblings) t.skip('it knows no siblings');
      const item = await firstItem(subject, t);
      const run = await source.siblings(item, { signal: t.signal });
      const own = run.filter((each) => contentKeys(each).some((key) => contentKeys(item).includes(key)));
      t.equal('how often the item is among its siblings', own.length, 1);
    },
  },
  {
    id: 'source.list.limit',
    title: 'a page has at most as many items as were asked for',
    why: 'Large folders are shown bit by bit.',
    async run(subject, t: Trial) {
      const { list, container } = listing(subject, t);
      const { items } = await list(container, { limit: 2, signal: t.signal });
      t.ok(items.length <= 2, `a page of 2 has ${items.length} items`);
    },
  },
  {
    id: 'source.list.complete',
    title: 'page after page gives each item once',
    why: 'What is on no page is not there for a viewer.',
    async run(subject, t: Trial) {
      const { list, container } = listing(subject, t);
      const whole = await list(container, { limit: 1000, signal: t.signal });
      const keys: string[] = [];
      let cursor: string | undefined;
      for (let page = 0; page === 0 || cursor !== undefined; page += 1) {
        t.ok(page < 1_000, 'the pages do not come to an end');
        const next = await list(container, { limit: 2, signal: t.signal, ...(cursor ? { cursor } : {}) });
        keys.push(...next.items.map(({ key }) => key));
        ({ cursor } = next);
      }
      t.equal('the items of all pages', keys.join(), whole.items.map(({ key }) => key).join());
    },
  },
  {
    id: 'source.list.cursor',
    title: 'a cursor that is none of the source rejects with a code',
    why: 'It comes from outside.',
    async run(subject, t: Trial) {
      const { list, container } = listing(subject, t);
      await t.rejects('list', () => list(container, { cursor: '\u0000 made up', signal: t.signal }));
    },
  },
  {
    id: 'source.search.items',
    title: 'search gives items of the same shape, at most as many as were asked for',
    why: 'They are played as any other.',
    async run(subject, t: Trial) {
      const { source, query } = subject;
      if (!source.search || query === undefined) t.skip('it does not search, or no query was given');
      const { items } = await source.search(query, { limit: 2, signal: t.signal });
      t.ok(items.length > 0 && items.length <= 2, `search with a limit of 2 gave ${items.length} items`);
      for (const item of items) wellFormed(t, item);
    },
  },
];

function listing(subject: SourceSubject, t: Trial) {
  const { source, container } = subject;
  if (!source.list || container === undefined) t.skip('it does not list, or no container was given');
  return { list: source.list.bind(source), container };
}

function wellFormed(t: Trial, item: Item): void {
  for (const key of contentKeys(item)) {
    t.ok(/^[^:\s]+:.+$/s.test(key), `the key ${shown(key)} is not of the form scheme:value`);
    t.ok(key.length <= 200, `a key has ${key.length} characters`);
  }
  t.ok(typeof item.uri === 'string' && item.uri !== '', 'an item has no address');
  t.ok(typeof item.title === 'string' && item.title.trim() !== '', `${item.uri} has no title`);
  t.ok(['video', 'audio', 'container'].includes(item.kind), `the kind of ${item.uri} is "${item.kind}"`);
  const { size, duration } = item;
  t.ok(size === undefined || (Number.isSafeInteger(size) && size >= 0), `the size of ${item.uri} is ${size}`);
  t.ok(duration === undefined || duration >= 0, `the duration of ${item.uri} is ${duration}`);
}

const shownAll = (titles: readonly string[]): string => JSON.stringify(titles);
