import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parseSubtitleName, type SubtitleFile } from '@kinoport/core';
import { extensionOf, mediaKind, stripExtension } from '../media.ts';
import { compareNatural } from '../names/order.ts';

const EXTENSIONS = new Set(['srt', 'ass', 'ssa', 'vtt', 'sub', 'sup', 'idx', 'smi']);
const FOLDER = /^(subs?|subtitles?)$/i;
const LIMIT = 100;

/**
 * The subtitle files that belong to a media file: `Film.srt`, `Film.en.forced.ass` beside it, the same in
 * `Subs/` or `Subtitles/`, all of `Subs/Film/`, and all of `Subs/` when the film lies alone in its folder.
 * What cannot be read is left out.
 */
export async function findSubtitles(mediaPath: string): Promise<readonly SubtitleFile[]> {
  const folder = dirname(mediaPath);
  const entries = await entriesOf(folder);
  const stems = entries
    .filter((e) => mediaKind(e.name) !== undefined)
    .map((e) => fold(stripExtension(e.name)));
  const own = fold(stripExtension(basename(mediaPath)));
  const alone = entries.filter((e) => mediaKind(e.name) === 'video').length === 1;
  const found = matching(folder, entries, own, stems);
  for (const entry of entries) {
    if (!FOLDER.test(entry.name) || entry.isFile()) continue;
    const subs = join(folder, entry.name);
    const inside = await entriesOf(subs);
    found.push(...(alone ? all(subs, inside, own) : matching(subs, inside, own, stems)));
    const named = inside.find((e) => !e.isFile() && fold(e.name) === own);
    if (named) found.push(...all(join(subs, named.name), await entriesOf(join(subs, named.name)), own));
  }
  return found.slice(0, LIMIT);
}

/** Files whose name begins with the media's, and with no longer name of another media file. */
function matching(
  folder: string,
  entries: readonly Dirent[],
  own: string,
  stems: readonly string[],
): SubtitleFile[] {
  return subtitleNames(entries).flatMap((name) => {
    const stem = fold(withoutExtension(name));
    if (!belongs(stem, own)) return [];
    if (stems.some((other) => other.length > own.length && belongs(stem, other))) return [];
    return [{ path: join(folder, name), ...parseSubtitleName(stem.slice(own.length)) }];
  });
}

function all(folder: string, entries: readonly Dirent[], own: string): SubtitleFile[] {
  return subtitleNames(entries).map((name) => {
    const stem = withoutExtension(name);
    return {
      path: join(folder, name),
      ...parseSubtitleName(belongs(fold(stem), own) ? stem.slice(own.length) : stem),
    };
  });
}

function belongs(stem: string, own: string): boolean {
  return stem === own || (stem.startsWith(own) && /[\s._\-([]/.test(stem.charAt(own.length)));
}

function subtitleNames(entries: readonly Dirent[]): string[] {
  const names = entries
    .filter((e) => !e.isDirectory() && !e.name.startsWith('.') && EXTENSIONS.has(extensionOf(e.name)))
    .map((e) => e.name);
  // VobSub is a pair: the player is given the index, which names the .sub.
  const indexes = new Set(
    names.filter((n) => extensionOf(n) === 'idx').map((n) => fold(withoutExtension(n))),
  );
  return names
    .filter((n) => extensionOf(n) !== 'sub' || !indexes.has(fold(withoutExtension(n))))
    .sort(compareNatural);
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function withoutExtension(name: string): string {
  return name.slice(0, name.lastIndexOf('.'));
}

function fold(name: string): string {
  return name.toLowerCase();
}
