// @ts-check
/** @import { Entry, ZipFile } from 'yauzl' */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { isKinoportError, KinoportError } from '@kinoport/core';
import { openPromise } from 'yauzl';

const STORED = 0;
const DEFLATED = 8;

/** An archive that is open, and what is in it. Its owner closes it. */
export class Archive {
  #zip;
  #path;
  #version;
  /** By name, in the order of the archive. @type {ReadonlyMap<string, Entry>} */
  members;

  /**
   * @param {string} path
   * @param {string} version
   * @param {ZipFile} zip
   * @param {ReadonlyMap<string, Entry>} members
   */
  constructor(path, version, zip, members) {
    this.#path = path;
    this.#version = version;
    this.#zip = zip;
    this.members = members;
  }

  /**
   * @param {string} path
   * @param {AbortSignal} [signal]
   * @throws KinoportError `SOURCE_NOT_FOUND`, `SOURCE_FORBIDDEN`, `SOURCE_NOT_MEDIA`
   */
  static async open(path, signal) {
    signal?.throwIfAborted();
    /** @type {ZipFile | undefined} */
    let zip;
    try {
      const version = await versionOf(path);
      zip = await openPromise(path, { autoClose: false, lazyEntries: true });
      /** @type {Map<string, Entry>} */
      const members = new Map();
      for await (const entry of zip.eachEntry()) {
        signal?.throwIfAborted();
        const isFolder = entry.fileName.endsWith('/');
        if (!isFolder && !members.has(entry.fileName)) members.set(entry.fileName, entry);
      }
      return new Archive(path, version, zip, members);
    } catch (error) {
      zip?.close();
      signal?.throwIfAborted();
      throw failure(path, error);
    }
  }

  close() {
    this.#zip.close();
  }

  /** @throws KinoportError `SOURCE_CHANGED` when it is not the one that was opened any more */
  async check() {
    const version = await versionOf(this.#path).catch(() => undefined);
    if (version === this.#version) return;
    throw new KinoportError('SOURCE_CHANGED', `${basename(this.#path)} was changed while it was read.`, {
      hint: 'Start it again.',
    });
  }

  /**
   * @param {string} name
   * @throws KinoportError `SOURCE_NOT_FOUND`, `SOURCE_FORBIDDEN`, `SOURCE_UNSUPPORTED`
   */
  member(name) {
    const entry = this.members.get(name);
    const archive = basename(this.#path);
    if (!entry)
      throw new KinoportError('SOURCE_NOT_FOUND', `There is no ${name} in ${archive}.`, {
        hint: `Play the archive itself to see what is in it.`,
      });
    if (entry.isEncrypted())
      throw new KinoportError('SOURCE_FORBIDDEN', `${name} in ${archive} is encrypted.`, {
        hint: 'Unpack it with its password.',
      });
    if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED)
      throw new KinoportError(
        'SOURCE_UNSUPPORTED',
        `${name} in ${archive} is compressed in a way that is not known.`,
        {
          hint: 'Unpack it, or pack it with deflate or without compression.',
        },
      );
    return entry;
  }

  /**
   * The bytes as they lie in the archive: those of a member that is only stored.
   * @param {Entry} entry
   * @param {number} start
   * @param {number} end
   */
  stored(entry, start, end) {
    return this.#zip.openReadStreamPromise(entry, { start, end });
  }

  /** The bytes of a member, unpacked, from the first to the last. @param {Entry} entry */
  unpacked(entry) {
    return this.#zip.openReadStreamPromise(entry);
  }
}

/** @param {Entry} entry */
export const isStored = (entry) => entry.compressionMethod === STORED;

/** @param {string} path */
async function versionOf(path) {
  const { ino, size, mtimeMs } = await stat(path);
  return `${ino}-${size}-${mtimeMs}`;
}

/**
 * @param {string} path
 * @param {unknown} cause
 */
function failure(path, cause) {
  if (isKinoportError(cause)) return cause;
  const { code = '' } = /** @type {NodeJS.ErrnoException} */ (cause);
  const name = basename(path);
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new KinoportError('SOURCE_NOT_FOUND', `There is no archive ${name}.`, {
      hint: 'Check the path.',
      cause,
    });
  if (['EACCES', 'EPERM', 'ERR_ACCESS_DENIED'].includes(code))
    return new KinoportError('SOURCE_FORBIDDEN', `${name} may not be read.`, {
      hint: 'Check its permissions, and those of the plugin.',
      cause,
    });
  return new KinoportError('SOURCE_NOT_MEDIA', `${name} cannot be read as a zip archive.`, {
    hint: 'It may be damaged, or only partly downloaded.',
    cause,
  });
}
