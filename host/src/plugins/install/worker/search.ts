import { installFailure } from './failures.ts';
import { libraries } from './libraries.ts';
import { npmSettings } from './npmSettings.ts';
import type { SearchRequest, SearchResult } from './protocol.ts';

/** The keyword that plugins carry. */
const KEYWORD = 'kinoport-plugin';

interface Found {
  readonly name?: unknown;
  readonly version?: unknown;
  readonly description?: unknown;
  readonly keywords?: unknown;
  readonly publisher?: { readonly username?: unknown };
  readonly author?: { readonly name?: unknown };
  readonly date?: unknown;
}

/**
 * Packages of the registry that carry the keyword and match the words.
 * @throws KinoportError `PLUGIN_FETCH_FAILED`
 */
export async function searchPackages({ words, limit, folder, cache }: SearchRequest): Promise<SearchResult> {
  try {
    const settings = await npmSettings(folder, cache);
    const found = (await libraries.search()([`keywords:${KEYWORD}`, ...words], {
      ...settings,
      limit: Math.min(250, limit),
      preferOnline: true,
    })) as readonly Found[];
    return (
      found
        // Not every registry knows what `keywords:` means.
        .filter(({ keywords }) => Array.isArray(keywords) && keywords.includes(KEYWORD))
        .map(({ name, version, description, publisher, author, date }) => ({
          name: text(name, 300),
          version: text(version, 300),
          description: text(description, 2000),
          author: text(publisher?.username ?? author?.name, 300),
          date: date instanceof Date && !Number.isNaN(date.getTime()) ? date.toISOString() : '',
        }))
        .filter(({ name }) => name !== '')
    );
  } catch (error) {
    throw installFailure(error, 'The search in the registry', 'PLUGIN_FETCH_FAILED');
  }
}

function text(value: unknown, max: number): string {
  return typeof value === 'string' ? value.slice(0, max) : '';
}
