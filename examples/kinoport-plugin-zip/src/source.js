// @ts-check
/** @import { Item, PluginContext, Source, SourceStream, SubtitleFile } from '@kinoport/core' */
/** @import { Entry } from 'yauzl' */
import { basename } from 'node:path';
import { DisposableStore, KinoportError } from '@kinoport/core';
import { addressOf, parseAddress } from './address.js';
import { Archive, isStored } from './archive.js';
import { mediaOf, subtitleOf, titleOf } from './media.js';
import { Spool } from './spool.js';

const GIB = 2 ** 30;
/** A subtitle file is read whole. */
const LARGEST_SUBTITLE = 4 * 2 ** 20;

const { compare } = new Intl.Collator('en', { numeric: true });

/**
 * Members of zip archives. What is stored as it is, is read where it lies; what is compressed is unpacked into the cache
 * as far as it is read.
 * @implements {Source}
 */
export class ZipSource {
  #ctx;
  /** @type {Map<string, DisposableStore>} */
  #streams = new Map();

  /** @param {Pick<PluginContext, 'config' | 'folders' | 'log' | 'streams'>} ctx */
  constructor(ctx) {
    this.#ctx = ctx;
  }

  /** @type {Source['resolve']} */
  async resolve(uri, { signal }) {
    const { archive: path, member } = parseAddress(uri);
    const archive = await Archive.open(path, signal);
    try {
      if (member !== undefined) return { kind: 'single', items: [itemOf(path, archive.member(member))] };
      const items = itemsIn(path, archive);
      if (items.length === 0)
        throw new KinoportError('SOURCE_EMPTY', `There is nothing to play in ${basename(path)}.`, {
          hint: 'Films and music are known by the ends of their names: .mkv, .mp4, .mp3 and so on.',
        });
      return { kind: 'folder', title: titleOf(basename(path)), items };
    } finally {
      archive.close();
    }
  }

  /** @type {NonNullable<Source['siblings']>} */
  async siblings(item, { signal }) {
    const { archive: path } = parseAddress(item.uri);
    const archive = await Archive.open(path, signal);
    archive.close();
    return itemsIn(path, archive);
  }

  /** @type {Source['open']} */
  open(item, { streamId, signal }) {
    return this.#publish(streamId, item.uri, signal);
  }

  /** @type {NonNullable<Source['reopen']>} */
  async reopen({ streamId, record, validators }, { signal }) {
    const stream = await this.#publish(streamId, String(record.uri), signal);
    if (stream.validators?.etag === validators?.etag) return stream;
    await this.release(streamId);
    throw new KinoportError('SOURCE_CHANGED', 'The archive has another film under this name now.', {
      hint: 'Start it again.',
    });
  }

  /** @param {string} streamId */
  async release(streamId) {
    const owned = this.#streams.get(streamId);
    this.#streams.delete(streamId);
    await owned?.dispose();
  }

  async dispose() {
    await Promise.all([...this.#streams.keys()].map((id) => this.release(id)));
  }

  /**
   * @param {string} streamId
   * @param {string} uri
   * @param {AbortSignal} [signal]
   * @returns {Promise<SourceStream>}
   */
  async #publish(streamId, uri, signal) {
    const { archive: path, member = '' } = parseAddress(uri);
    const owned = new DisposableStore();
    try {
      const archive = await Archive.open(path, signal);
      owned.defer(() => archive.close());
      const entry = archive.member(member);
      const size = entry.uncompressedSize;
      const mime = mediaOf(member)?.mime ?? 'application/octet-stream';
      const validators = { etag: `"${contentOf(entry)}"` };
      const read = isStored(entry)
        ? readStored(archive, entry)
        : await this.#readUnpacked(archive, entry, owned);
      owned.add(
        await this.#ctx.streams.publish({
          id: streamId,
          size,
          type: mime,
          name: basename(member),
          validators,
          read,
        }),
      );
      const subtitles = await this.#subtitles(archive, member, owned);
      signal?.throwIfAborted();
      await this.release(streamId);
      this.#streams.set(streamId, owned);
      return { location: { type: 'published' }, size, mime, validators, subtitles, record: { uri } };
    } catch (error) {
      await owned.dispose();
      throw error;
    }
  }

  /**
   * @param {Archive} archive
   * @param {Entry} entry
   * @param {DisposableStore} owned
   */
  async #readUnpacked(archive, entry, owned) {
    const size = entry.uncompressedSize;
    const most = Number(this.#ctx.config.value.unpackAtMost ?? 16);
    if (size > most * GIB)
      throw new KinoportError(
        'SOURCE_UNSUPPORTED',
        `${entry.fileName} is compressed, and unpacked larger than ${most} GiB.`,
        {
          hint: 'Unpack it first, or set "unpackAtMost" of the plugin higher.',
        },
      );
    const bytes = await archive.unpacked(entry);
    const spool = await Spool.open(this.#ctx.folders.cache, bytes, { size, crc: entry.crc32 });
    owned.add(spool);
    /** @param {number} start @param {number | undefined} end @param {AbortSignal} signal */
    return (start, end, signal) => spool.read(start, Math.min(end ?? size, size), signal);
  }

  /**
   * Files of subtitles beside the film in the archive.
   * @param {Archive} archive
   * @param {string} film
   * @param {DisposableStore} owned
   */
  async #subtitles(archive, film, owned) {
    /** @type {SubtitleFile[]} */
    const found = [];
    for (const [name, entry] of archive.members) {
      const subtitle = subtitleOf(film, name);
      if (!subtitle || entry.uncompressedSize > LARGEST_SUBTITLE) continue;
      try {
        const bytes = Buffer.concat(await (await archive.unpacked(archive.member(name))).toArray());
        const { mime: type, ...rest } = subtitle;
        const stream = await this.#ctx.streams.publish({
          size: bytes.length,
          type,
          name: basename(name),
          read: async function* (start, end) {
            yield bytes.subarray(start, end);
          },
        });
        owned.add(stream);
        found.push({ ...rest, url: stream.url });
      } catch (error) {
        // A film without its subtitles is better than none.
        this.#ctx.log.warn('subtitles cannot be read', { name, message: String(error) });
      }
    }
    return found;
  }
}

/**
 * @param {Archive} archive
 * @param {Entry} entry
 */
function readStored(archive, entry) {
  const size = entry.uncompressedSize;
  /** @param {number} start @param {number | undefined} end @param {AbortSignal} signal */
  return async function* (start, end, signal) {
    const until = Math.min(end ?? size, size);
    if (start >= until) return;
    await archive.check();
    const bytes = await archive.stored(entry, start, until);
    try {
      for await (const chunk of bytes) {
        signal.throwIfAborted();
        yield/** @type {Uint8Array} */ (chunk);
      }
    } finally {
      bytes.destroy();
    }
  };
}

/**
 * @param {string} path
 * @param {Archive} archive
 */
function itemsIn(path, archive) {
  return [...archive.members.values()]
    .filter((entry) => mediaOf(entry.fileName) && !entry.isEncrypted())
    .sort((a, b) => compare(a.fileName, b.fileName))
    .slice(0, 10_000)
    .map((entry) => itemOf(path, entry));
}

/**
 * @param {string} path
 * @param {Entry} entry
 * @returns {Item}
 */
function itemOf(path, entry) {
  const { fileName, uncompressedSize: size } = entry;
  const { kind, mime } = mediaOf(fileName) ?? { kind: 'video', mime: undefined };
  const key = `zip:${contentOf(entry)}`;
  return {
    key,
    uri: addressOf(path, fileName),
    title: titleOf(fileName),
    kind,
    size,
    ...(mime ? { mime } : {}),
  };
}

/** The same however the archive is called and packed. @param {Entry} entry */
function contentOf({ crc32, uncompressedSize }) {
  return `${uncompressedSize}-${crc32.toString(16).padStart(8, '0')}`;
}
