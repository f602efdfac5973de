import { type FileHandle, open } from 'node:fs/promises';

const CHUNK = 64 * 1024;
const NEWLINE = 0x0a;

export interface TailLimits {
  /** At most so many lines. */
  readonly lines: number;
  /** At most so many bytes from the end; a line cut by it begins in its middle. Default: 16 MiB. */
  readonly bytes?: number;
}

/** A log has at most a little more, see the rotation. */
export const MOST_BYTES = 16 * 1024 * 1024;

/**
 * The last lines of a log, the oldest first, without their newlines; those of the file that was put aside (`.1`)
 * where the log itself has too few. None where there is no log. Rejects with the system's error where it cannot be read.
 */
export async function lastLines(file: string, limits: TailLimits): Promise<readonly string[]> {
  const bytes = limits.bytes ?? MOST_BYTES;
  const now = await tailOfFile(file, { lines: limits.lines, bytes });
  const missing = limits.lines - now.lines.length;
  if (missing <= 0 || now.bytes >= bytes) return now.lines;
  const before = await tailOfFile(`${file}.1`, { lines: missing, bytes: bytes - now.bytes });
  return [...before.lines, ...now.lines];
}

/** What a tail holds, and how many bytes of the file that is. */
export interface Tail {
  readonly lines: readonly string[];
  readonly bytes: number;
  /** Whether the last line has its newline. */
  readonly isWhole: boolean;
}

const NOTHING: Tail = { lines: [], bytes: 0, isWhole: true };

/** The last lines of an open file up to `end`. A last line without its newline is one as well. */
export async function tailOf(file: FileHandle, end: number, limits: Required<TailLimits>): Promise<Tail> {
  const lowest = Math.max(0, end - limits.bytes);
  const chunks: Buffer[] = [];
  let from = end;
  // The newline at the very end closes the last line and opens none.
  let wanted = limits.lines + 1;
  let start = lowest;
  while (from > lowest && limits.lines > 0) {
    const size = Math.min(CHUNK, from - lowest);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, from - size);
    // Cut off meanwhile.
    if (bytesRead < size) return NOTHING;
    if (from === end && buffer[size - 1] !== NEWLINE) wanted -= 1;
    from -= size;
    chunks.unshift(buffer);
    for (
      let at = buffer.lastIndexOf(NEWLINE);
      at >= 0;
      at = at === 0 ? -1 : buffer.lastIndexOf(NEWLINE, at - 1)
    ) {
      wanted -= 1;
      if (wanted > 0) continue;
      start = from + at + 1;
      break;
    }
    if (wanted <= 0) break;
  }
  if (limits.lines <= 0) return NOTHING;
  const text = Buffer.concat(chunks)
    .subarray(start - from)
    .toString('utf8');
  const lines = text.split('\n');
  const isWhole = lines.at(-1) === '';
  if (isWhole) lines.pop();
  const cut = start === lowest && lowest > 0;
  // The middle of a character, where the limit of bytes cut one.
  return {
    lines: cut ? lines.map((line) => line.replace(/^\ufffd+/, '')) : lines,
    bytes: end - start,
    isWhole,
  };
}

/** Of a file that may not be there. */
export async function tailOfFile(path: string, limits: Required<TailLimits>): Promise<Tail> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return NOTHING;
    throw error;
  }
  try {
    return await tailOf(file, (await file.stat()).size, limits);
  } finally {
    await file.close();
  }
}
