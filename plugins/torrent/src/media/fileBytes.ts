import type { ReadAt } from './ports.ts';

/** All that a probe reads of a file. */
const LIMIT = 256 * 1024;
/** What is read at least: the head, and what lies far from it. */
const HEAD = 16_384;
const FAR = 512;

/** The file has no such bytes, or they would be more than a probe reads. Ends a probe, which tells what it knows by then. */
export class NoBytes extends Error {}

/** Bytes of a file, read as they are asked for and never twice. */
export class FileBytes {
  readonly size: number;
  readonly #read: ReadAt;
  readonly #signal: AbortSignal;
  readonly #chunks: { readonly start: number; readonly bytes: Uint8Array }[] = [];
  #total = 0;

  constructor(size: number, read: ReadAt, signal: AbortSignal) {
    this.size = size;
    this.#read = read;
    this.#signal = signal;
  }

  /** @throws NoBytes; what the reader rejects with */
  async at(start: number, length: number): Promise<DataView> {
    const end = start + length;
    if (!(start >= 0 && length >= 0 && end <= this.size)) throw new NoBytes();
    if (length === 0) return view(new Uint8Array());
    const known = this.#chunks.find(
      (chunk) => chunk.start <= start && end <= chunk.start + chunk.bytes.length,
    );
    if (known) return view(known.bytes.subarray(start - known.start, end - known.start));
    const upTo = Math.min(this.size, Math.max(end, start + (start < HEAD ? HEAD : FAR)));
    this.#total += upTo - start;
    if (this.#total > LIMIT) throw new NoBytes();
    const bytes = await this.#read(start, upTo, this.#signal);
    if (bytes.length < length) throw new NoBytes();
    this.#chunks.push({ start, bytes });
    return view(bytes.subarray(0, length));
  }

  /** At most `length` bytes; fewer at the end of the file. */
  upTo(start: number, length: number): Promise<DataView> {
    return this.at(start, Math.min(length, this.size - start));
  }
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
