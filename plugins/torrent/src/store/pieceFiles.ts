import { type FileHandle, open, unlink } from 'node:fs/promises';
import { isMissing, writeWhole } from './files.ts';
import type { Layout } from './layout.ts';

interface OpenFile {
  readonly handle: Promise<FileHandle>;
  readers: number;
  isDropped: boolean;
}

/** Files kept open for reading: players read a piece in many parts. */
const OPEN_FILES = 16;
/** More at a time would only hold their bytes and file descriptors. */
const WRITES = 8;

/** The pieces' files. */
export class PieceFiles {
  readonly #layout: Layout;
  readonly #open = new Map<string, OpenFile>();
  readonly #closing = new Set<Promise<void>>();
  #writes = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  /** @throws KinoportError `CACHE_FULL`, `CACHE_WRITE_FAILED`; no part of the file stays then */
  async write(infohash: string, piece: number, bytes: Uint8Array): Promise<void> {
    if (this.#writes >= WRITES) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#writes++;
    try {
      await writeWhole(this.#layout, this.#layout.piece(infohash, piece), bytes);
    } finally {
      this.#writes--;
      this.#waiting.shift()?.();
    }
  }

  /** Rejects when the file is not there, cannot be read, or has not so many bytes. */
  async read(infohash: string, piece: number, offset: number, length: number): Promise<Uint8Array> {
    const path = this.#layout.piece(infohash, piece);
    const file = this.#take(path);
    file.readers++;
    try {
      const handle = await file.handle;
      const bytes = Buffer.allocUnsafeSlow(length);
      for (let at = 0; at < length; ) {
        const { bytesRead } = await handle.read(bytes, at, length - at, offset + at);
        if (bytesRead === 0) throw new Error('The file is shorter than the piece.');
        at += bytesRead;
      }
      return bytes;
    } catch (error) {
      this.#drop(path);
      throw error;
    } finally {
      file.readers--;
      if (file.isDropped && file.readers === 0) this.#close(file);
    }
  }

  /** One that is not there counts as removed. */
  async remove(infohash: string, piece: number): Promise<void> {
    const path = this.#layout.piece(infohash, piece);
    // The room comes back only when nobody has the file open; Windows would refuse to remove it.
    this.#drop(path);
    try {
      await unlink(path);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  /** Closes what is open of a torrent, of all without one. */
  async close(infohash?: string): Promise<void> {
    const under = infohash === undefined ? this.#layout.folder : this.#layout.of(infohash);
    for (const path of [...this.#open.keys()]) if (path.startsWith(under)) this.#drop(path);
    await Promise.all(this.#closing);
  }

  #take(path: string): OpenFile {
    const known = this.#open.get(path);
    const file = known ?? { handle: open(path, 'r'), readers: 0, isDropped: false };
    this.#open.delete(path);
    this.#open.set(path, file);
    const [oldest] = this.#open.keys();
    if (this.#open.size > OPEN_FILES && oldest !== undefined) this.#drop(oldest);
    return file;
  }

  #drop(path: string): void {
    const file = this.#open.get(path);
    if (!file) return;
    this.#open.delete(path);
    file.isDropped = true;
    if (file.readers === 0) this.#close(file);
  }

  #close(file: OpenFile): void {
    const closed = file.handle.then((handle) => handle.close()).catch(() => {});
    this.#closing.add(closed);
    void closed.finally(() => this.#closing.delete(closed));
  }
}
