/** Bytes that are asked of a peer at a time. Peers refuse to give more (BEP 3). */
export const BLOCK_LENGTH = 16_384;

/** One file of a torrent, at its place in the run of all bytes. */
export interface TorrentFile {
  /** Counts from 0 in the order of the torrent, as `--file` and `so=` do. */
  readonly index: number;
  /** Path inside the torrent with `/`, as its maker wrote it; made safe only where it meets a disk or a screen. */
  readonly path: string;
  readonly length: number;
  /** First byte in the run of all files. */
  readonly offset: number;
  /** Fills up to the next piece, with zeros (BEP 47). */
  readonly isPadding?: boolean;
}

/** What a torrent says of itself, checked. */
export interface Torrent {
  /** 40 hexadecimal digits, lower case: SHA-1 of the info dictionary. */
  readonly infohash: string;
  readonly name: string;
  readonly files: readonly TorrentFile[];
  /** Bytes of all files. */
  readonly length: number;
  /** Bytes of every piece but the last. */
  readonly pieceLength: number;
  /** SHA-1 of each piece, 20 bytes each, one after the other. */
  readonly hashes: Uint8Array;
  readonly isPrivate: boolean;
  readonly trackers: readonly string[];
  readonly webSeeds: readonly string[];
  /** The `.torrent` itself, as it goes to disk and to webtorrent. */
  readonly bytes: Uint8Array;
}

export function pieceCount({ length, pieceLength }: Pick<Torrent, 'length' | 'pieceLength'>): number {
  return Math.ceil(length / pieceLength);
}

/** Bytes of a piece; the last one is shorter as a rule. */
export function lengthOfPiece(
  { length, pieceLength }: Pick<Torrent, 'length' | 'pieceLength'>,
  piece: number,
): number {
  return Math.min(pieceLength, length - piece * pieceLength);
}

/** What an address leads to before anybody was asked. */
export type TorrentAddress =
  | { readonly type: 'torrent'; readonly torrent: Torrent; readonly fileIndex?: number }
  | {
      readonly type: 'magnet';
      readonly infohash: string;
      readonly name?: string;
      readonly trackers: readonly string[];
      readonly webSeeds: readonly string[];
      /** `host:port` of peers (`x.pe`). */
      readonly peers: readonly string[];
      /** `so=`, or the file that an item stands for. */
      readonly fileIndex?: number;
    };
