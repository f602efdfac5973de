import { examples } from '../../help.ts';

/** What stands below the options in `cache <command> --help`. */
export const CACHE_HELP = {
  cache: examples(
    ['cache info', 'what sources keep on disk, and how much'],
    ['cache clear sintel', 'remove what has that word in its title'],
    ['cache pin sintel', 'keep it, whatever else needs the room'],
  ),
  info: examples(
    ['cache info', 'of all sources, what was used last first'],
    ['cache info --source torrent --json', 'of one, for programs'],
  ),
  clear: `${examples(
    ['cache clear', 'all that is not pinned; asks first'],
    ['cache clear 3f2a91b0 --yes', 'by the beginning of its id, without a question'],
    ['cache clear --pinned', 'what is pinned, too'],
  )}\n\nA film that plays from it is named, and stopped only with --yes. What is named is removed even when it is pinned.`,
  prune: examples(['cache prune', 'at once what would go by itself: over the limit, or too old']),
  pin: examples(['cache pin sintel', 'it stays until it is unpinned or cleared'], ['cache pin --all', 'all']),
  unpin: examples(['cache unpin sintel', 'it may go as others do']),
} as const;
