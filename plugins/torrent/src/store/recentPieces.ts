/** Pieces that were put a moment ago, in memory: whoever waits for one reads it before the disk was asked. */
export class RecentPieces {
  readonly #limit: number;
  readonly #pieces = new Map<string, Uint8Array>();
  #size = 0;

  constructor(limit = 16 * 1024 * 1024) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#size;
  }

  add(infohash: string, piece: number, bytes: Uint8Array): void {
    this.delete(infohash, piece);
    if (bytes.length > this.#limit) return;
    this.#pieces.set(key(infohash, piece), bytes);
    this.#size += bytes.length;
    for (const [oldest, { length }] of this.#pieces) {
      if (this.#size <= this.#limit) break;
      this.#pieces.delete(oldest);
      this.#size -= length;
    }
  }

  get(infohash: string, piece: number): Uint8Array | undefined {
    return this.#pieces.get(key(infohash, piece));
  }

  delete(infohash: string, piece: number): void {
    const bytes = this.#pieces.get(key(infohash, piece));
    if (!bytes) return;
    this.#pieces.delete(key(infohash, piece));
    this.#size -= bytes.length;
  }

  clear(infohash: string): void {
    for (const name of [...this.#pieces.keys()])
      if (name.startsWith(infohash)) this.delete(infohash, Number(name.slice(infohash.length + 1)));
  }
}

function key(infohash: string, piece: number): string {
  return `${infohash}/${piece}`;
}
