import { KinoportError, type PlayerLoadOptions, type PlayerMedia, type Processes } from '@kinoport/core';

/** What ffprobe says of a medium. */
export interface Medium {
  /** For ffmpeg's `-i`. */
  readonly input: string;
  readonly title: string;
  /** Seconds; `undefined` for what has no end. */
  readonly duration: number | undefined;
  readonly hasPicture: boolean;
  /** Which of the audio tracks, from 0; `undefined`: there is none. */
  readonly audio: number | undefined;
}

interface Probe {
  readonly format?: { readonly duration?: string };
  readonly streams?: readonly {
    readonly codec_type?: string;
    readonly tags?: { readonly language?: string };
    readonly disposition?: { readonly attached_pic?: number };
  }[];
}

/** @throws KinoportError `MEDIA_UNRECOGNIZED`, `PLAYER_NOT_FOUND`, `SOURCE_NOT_FOUND`, `ABORTED` */
export async function inspect(
  processes: Processes,
  media: PlayerMedia,
  {
    audioLanguages = [],
    signal,
  }: Pick<PlayerLoadOptions, 'audioLanguages'> & { readonly signal?: AbortSignal },
): Promise<Medium> {
  signal?.throwIfAborted();
  // `file:` since a colon in a name would be taken for a protocol.
  const input = 'path' in media ? `file:${media.path}` : media.url;
  const entries = 'format=duration:stream=codec_type:stream_tags=language:stream_disposition=attached_pic';
  const args = ['-v', 'error', '-show_entries', entries, '-of', 'json', input];
  const result = await processes.run('ffprobe', args, { timeout: 30_000, ...(signal ? { signal } : {}) });
  const { streams = [], format = {} } = result.exitCode === 0 ? (JSON.parse(result.stdout) as Probe) : {};
  const audios = streams.filter(({ codec_type }) => codec_type === 'audio');
  const hasPicture = streams.some(
    ({ codec_type, disposition }) => codec_type === 'video' && disposition?.attached_pic !== 1,
  );
  if (!hasPicture && audios.length === 0) throw cannotPlay(media.title, result.stderr);
  const spoken = audioLanguages
    .map((language) => audios.findIndex(({ tags }) => isLanguage(tags?.language, language)))
    .find((index) => index >= 0);
  const seconds = Number.parseFloat(format.duration ?? '');
  const duration = media.live
    ? undefined
    : Number.isFinite(seconds) && seconds > 0
      ? seconds
      : media.duration;
  return {
    input,
    title: media.title,
    duration,
    hasPicture,
    audio: audios.length > 0 ? (spoken ?? 0) : undefined,
  };
}

/** Tags have three letters, wishes two or three. */
function isLanguage(tag: string | undefined, wish: string): boolean {
  return tag !== undefined && (tag === wish || nameOf(tag) === nameOf(wish));
}

function nameOf(code: string): string | undefined {
  try {
    return new Intl.DisplayNames('en', { type: 'language' }).of(code);
  } catch {
    return code;
  }
}

/** Its message may hold the address, which is nobody's business. */
function cannotPlay(title: string, stderr: string): KinoportError {
  if (/No such file|404 Not Found/.test(stderr))
    return new KinoportError('SOURCE_NOT_FOUND', `"${title}" is not there.`, { hint: 'Check the path.' });
  return new KinoportError('MEDIA_UNRECOGNIZED', `"${title}" cannot be played.`, {
    hint: 'ffprobe finds neither picture nor sound in it.',
  });
}
