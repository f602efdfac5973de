import type { Log, PlayerMedia } from '@kinoport/core';
import type { IpcClient } from './ipc.ts';
import { chooseSubtitle, externalFiles, parseTracks } from './tracks.ts';

/** Adds the subtitle files beside the media, except those that mpv has found by itself. */
export async function addSubtitlesBeside(
  ipc: IpcClient,
  media: PlayerMedia,
  wanted: readonly string[] | undefined,
  log: Log,
): Promise<void> {
  if (media.subtitles === undefined || media.subtitles.length === 0) return;
  const list = await ipc.command(['get_property', 'track-list']);
  const there = externalFiles(list);
  const toAdd = media.subtitles.filter((file) => !there.has('path' in file ? file.path : file.url));
  const chosen = chooseSubtitle(parseTracks(list), toAdd, wanted);
  for (const [index, file] of toAdd.entries()) {
    const location = 'path' in file ? file.path : file.url;
    const flags = index === chosen ? 'select' : 'auto';
    try {
      await ipc.command(['sub-add', location, flags, file.title ?? '', file.language ?? ''], { async: true });
    } catch (error) {
      if (ipc.closed) return;
      const name = file.title ?? file.language ?? `number ${index + 1}`;
      log.warn(`The subtitles ${name} cannot be used.`, { error: String(error) });
    }
  }
}
