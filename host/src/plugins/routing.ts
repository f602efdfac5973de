import { extname } from 'node:path';
import type { SourceContribution } from '@kinoport/core';

/** A source as its manifest declares it. */
export interface SourceDeclaration {
  readonly plugin: string;
  readonly builtin: boolean;
  readonly contribution: SourceContribution;
}

/** Who answers, and by which declaration. */
export interface Route {
  readonly plugin: string;
  readonly source: string;
  /** `prefix:tt`, `extension:mkv`, `scheme:http`, `scheme:*`. */
  readonly because: string;
}

const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]+):/;

/** The scheme of an address; a path (also `C:\...`) is `file`. */
export function schemeOf(uri: string): string {
  return SCHEME.exec(uri)?.[1]?.toLowerCase() ?? 'file';
}

function extensionOf(uri: string): string {
  const path = schemeOf(uri) === 'file' ? uri : (URL.parse(uri)?.pathname ?? '');
  return extname(path).slice(1).toLowerCase();
}

/** Schemes whose addresses end in a file name. */
const WITH_EXTENSIONS = ['file', 'http', 'https'];

const RANK = { prefix: 3, extension: 2, scheme: 1, any: 0 } as const;

/**
 * Everybody who answers for an address, best first: the most specific declaration wins (id prefix, extension,
 * scheme, `*`); among equals the `routing` of the config, then built-in before others, then the order given.
 * An extension counts in the schemes that the source declares, and in local files and http(s) addresses unless it
 * declares one of these itself: `magnet` with `torrent` takes every .torrent, `https` with it only those on the web.
 */
export function routeUri(
  uri: string,
  declarations: readonly SourceDeclaration[],
  routing: Readonly<Record<string, string>> = {},
): readonly Route[] {
  const scheme = schemeOf(uri);
  const extension = extensionOf(uri);
  const found: {
    readonly route: Route;
    readonly rank: number;
    readonly preferred: boolean;
    readonly builtin: boolean;
  }[] = [];
  for (const { plugin, builtin, contribution } of declarations) {
    const schemes = contribution.schemes ?? [];
    const choosy = schemes.some((declared) => WITH_EXTENSIONS.includes(declared));
    const inScheme =
      schemes.includes(scheme) || schemes.includes('*') || (!choosy && WITH_EXTENSIONS.includes(scheme));
    const prefix = contribution.prefixes?.find((p) => uri.startsWith(p));
    const match =
      prefix !== undefined
        ? { rank: RANK.prefix, because: `prefix:${prefix}`, route: `${prefix}*` }
        : inScheme && contribution.extensions?.includes(extension)
          ? { rank: RANK.extension, because: `extension:${extension}`, route: `.${extension}` }
          : schemes.includes(scheme)
            ? { rank: RANK.scheme, because: `scheme:${scheme}`, route: scheme }
            : schemes.includes('*')
              ? { rank: RANK.any, because: 'scheme:*', route: '*' }
              : undefined;
    if (!match) continue;
    found.push({
      route: { plugin, source: contribution.id, because: match.because },
      rank: match.rank,
      preferred: routing[match.route] === contribution.id,
      builtin,
    });
  }
  const order = (a: (typeof found)[number], b: (typeof found)[number]): number =>
    b.rank - a.rank || Number(b.preferred) - Number(a.preferred) || Number(b.builtin) - Number(a.builtin);
  return found.sort(order).map((entry) => entry.route);
}
