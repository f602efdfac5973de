import { createReadStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { KinoportError } from '@kinoport/core';
import { Parser, type ReadEntry, Unpack } from 'tar';
import { type InstallLimits, RATIO_FROM } from '../limits.ts';

const FILES = new Set(['File', 'OldFile', 'ContiguousFile']);
const KINDS: Readonly<Record<string, string>> = {
  Link: 'a hard link',
  SymbolicLink: 'a symbolic link',
  CharacterDevice: 'a device',
  BlockDevice: 'a device',
  FIFO: 'a pipe',
};

export interface ArchiveContents {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Reads a whole tarball without writing anything.
 * @throws KinoportError `PLUGIN_ARCHIVE_UNSAFE` for links, devices, paths that lead out and names that clash;
 *   `PLUGIN_ARCHIVE_TOO_LARGE`; `PLUGIN_ARCHIVE_BROKEN`
 */
export async function checkArchive(file: string, limits: InstallLimits): Promise<ArchiveContents> {
  const rules = new ArchiveRules(limits);
  const parser = new Parser({ strict: true, maxDecompressionRatio: Number.POSITIVE_INFINITY });
  await read(file, limits, (chunks) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = (entry: ReadEntry): void => {
      try {
        if (!entry.meta) rules.add(entry.type, entry.path, entry.size);
      } catch (error) {
        reject(error);
      }
      entry.resume();
    };
    parser.on('entry', look);
    parser.on('ignoredEntry', look);
    parser.on('error', reject);
    parser.on('end', resolve);
    chunks.on('data', (chunk: Buffer) => parser.write(chunk));
    chunks.on('end', () => parser.end());
    return promise;
  });
  return rules.contents();
}

/** Unpacks a tarball that {@link checkArchive} has let pass, without its first folder. */
export async function unpackArchive(file: string, folder: string, limits: InstallLimits): Promise<void> {
  await mkdir(folder, { mode: 0o755 });
  await read(file, limits, (chunks) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const unpack = new Unpack({
      cwd: folder,
      strip: 1,
      strict: true,
      preserveOwner: false,
      noMtime: true,
      maxDecompressionRatio: Number.POSITIVE_INFINITY,
      // Nothing more open than 0755, nothing that its owner cannot read.
      filter: (_path, entry) => {
        if (!('type' in entry)) return false;
        const isFolder = entry.type === 'Directory';
        entry.mode = isFolder || ((entry.mode ?? 0) & 0o100) !== 0 ? 0o755 : 0o644;
        return isFolder || FILES.has(entry.type);
      },
    });
    unpack.on('error', reject);
    unpack.on('close', resolve);
    chunks.on('data', (chunk: Buffer) => {
      if (!unpack.write(chunk)) {
        chunks.pause();
        unpack.once('drain', () => chunks.resume());
      }
    });
    chunks.on('end', () => unpack.end());
    return promise;
  });
}

/** Runs the bytes of an archive, unzipped and counted, into a consumer. */
async function read(
  file: string,
  limits: InstallLimits,
  consume: (chunks: Transform) => Promise<void>,
): Promise<void> {
  const { size, isZipped } = await look(file);
  let bytes = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      // Headers and padding are no content, hence the room beyond the limit of the content.
      const tooMany = bytes > limits.unpackedBytes + limits.files * 1024 * 2;
      const tooDense = bytes > RATIO_FROM && bytes > size * limits.ratio;
      if (tooMany || tooDense) done(tooLarge(`it unpacks to more than ${bytes} bytes, from ${size}`));
      else done(null, chunk);
    },
  });
  const consumed = consume(counter);
  const source = createReadStream(file);
  const flowing = isZipped ? pipeline(source, createGunzip(), counter) : pipeline(source, counter);
  // The first one to fail says why; the streams end with it.
  try {
    await Promise.all([consumed, flowing]);
  } catch (error) {
    source.destroy();
    counter.destroy();
    await Promise.allSettled([flowing]);
    throw error instanceof KinoportError ? error : broken(error);
  }
}

async function look(file: string): Promise<{ readonly size: number; readonly isZipped: boolean }> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const magic = Buffer.alloc(2);
    await handle.read(magic, 0, 2, 0);
    if (size < 512 && magic.readUInt16BE() !== 0x1f8b) throw broken('it is too short');
    return { size, isZipped: magic.readUInt16BE() === 0x1f8b };
  } finally {
    await handle.close();
  }
}

/** What may be in a package, entry by entry. */
export class ArchiveRules {
  readonly #limits: InstallLimits;
  /** Paths as a file system without case would have them, to what they are and how they were written. */
  readonly #names = new Map<string, { readonly isFolder: boolean; readonly path: string }>();
  #files = 0;
  #bytes = 0;

  constructor(limits: InstallLimits) {
    this.#limits = limits;
  }

  add(type: string, path: string, size: number): void {
    const shown = JSON.stringify(path.slice(0, 200));
    const isFolder = type === 'Directory';
    if (!isFolder && !FILES.has(type))
      throw unsafe(`${shown} is ${KINDS[type] ?? `a thing of the kind ${type}`}`);
    if (/^[/\\]|^[A-Za-z]:/.test(path)) throw unsafe(`${shown} is an absolute path`);
    const parts = path.replace(/\/+$/, '').split('/');
    if (parts.includes('..')) throw unsafe(`${shown} leads out of the package`);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
    if (/[\u0000-\u001f\u007f\\]/.test(path)) throw unsafe(`${shown} has characters that no name may have`);
    this.#files += 1;
    this.#bytes += size;
    if (this.#files > this.#limits.files) throw tooLarge(`it holds more than ${this.#limits.files} files`);
    if (this.#bytes > this.#limits.unpackedBytes)
      throw tooLarge(`it unpacks to more than ${this.#limits.unpackedBytes} bytes`);
    const inside = parts.slice(1).filter((part) => part !== '' && part !== '.');
    this.#enter(inside, isFolder);
  }

  contents(): ArchiveContents {
    if (!this.#names.has('package.json')) {
      throw new KinoportError('PLUGIN_MANIFEST_INVALID', 'The package has no package.json.', {
        hint: 'A plugin is an npm package: "npm pack" in its folder makes an archive that can be installed.',
      });
    }
    return { files: this.#files, bytes: this.#bytes };
  }

  #enter(parts: readonly string[], isFolder: boolean): void {
    for (let length = 1; length <= parts.length; length += 1) {
      const path = parts.slice(0, length).join('/');
      const key = path.normalize('NFC').toLowerCase();
      const known = this.#names.get(key);
      const isLast = length === parts.length;
      const folder = !isLast || isFolder;
      if (!known) this.#names.set(key, { isFolder: folder, path });
      else if (known.path !== path)
        throw unsafe(`"${known.path}" and "${path}" differ in upper and lower case only`);
      else if (!known.isFolder || !folder) throw unsafe(`"${path}" is in it twice`);
    }
  }
}

function unsafe(what: string): KinoportError {
  return new KinoportError('PLUGIN_ARCHIVE_UNSAFE', `The package is refused: ${what}.`, {
    hint: 'Nothing was installed. A package holds plain files and folders; "npm pack" makes such a one.',
  });
}

function tooLarge(what: string): KinoportError {
  return new KinoportError('PLUGIN_ARCHIVE_TOO_LARGE', `The package is refused: ${what}.`, {
    hint: 'Nothing was installed. Its author should put large files elsewhere.',
  });
}

function broken(cause: unknown): KinoportError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new KinoportError('PLUGIN_ARCHIVE_BROKEN', `The package cannot be unpacked: ${reason}.`, {
    hint: 'Fetch or pack it again ("npm pack" makes such a file).',
    cause,
  });
}
