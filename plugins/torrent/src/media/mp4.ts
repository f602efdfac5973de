import { type FileBytes, NoBytes } from './fileBytes.ts';
import type { MediaIndex, OnHead } from './ports.ts';

interface Box {
  readonly type: string;
  readonly start: number;
  readonly body: number;
  /** Exclusive. */
  readonly end: number;
}

/** What a file of this kind may begin with. */
const FIRST = ['ftyp', 'styp', 'moov', 'mdat', 'free', 'skip', 'wide', 'pnot'];
const MAX_BOXES = 200;
/** Bytes behind the media that may be an index. */
const MOST_BEHIND = 16 * 1024 * 1024;

/** ISO base media (ISO 14496-12) and QuickTime; `undefined`: it is none. */
export async function probeMp4(file: FileBytes, onHead?: OnHead): Promise<MediaIndex | undefined> {
  const first = await boxAt(file, 0, file.size);
  if (!first || !FIRST.includes(first.type)) return undefined;
  const none: MediaIndex = { container: 'mp4', ranges: [] };
  try {
    const moov = await find(file, 'moov', 0, file.size, (at) => {
      if (file.size - at <= MOST_BEHIND) onHead?.({ ...none, ranges: [{ start: at, end: file.size }] });
    });
    if (!moov) return none;
    const index = { ...none, ranges: [{ start: moov.start, end: moov.end }] };
    const duration = await durationOf(file, moov).catch(forNoBytes);
    return duration === undefined ? index : { ...index, duration };
  } catch (error) {
    forNoBytes(error);
    return none;
  }
}

/** @param onFar told where it is gone on, behind what is too long to be read */
async function find(
  file: FileBytes,
  type: string,
  start: number,
  end: number,
  onFar?: (at: number) => void,
): Promise<Box | undefined> {
  let at = start;
  for (let count = 0; count < MAX_BOXES && at < end; count++) {
    const box = await boxAt(file, at, end);
    if (!box || box.type === type) return box;
    at = box.end;
    if (box.type === 'mdat' && at < end) onFar?.(at);
  }
  return undefined;
}

async function boxAt(file: FileBytes, start: number, limit: number): Promise<Box | undefined> {
  if (limit - start < 8) return undefined;
  const head = await file.upTo(start, 16);
  const type = String.fromCharCode(...[4, 5, 6, 7].map((at) => head.getUint8(at)));
  if (!/^[\x20-\x7e\xa9]{4}$/.test(type)) return undefined;
  const short = head.getUint32(0);
  if (short === 0) return { type, start, body: start + 8, end: limit };
  const isLong = short === 1;
  if (isLong && head.byteLength < 16) return undefined;
  const size = isLong ? Number(head.getBigUint64(8)) : short;
  const body = start + (isLong ? 16 : 8);
  // One that is longer than what it lies in is cut: a file that was not written to its end.
  return start + size < body ? undefined : { type, start, body, end: Math.min(limit, start + size) };
}

/** The movie header is the first thing in `moov`, whatever else is in it. */
async function durationOf(file: FileBytes, moov: Box): Promise<number | undefined> {
  const header = await find(file, 'mvhd', moov.body, moov.end);
  if (!header || header.end - header.body < 20) return undefined;
  const data = await file.upTo(header.body, 32);
  const isLong = data.getUint8(0) === 1;
  if (isLong && data.byteLength < 32) return undefined;
  const scale = data.getUint32(isLong ? 20 : 12);
  const units = isLong ? Number(data.getBigUint64(24)) : data.getUint32(16);
  const isUnknown = units === 0 || units === (isLong ? 2 ** 64 : 0xffff_ffff);
  const seconds = units / scale;
  return isUnknown || !(seconds > 0 && seconds < 1e7) ? undefined : seconds;
}

function forNoBytes(error: unknown): undefined {
  if (!(error instanceof NoBytes)) throw error;
  return undefined;
}
