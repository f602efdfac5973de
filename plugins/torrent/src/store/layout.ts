import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

/** Pieces in a folder: few enough to list, many enough that a film has few folders. */
const GROUP = 1024;

/**
 * Where things lie: `<infohash>/torrent`, `<infohash>/resume.json`, and every piece in a file of its own,
 * `<infohash>/<piece / 1024>/<piece>`. Names are digits only, so they are safe on every system.
 *
 * A file a piece, and neither one sparse file nor slabs of many: a piece that goes gives its room back at once, on every
 * file system, and rename makes it appear whole or not at all, with two processes on one folder as well.
 */
export class Layout {
  readonly folder: string;
  /** Sets the temporary files of this cache apart from those of another process. */
  readonly #session = randomBytes(6).toString('hex');
  #temporary = 0;

  constructor(folder: string) {
    this.folder = folder;
  }

  of(infohash: string): string {
    return join(this.folder, infohash);
  }

  torrent(infohash: string): string {
    return join(this.of(infohash), 'torrent');
  }

  resume(infohash: string): string {
    return join(this.of(infohash), 'resume.json');
  }

  group(infohash: string, group: string): string {
    return join(this.of(infohash), group);
  }

  piece(infohash: string, piece: number): string {
    return join(this.of(infohash), String(Math.floor(piece / GROUP)), String(piece));
  }

  /** A name beside a file that no other process uses. */
  temporary(path: string): string {
    return `${path}.${this.#session}-${this.#temporary++}.tmp`;
  }

  trash(): string {
    return join(this.folder, `${this.#session}-${this.#temporary++}.trash`);
  }
}

export function isInfohash(name: string): boolean {
  return /^[0-9a-f]{40}$/.test(name);
}

/** Which piece a file is; `undefined` for anything else. */
export function pieceOfName(group: string, name: string): number | undefined {
  if (!/^(0|[1-9]\d{0,6})$/.test(name)) return undefined;
  const piece = Number(name);
  return String(Math.floor(piece / GROUP)) === group ? piece : undefined;
}
