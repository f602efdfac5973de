/** One bit for each piece, the first in the highest bit of the first byte (BEP 3). */
export class Bitfield {
  readonly size: number;
  readonly #bytes: Uint8Array;
  #count = 0;

  constructor(size: number) {
    this.size = size;
    this.#bytes = new Uint8Array(Math.ceil(size / 8));
  }

  /** `undefined` when the text is not exactly such a field of this size. */
  static fromBase64(size: number, text: string): Bitfield | undefined {
    const bytes = Buffer.from(text, 'base64');
    if (bytes.length !== Math.ceil(size / 8) || bytes.toString('base64') !== text) return undefined;
    const spare = bytes.length * 8 - size;
    if (((bytes[bytes.length - 1] ?? 0) & ((1 << spare) - 1)) !== 0) return undefined;
    const field = new Bitfield(size);
    field.#bytes.set(bytes);
    for (const byte of bytes) field.#count += ones(byte);
    return field;
  }

  get count(): number {
    return this.#count;
  }

  has(piece: number): boolean {
    return ((this.#bytes[piece >> 3] ?? 0) & (128 >> (piece & 7))) !== 0;
  }

  /** @returns whether it was not set before */
  add(piece: number): boolean {
    if (piece < 0 || piece >= this.size || this.has(piece)) return false;
    this.#bytes[piece >> 3] = (this.#bytes[piece >> 3] ?? 0) | (128 >> (piece & 7));
    this.#count++;
    return true;
  }

  /** @returns whether it was set before */
  delete(piece: number): boolean {
    if (!this.has(piece)) return false;
    this.#bytes[piece >> 3] = (this.#bytes[piece >> 3] ?? 0) & ~(128 >> (piece & 7));
    this.#count--;
    return true;
  }

  clear(): void {
    this.#bytes.fill(0);
    this.#count = 0;
  }

  /** Set pieces, ascending. */
  *pieces(from = 0): Generator<number> {
    for (let index = from >> 3; index < this.#bytes.length; index++) {
      if (this.#bytes[index] === 0) continue;
      for (let piece = Math.max(from, index * 8); piece < index * 8 + 8; piece++)
        if (this.has(piece)) yield piece;
    }
  }

  union(other: Bitfield): Bitfield {
    const both = new Bitfield(this.size);
    for (const piece of this.pieces()) both.add(piece);
    for (const piece of other.pieces()) both.add(piece);
    return both;
  }

  /** A copy. */
  bytes(): Uint8Array {
    return this.#bytes.slice();
  }

  base64(): string {
    return Buffer.from(this.#bytes).toString('base64');
  }
}

function ones(byte: number): number {
  let count = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) count++;
  return count;
}
