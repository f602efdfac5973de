import { createHash } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type ConfigSurroundings, configFolders, watchLaterFolders } from './configFolder.ts';
import type { MpvConf } from './mpvConf.ts';

/** The file name that mpv gives a path: upper-case hex MD5 of it (measured with 0.35.1). */
export function watchLaterName(path: string): string {
  return createHash('md5').update(path).digest('hex').toUpperCase();
}

/** `start=` of a watch-later file; a redirect entry of a folder has none. */
export function parseWatchLater(text: string): number | undefined {
  const match = /^start=(\d+(?:\.\d+)?)\s*$/m.exec(text);
  const position = match ? Number(match[1]) : Number.NaN;
  return Number.isFinite(position) && position > 0 ? position : undefined;
}

/** Where mpv itself would go on with a file. Only reads. `undefined`: mpv remembers nothing. */
export async function rememberedPosition(
  path: string,
  conf: MpvConf,
  where: ConfigSurroundings,
): Promise<number | undefined> {
  const folders = foldersOf(conf, where);
  for (const name of (await pathsOf(path, conf)).map(watchLaterName)) {
    for (const folder of folders) {
      const position = await readPosition(join(folder, name));
      if (position !== undefined) return position;
    }
  }
  return undefined;
}

async function readPosition(file: string): Promise<number | undefined> {
  try {
    return parseWatchLater(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** The ways in which the same file may have been named to mpv. */
async function pathsOf(path: string, conf: MpvConf): Promise<readonly string[]> {
  if (conf.get('ignore-path-in-watch-later-config') === 'yes') return [basename(path)];
  const absolute = resolve(path);
  const paths = [absolute, join(dirname(absolute), '.').concat(`/./${basename(absolute)}`)];
  try {
    paths.push(await realpath(absolute));
  } catch {
    // The file is gone; its memory may still be there.
  }
  return [...new Set(paths)];
}

function foldersOf(conf: MpvConf, where: ConfigSurroundings): readonly string[] {
  const named = conf.get('watch-later-dir') ?? conf.get('watch-later-directory');
  if (named === undefined || named === '') return watchLaterFolders(where);
  if (named.startsWith('~~/') || named.startsWith('~~home/')) {
    const rest = named.slice(named.indexOf('/') + 1);
    return configFolders(where).map((folder) => join(folder, rest));
  }
  if (named.startsWith('~~state/')) {
    return watchLaterFolders(where)
      .slice(0, 1)
      .map((folder) => join(dirname(folder), named.slice('~~state/'.length)));
  }
  if (named.startsWith('~/')) return [join(where.home, named.slice(2))];
  return [named];
}
