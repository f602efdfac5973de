import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { KinoportError } from '@kinoport/core';
import type { PlaybackService } from '../playback/service.ts';
import type { Results } from './protocol.ts';

/** Bytes of a file that is handed over. */
export const MAX_UPLOAD = 10 * 1024 * 1024;

/**
 * Files that a client hands over, such as a `.torrent` dropped onto a page: resolved as a file of that name would be, and
 * gone when that is done. What they lead to has addresses of its own.
 */
export class Uploads {
  readonly #folder: string;
  readonly #playback: Pick<PlaybackService, 'resolve'>;
  #emptied: Promise<void> | undefined;

  /** @param folder belongs to the uploads alone */
  constructor(folder: string, playback: Pick<PlaybackService, 'resolve'>) {
    this.#folder = folder;
    this.#playback = playback;
  }

  /**
   * @param name of the file; only its extension counts
   * @throws KinoportError `INVALID_ARGUMENT`, and those of the source
   */
  async resolve(name: unknown, bytes: unknown, signal: AbortSignal): Promise<Results['source.resolve']> {
    const extension = typeof name === 'string' ? /\.([a-z0-9]{1,16})$/i.exec(name)?.[1] : undefined;
    if (extension === undefined || !Buffer.isBuffer(bytes) || bytes.length === 0) {
      throw new KinoportError('INVALID_ARGUMENT', 'A file is handed over with its bytes and its name.', {
        hint: 'POST the bytes to /v1/upload?name=film.torrent.',
      });
    }
    const folder = await this.#make();
    try {
      const path = join(folder, `upload.${extension.toLowerCase()}`);
      await writeFile(path, bytes, { mode: 0o600 });
      const { source, result, alternatives } = await this.#playback.resolve(path, undefined, { signal });
      if (result.items.some(({ uri }) => uri.includes(folder + sep))) {
        throw new KinoportError('INVALID_ARGUMENT', 'The file is not one that leads to something else.', {
          hint: 'Hand over a .torrent, say; films and folders are named by their paths.',
        });
      }
      return { ...result, source: source.id, alternatives };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** A folder of its own. What a host that was killed has left goes first. */
  async #make(): Promise<string> {
    this.#emptied ??= rm(this.#folder, { recursive: true, force: true });
    await this.#emptied;
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    return mkdtemp(join(this.#folder, 'u-'));
  }
}
