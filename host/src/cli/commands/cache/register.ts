import type { Command } from 'commander';
import type { CliContext } from '../../context.ts';
import type { AddCommand } from '../plugin/register.ts';
import type { ClearCommandOptions, PinOptions, SourceOptions } from './cache.ts';
import { CACHE_HELP } from './help.ts';

const SOURCE = ['--source <id>', 'of one source only'] as const;

/** `cache info`, `clear`, `prune`, `pin`, `unpin`. */
export function registerCacheCommands(cache: Command, add: AddCommand, ctx: CliContext): void {
  const words = (args: readonly (string | undefined)[]): readonly string[] =>
    args.filter((arg): arg is string => arg !== undefined);
  add<SourceOptions>(
    cache,
    'info [words...]',
    'what is kept, and how much',
    CACHE_HELP.info,
    async (args, o) => (await import('./cache.ts')).runCacheInfo(ctx, words(args), o),
  ).option(...SOURCE);
  add<ClearCommandOptions>(
    cache,
    'clear [words...]',
    'remove it, by words of the title or the beginning of the id; without words all that is not pinned',
    CACHE_HELP.clear,
    async (args, o) => (await import('./cache.ts')).runCacheClear(ctx, words(args), o),
  )
    .option(...SOURCE)
    .option('--pinned', 'what is pinned, too')
    .option('-y, --yes', 'ask nothing, and stop what plays from it');
  add<SourceOptions>(
    cache,
    'prune',
    'remove what is over the limit or too old',
    CACHE_HELP.prune,
    async (_, o) => (await import('./cache.ts')).runCachePrune(ctx, o),
  ).option(...SOURCE);
  for (const [name, text] of [
    ['pin', 'keep it, whatever else needs the room'],
    ['unpin', 'let it go as others do'],
  ] as const) {
    add<PinOptions>(cache, `${name} [words...]`, text, CACHE_HELP[name], async (args, o) =>
      (await import('./cache.ts')).runCachePin(ctx, words(args), name === 'pin', o),
    )
      .option(...SOURCE)
      .option('--all', 'all that is kept');
  }
}
