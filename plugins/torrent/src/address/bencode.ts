/** A dictionary, and where it stands in the bytes: an infohash is taken of what was sent, not of what was understood. */
export interface Dictionary {
  readonly type: 'dictionary';
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  /** Keys as Latin-1, as they may be any bytes. */
  readonly entries: ReadonlyMap<string, Bencoded>;
}

export type Bencoded = number | Uint8Array | readonly Bencoded[] | Dictionary;

const DEPTH = 100;
/** 100 000 files of a torrent are some 800 000 values. */
const VALUES = 1_000_000;

const [COLON, MINUS, ZERO, NINE, D, E, I, L] = [0x3a, 0x2d, 0x30, 0x39, 0x64, 0x65, 0x69, 0x6c];

export class BencodeError extends Error {}

/**
 * Reads one bencoded value (BEP 3); what follows it is not looked at. Strict where leniency would cost: npm's bencode
 * 4.0.0 takes `l-3:` for a string of minus three bytes and never comes back.
 * @throws BencodeError
 */
export function decodeBencode(bytes: Uint8Array): Bencoded {
  return new Decoder(bytes).value(0);
}

class Decoder {
  readonly #bytes: Uint8Array;
  #at = 0;
  #values = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  value(depth: number): Bencoded {
    if (++this.#values > VALUES) throw new BencodeError('it holds too many values');
    if (depth > DEPTH) throw new BencodeError('it is nested too deeply');
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new BencodeError('it ends too early');
    if (byte === D) return this.#dictionary(depth);
    if (byte === L) return this.#list(depth);
    if (byte === I) return this.#integer();
    return this.#string();
  }

  #dictionary(depth: number): Dictionary {
    const start = this.#at++;
    const entries = new Map<string, Bencoded>();
    while (!this.#ends()) {
      const key = this.#string();
      const name = Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
      if (entries.has(name)) throw new BencodeError('a dictionary has a key twice');
      entries.set(name, this.value(depth + 1));
    }
    return { type: 'dictionary', start, end: this.#at, entries };
  }

  #list(depth: number): readonly Bencoded[] {
    this.#at++;
    const items: Bencoded[] = [];
    while (!this.#ends()) items.push(this.value(depth + 1));
    return items;
  }

  #ends(): boolean {
    if (this.#at >= this.#bytes.length) throw new BencodeError('it ends too early');
    if (this.#bytes[this.#at] !== E) return false;
    this.#at++;
    return true;
  }

  #integer(): number {
    this.#at++;
    const negative = this.#bytes[this.#at] === MINUS;
    if (negative) this.#at++;
    const value = this.#digits(E, 20);
    return negative ? -value : value;
  }

  #string(): Uint8Array {
    const length = this.#digits(COLON, 9);
    const start = this.#at;
    if (length > this.#bytes.length - start) throw new BencodeError('it ends too early');
    this.#at = start + length;
    return this.#bytes.subarray(start, this.#at);
  }

  /** Beyond what a number holds exactly the value is inexact, and no safe integer. */
  #digits(terminator: number, most: number): number {
    let value = 0;
    for (let count = 0; ; count++) {
      const byte = this.#bytes[this.#at++];
      if (byte === terminator && count > 0) return value;
      if (byte === undefined) throw new BencodeError('it ends too early');
      if (byte < ZERO || byte > NINE || count >= most)
        throw new BencodeError('something stands where a number should');
      value = value * 10 + (byte - ZERO);
    }
  }
}

export function isDictionary(value: Bencoded | undefined): value is Dictionary {
  return typeof value === 'object' && 'type' in value && value.type === 'dictionary';
}

export function isBytes(value: Bencoded | undefined): value is Uint8Array {
  return value instanceof Uint8Array;
}

export function isList(value: Bencoded | undefined): value is readonly Bencoded[] {
  return Array.isArray(value);
}

/** A bencoded string. */
export function encodeBytes(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${bytes.length}:`), bytes]);
}

export function encodeText(text: string): Uint8Array {
  return encodeBytes(Buffer.from(text));
}
