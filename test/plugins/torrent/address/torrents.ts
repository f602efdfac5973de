import { createHash } from 'node:crypto';

/** A value to be bencoded; keys of a `Map` go out in its order. */
export type Plain =
  | number
  | string
  | Uint8Array
  | readonly Plain[]
  | ReadonlyMap<string, Plain>
  | { readonly [key: string]: Plain | undefined };

export function bencode(value: Plain): Buffer {
  if (typeof value === 'number') return Buffer.from(`i${value}e`);
  if (typeof value === 'string') return bencode(Buffer.from(value));
  if (value instanceof Uint8Array) return Buffer.concat([Buffer.from(`${value.length}:`), value]);
  if (Array.isArray(value)) return Buffer.concat([Buffer.from('l'), ...value.map(bencode), Buffer.from('e')]);
  const entries =
    value instanceof Map ? [...value] : Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = entries.flatMap(([key, item]) =>
    item === undefined
      ? []
      : [Buffer.concat([Buffer.from(`${Buffer.byteLength(key)}:${key}`), bencode(item)])],
  );
  return Buffer.concat([Buffer.from('d'), ...parts, Buffer.from('e')]);
}

export interface MadeFile {
  readonly path: readonly string[];
  readonly length: number;
  readonly attr?: string;
}

/** The info dictionary of a torrent of these files, with hashes of nothing. */
export function infoOf(files: readonly MadeFile[], more: Readonly<Record<string, Plain | undefined>> = {}) {
  const length = files.reduce((sum, file) => sum + file.length, 0);
  const pieceLength = typeof more['piece length'] === 'number' ? more['piece length'] : 65_536;
  return {
    name: 'A season',
    files: files.map(({ path, length, attr }) => ({ path, length, attr })),
    'piece length': pieceLength,
    pieces: more.pieces ?? Buffer.alloc(Math.ceil(length / pieceLength) * 20, 7),
    ...more,
  };
}

export function sha1(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('hex');
}
