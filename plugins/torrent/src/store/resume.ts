import { open } from 'node:fs/promises';
import { pieceCount } from '../torrent.ts';
import { Bitfield } from './bitfield.ts';
import { isMissing } from './files.ts';

/** What is kept of a torrent beside its pieces, so that a start hashes nothing and lists no folder. */
export interface Resume {
  readonly name: string;
  readonly length: number;
  readonly pieceLength: number;
  readonly pieces: Bitfield;
  /** First and last pieces of files, which go last. */
  readonly edges: Bitfield;
  readonly peers: readonly string[];
  /** Milliseconds of the wall clock. */
  readonly usedAt: number;
  /** Bytes of the `torrent` beside it. */
  readonly torrentBytes: number;
  /** Is kept until somebody removes it. */
  readonly isPinned: boolean;
}

const VERSION = 1;
/** Two fields of a million bits in base64, peers and a name. */
const MAX_BYTES = 1_048_576;
export const MAX_KEPT_PEERS = 100;

/**
 * `undefined`: there is none, or it cannot be trusted. Rejects when the system does not let it be read, as when too many
 * files are open: that says nothing about it.
 */
export async function readResume(path: string): Promise<Resume | undefined> {
  const text = await readText(path);
  if (text === undefined) return undefined;
  try {
    return parseResume(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path);
    return (await file.stat()).size > MAX_BYTES ? undefined : await file.readFile('utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

export function parseResume(data: unknown): Resume | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { version, name, length, pieceLength, bitfield, edges, peers, usedAt, torrentBytes, isPinned } =
    data as Readonly<Record<string, unknown>>;
  if (version !== VERSION || typeof name !== 'string') return undefined;
  if (!isSize(length) || length === 0 || !isSize(pieceLength) || pieceLength === 0) return undefined;
  if (!isSize(usedAt) || !isSize(torrentBytes)) return undefined;
  if (typeof bitfield !== 'string' || typeof edges !== 'string') return undefined;
  const count = pieceCount({ length, pieceLength });
  if (count > 1_000_000) return undefined;
  const pieces = Bitfield.fromBase64(count, bitfield);
  const ends = Bitfield.fromBase64(count, edges);
  if (!pieces || !ends) return undefined;
  const known = Array.isArray(peers) ? peers.filter((peer) => typeof peer === 'string') : [];
  return {
    name,
    length,
    pieceLength,
    pieces,
    edges: ends,
    peers: known.filter((peer) => peer.length <= 300).slice(0, MAX_KEPT_PEERS),
    usedAt,
    torrentBytes,
    isPinned: isPinned === true,
  };
}

export function serializeResume(resume: Resume): string {
  const { pieces, edges, ...rest } = resume;
  return JSON.stringify({ version: VERSION, ...rest, bitfield: pieces.base64(), edges: edges.base64() });
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
