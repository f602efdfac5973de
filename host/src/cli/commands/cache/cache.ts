import { KinoportError, PRODUCT } from '@kinoport/core';
import type { CacheEntryView, CacheView } from '../../../api/cacheProtocol.ts';
import { withHost } from '../../connection/connectHost.ts';
import type { HostConnection } from '../../connection/hostConnection.ts';
import { type CliContext, type CommonOptions, outputFor } from '../../context.ts';
import type { Output } from '../../terminal/output.ts';
import { ask } from '../../terminal/prompt.ts';
import { formatTable } from '../../terminal/table.ts';
import { formatAgo, formatBytes } from '../../terminal/time.ts';
import { printable } from '../../terminal/width.ts';

export interface SourceOptions extends CommonOptions {
  readonly source?: string;
}

export interface ClearCommandOptions extends SourceOptions {
  readonly pinned?: boolean;
  readonly yes?: boolean;
}

export interface PinOptions extends SourceOptions {
  readonly all?: boolean;
}

type Kept = Exclude<CacheView, { readonly error: object }>;

/** `cache info [words...]`; exit code 1 when a source could not say what it keeps. */
export async function runCacheInfo(
  ctx: CliContext,
  words: readonly string[],
  options: SourceOptions,
): Promise<number> {
  const output = outputFor(ctx, options);
  const views = await withHost(ctx, (host) => host.call('cache.usage', params(options)));
  const shown = views.map((view) => (isKept(view) ? { ...view, entries: selected(view, words) } : view));
  if (output.json) output.value(shown);
  else if (shown.length === 0) output.info('No source keeps anything on disk.');
  else for (const view of shown) show(ctx, output, view);
  return views.every(isKept) ? 0 : 1;
}

/** `cache clear [words...]` */
export async function runCacheClear(
  ctx: CliContext,
  words: readonly string[],
  options: ClearCommandOptions,
): Promise<number> {
  const output = outputFor(ctx, options);
  const force = options.yes === true;
  return withHost(ctx, async (host) => {
    const wanted = await choose(host, output, words, options, ({ pinned }) =>
      words.length > 0 || options.pinned === true ? true : !pinned,
    );
    const entries = wanted.flatMap(({ entries }) => entries);
    if (entries.length === 0) {
      if (output.json) output.value([]);
      output.info('There is nothing to remove.');
      return 0;
    }
    const playing = entries.flatMap((entry) => entry.playing);
    if (playing.length > 0 && !force) throw inUse(playing);
    if (!force && !(await confirmed(output, wanted))) return 1;
    const removed = [];
    for (const { source, entries } of wanted) {
      const ids = entries.map(({ id }) => id);
      const { bytes } = await host.call('cache.clear', { source, entries: ids, force });
      removed.push({ source, removed: ids, bytes });
    }
    if (output.json) output.value(removed);
    const bytes = removed.reduce((sum, each) => sum + each.bytes, 0);
    output.info(`Removed ${counted(entries)}, ${formatBytes(bytes)}.`);
    return 0;
  });
}

/** `cache prune` */
export async function runCachePrune(ctx: CliContext, options: SourceOptions): Promise<number> {
  const output = outputFor(ctx, options);
  return withHost(ctx, async (host) => {
    const pruned = [];
    for (const { source } of await choose(host, output, [], options, () => true)) {
      const { bytes } = await host.call('cache.prune', { source });
      pruned.push({ source, bytes });
    }
    if (output.json) output.value(pruned);
    const bytes = pruned.reduce((sum, each) => sum + each.bytes, 0);
    output.info(bytes === 0 ? 'There was nothing to remove.' : `Removed ${formatBytes(bytes)}.`);
    return 0;
  });
}

/** `cache pin [words...]`, `cache unpin [words...]` */
export async function runCachePin(
  ctx: CliContext,
  words: readonly string[],
  pinned: boolean,
  options: PinOptions,
): Promise<number> {
  const output = outputFor(ctx, options);
  if (words.length === 0 && !options.all) {
    throw new KinoportError('USAGE', 'It has to be said what is meant.', {
      hint: 'Give words of its title or the beginning of its id, or --all.',
    });
  }
  return withHost(ctx, async (host) => {
    const changed = [];
    for (const { source, entries } of await choose(host, output, words, options, () => true)) {
      if (entries.length === 0) continue;
      await host.call('cache.pin', { source, entries: entries.map(({ id }) => id), pinned });
      changed.push({ source, entries: entries.map(({ id }) => id), pinned });
      for (const { title } of entries) output.info(`${printable(title)} is ${pinned ? '' : 'un'}pinned.`);
    }
    if (output.json) output.value(changed);
    return 0;
  });
}

/** What of each source is meant; tells of sources that cannot be asked. @throws KinoportError `INVALID_ARGUMENT` */
async function choose(
  host: HostConnection,
  output: Output,
  words: readonly string[],
  options: SourceOptions,
  isMeant: (entry: CacheEntryView) => boolean,
): Promise<readonly Kept[]> {
  const views = await host.call('cache.usage', params(options));
  for (const { source, error } of views)
    if (error) output.note(printable(`${source}: ${error.message} (${error.code})`));
  const kept = views
    .filter(isKept)
    .map((view) => ({ ...view, entries: selected(view, words).filter(isMeant) }));
  if (words.length === 0 || kept.some(({ entries }) => entries.length > 0)) return kept;
  throw new KinoportError('INVALID_ARGUMENT', `Nothing that is kept fits to "${words.join(' ')}".`, {
    hint: `"${PRODUCT.command} cache info" shows what there is; give words of a title, or the beginning of an id.`,
  });
}

function params({ source }: SourceOptions): { readonly source?: string } {
  return source === undefined ? {} : { source };
}

function isKept(view: CacheView): view is Kept {
  return view.error === undefined;
}

/** All words are in the title, or the only one is how the id begins. */
function selected({ entries }: Kept, words: readonly string[]): readonly CacheEntryView[] {
  const wanted = words.map((word) => word.toLowerCase());
  return entries.filter(
    ({ id, title }) =>
      wanted.every((word) => title.toLowerCase().includes(word)) ||
      (wanted.length === 1 && id.toLowerCase().startsWith(wanted[0] ?? '')),
  );
}

async function confirmed(output: Output, wanted: readonly Kept[]): Promise<boolean> {
  const entries = wanted.flatMap(({ entries }) => entries);
  for (const { title, bytes, pinned } of entries.slice(0, 20))
    output.note(`  ${formatBytes(bytes).padStart(10)}  ${printable(title)}${pinned ? ' (pinned)' : ''}`);
  if (entries.length > 20) output.note(`  and ${entries.length - 20} more`);
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  return /^y(es)?$/i.test((await ask(`Remove ${counted(entries)}, ${formatBytes(bytes)}? [y/N] `)).trim());
}

function counted(entries: readonly unknown[]): string {
  return `${entries.length} ${entries.length === 1 ? 'entry' : 'entries'}`;
}

function inUse(titles: readonly string[]): KinoportError {
  const named = titles.map((title) => `"${printable(title)}"`).join(', ');
  return new KinoportError('CACHE_IN_USE', `${named} ${titles.length > 1 ? 'play' : 'plays'} from it.`, {
    hint: 'Stop that first; with --yes it is stopped.',
  });
}

function show(ctx: CliContext, output: Output, view: CacheView): void {
  if (!isKept(view)) {
    output.note(printable(`${view.source}: ${view.error.message} (${view.error.code})`));
    return;
  }
  const { source, bytes, limit, entries } = view;
  const of = limit === null ? '' : ` of ${formatBytes(limit)}`;
  output.info(`${printable(source)}: ${formatBytes(bytes)}${of}, ${counted(entries)}`);
  const table = formatTable(
    [
      { title: 'Id' },
      { title: 'Title', flexible: true },
      { title: 'Kept', align: 'right' },
      { title: 'Of', align: 'right' },
      { title: 'Used' },
      { title: '' },
    ],
    entries.map((entry) => [
      entry.id.slice(0, 8),
      entry.title,
      formatBytes(entry.bytes),
      entry.size === null ? '' : formatBytes(entry.size),
      entry.usedAt === null ? '' : formatAgo(entry.usedAt, ctx.clock.wall()),
      [...(entry.pinned ? ['pinned'] : []), ...(entry.playing.length > 0 ? ['plays'] : [])].join(', '),
    ]),
    output.columns,
  );
  if (entries.length > 0) for (const line of table) output.data(line);
}
