import { parseTorrent } from '../../../../plugins/torrent/src/address/parseTorrent.ts';
import { lengthOfPiece, type Torrent } from '../../../../plugins/torrent/src/torrent.ts';
import { bencode, infoOf } from '../address/torrents.ts';

export const PIECE = 16_384;

/** A torrent of files of so many pieces. */
export function torrentOf(name: string, pieces: readonly number[], pieceLength = PIECE, spare = 0): Torrent {
  const files = pieces.map((count, n) => ({
    path: [`${n}.mkv`],
    length: count * pieceLength - (n === pieces.length - 1 ? spare : 0),
  }));
  return parseTorrent(bencode({ info: infoOf(files, { name, 'piece length': pieceLength }) }));
}

/** Bytes of a piece that no other piece has. */
export function bytesOf(torrent: Torrent, piece: number): Uint8Array {
  const bytes = Buffer.alloc(lengthOfPiece(torrent, piece), piece % 251);
  bytes.writeUInt32BE(piece, 0);
  bytes.write(torrent.infohash, 4);
  return bytes;
}
