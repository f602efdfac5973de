import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { loadBencode } from './libraries.ts';

const BLOCK = 16_384;
/** Bytes of a torrent that are held in memory; more are read when they are asked for. */
const HELD = 640 * 1024 * 1024;

/** What the seeders of a process have to give. */
export class Content {
  readonly infohash: string;
  readonly info: Uint8Array;
  readonly pieceLength: number;
  readonly length: number;
  readonly #hashes: Uint8Array;
  readonly #files: readonly { readonly fd: number; readonly offset: number; readonly length: number }[];
  readonly #held: Uint8Array | undefined;
  readonly #sent: Set<number> = new Set();
  /** Bytes of blocks that were sent more than once. */
  repeated = 0;

  static async open(torrentFile: string, files: readonly string[]): Promise<Content> {
    const bencode = await loadBencode();
    const info = bencode.decode(readFileSync(torrentFile)).info as Record<string, unknown>;
    return new Content(bencode.encode(info), info, files);
  }

  private constructor(bytes: Uint8Array, info: Readonly<Record<string, unknown>>, files: readonly string[]) {
    this.info = bytes;
    this.infohash = createHash('sha1').update(bytes).digest('hex');
    this.pieceLength = Number(info['piece length']);
    this.#hashes = info.pieces as Uint8Array;
    let offset = 0;
    this.#files = files.map((file) => {
      const fd = openSync(file, 'r');
      const { size } = fstatSync(fd);
      offset += size;
      return { fd, offset: offset - size, length: size };
    });
    this.length = offset;
    this.#held = offset <= HELD ? this.#load(0, offset) : undefined;
  }

  get pieces(): number {
    return Math.ceil(this.length / this.pieceLength);
  }

  lengthOf(piece: number): number {
    return Math.min(this.pieceLength, this.length - piece * this.pieceLength);
  }

  read(start: number, length: number): Uint8Array {
    return this.#held?.subarray(start, start + length) ?? this.#load(start, length);
  }

  block(piece: number, offset: number, length: number): Uint8Array {
    return this.read(piece * this.pieceLength + offset, length);
  }

  noteSent(piece: number, offset: number, length: number): void {
    const block = Math.floor((piece * this.pieceLength + offset) / BLOCK);
    if (this.#sent.has(block)) this.repeated += length;
    this.#sent.add(block);
  }

  reset(): void {
    this.#sent.clear();
    this.repeated = 0;
  }

  isRight(piece: number, bytes: Uint8Array): boolean {
    const hash = createHash('sha1').update(bytes).digest();
    return hash.equals(this.#hashes.subarray(piece * 20, piece * 20 + 20));
  }

  close(): void {
    for (const { fd } of this.#files) closeSync(fd);
  }

  #load(start: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (const file of this.#files) {
      const from = Math.max(start, file.offset);
      const to = Math.min(start + length, file.offset + file.length);
      for (let at = from; at < to; ) {
        const read = readSync(file.fd, bytes, at - start, to - at, at - file.offset);
        if (read === 0) throw new Error('A file of the torrent has become shorter.');
        at += read;
      }
    }
    return bytes;
  }
}
