import { resolve } from 'node:path';
import type { JsonObject, PlayerLoadOptions, PlayerMedia } from '@kinoport/core';

/** lavf asks again by itself; without the delay limit mpv 0.35.1 freezes 10 s at a seek while nobody listens. */
const RECONNECT = 'reconnect=1,reconnect_streamed=1,reconnect_on_network_error=1,reconnect_delay_max=5';

/** A source without peers or a server that stands still is waited for; after the usual 60 s mpv gives up and ends the film. */
const NO_TIMEOUT = '0';

/**
 * The command that opens an item, with its options for this file only. Named arguments mean the same in every
 * version; the positional form changed in mpv 0.38.
 */
export function loadCommand(media: PlayerMedia, options: PlayerLoadOptions): JsonObject {
  return {
    name: 'loadfile',
    url: 'path' in media ? resolve(media.path) : media.url,
    flags: 'replace',
    options: fileOptions(media, options),
  };
}

function fileOptions(media: PlayerMedia, options: PlayerLoadOptions): JsonObject {
  const { audioLanguages: audio, subtitleLanguages: subtitles } = options;
  const wanted = (languages: readonly string[]): string =>
    languages.filter((language) => /^[A-Za-z0-9-]{1,35}$/.test(language)).join(',');
  return {
    // `none` and not 0: a start at 0 is a seek, which a live stream refuses.
    start: options.start > 0 ? options.start.toFixed(3) : 'none',
    pause: options.paused ? 'yes' : 'no',
    'force-media-title': cleanTitle(media.title),
    ...('url' in media ? { 'stream-lavf-o': RECONNECT, 'network-timeout': NO_TIMEOUT } : {}),
    ...(options.rate === undefined ? {} : { speed: String(options.rate) }),
    ...(audio && audio.length > 0 ? { alang: wanted(audio) } : {}),
    ...(subtitles?.[0] === 'no' ? { sid: 'no' } : {}),
    ...(subtitles && subtitles.length > 0 && subtitles[0] !== 'no' ? { slang: wanted(subtitles) } : {}),
  };
}

/** A title as one line without control characters, which mpv takes for markup (0xFD, 0xFF) or line breaks. */
export function cleanTitle(title: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be removed
  return title.replace(/[\u0000-\u001F\u007F]+/g, ' ').trim() || 'Untitled';
}
