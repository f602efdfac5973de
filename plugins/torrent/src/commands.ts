import { type JsonValue, KinoportError, type PluginContext } from '@kinoport/core';
import { registerLimits } from './limits.ts';
import type { Torrents } from './live/torrents.ts';
import type { Settings } from './settings.ts';
import { formatSize as size } from './size.ts';
import type { TorrentSource } from './source.ts';
import type { CachedTorrent, PieceCache } from './store/ports.ts';

interface Parts {
  readonly source: TorrentSource;
  readonly torrents: Torrents;
  readonly cache: () => Promise<PieceCache>;
  readonly settings: () => Settings;
}

/** `torrent list`, `torrent remove`; with `torrent limits` of `limits.ts`. */
export function registerCommands(ctx: PluginContext, parts: Parts): void {
  ctx.commands.register('torrent list', async (_input, io) => {
    const rows = await rowsOf(parts);
    if (io.wantsJson) io.json(rows as unknown as JsonValue);
    else if (rows.length === 0) io.line('There are no torrents on disk.');
    else for (const row of rows) io.line(lineOf(row));
    return 0;
  });

  ctx.commands.register('torrent remove', async ({ args, options }, io) => {
    const cache = await parts.cache();
    const all = await cache.list();
    const wanted = options.all === true ? all : [find(all, String(args.torrent ?? ''))];
    let freed = 0;
    for (const { infohash, bytes } of wanted) {
      // Whoever still reads one is told that it ends.
      await parts.source.releaseAll(infohash);
      await cache.remove(infohash);
      freed += bytes;
    }
    if (io.wantsJson) io.json({ removed: wanted.map(({ infohash }) => infohash), bytes: freed });
    else
      io.line(
        `Removed ${wanted.length === 1 ? (wanted[0]?.name ?? '') : `${wanted.length} torrents`}, ${size(freed)}.`,
      );
    return 0;
  });

  registerLimits(ctx, parts);
}

interface Row extends CachedTorrent {
  /** Bytes a second and peers, while it is joined. */
  readonly downloadRate?: number;
  readonly uploadRate?: number;
  readonly peers?: number;
}

async function rowsOf({ cache, torrents }: Parts): Promise<readonly Row[]> {
  const live = new Map((await torrents.live()).map((each) => [each.infohash, each.stats]));
  const all = await (await cache()).list();
  return [...all]
    .sort((a, b) => b.usedAt - a.usedAt)
    .map((each) => {
      const stats = live.get(each.infohash);
      if (!stats) return each;
      const { downloadRate, uploadRate, peers } = stats;
      return { ...each, downloadRate, uploadRate, peers };
    });
}

/** By infohash, its beginning, or part of the name. */
function find(all: readonly CachedTorrent[], words: string): CachedTorrent {
  const wanted = words.toLowerCase();
  const found = all.filter(
    ({ infohash, name }) =>
      wanted !== '' && (infohash.startsWith(wanted) || name.toLowerCase().includes(wanted)),
  );
  const [only] = found;
  if (only && found.length === 1) return only;
  throw new KinoportError(
    'INVALID_ARGUMENT',
    only
      ? `${found.length} torrents fit to "${words.slice(0, 100)}".`
      : `No torrent on disk fits to "${words.slice(0, 100)}".`,
    { hint: '"kinoport torrent list" shows them; give more of the name, the infohash, or --all.' },
  );
}

function lineOf({
  infohash,
  name,
  bytes,
  length,
  isPinned,
  peers,
  downloadRate = 0,
  uploadRate = 0,
}: Row): string {
  const percent = length > 0 ? Math.floor((100 * bytes) / length) : 0;
  const traffic =
    peers === undefined ? '' : `  ${peers} peers, ${size(downloadRate)}/s in, ${size(uploadRate)}/s out`;
  return `${infohash.slice(0, 8)}  ${`${percent} %`.padStart(5)} of ${size(length).padStart(8)}  ${printable(name)}${isPinned ? '  pinned' : ''}${traffic}`;
}

/** A stranger's name could steer the terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '�');
}
