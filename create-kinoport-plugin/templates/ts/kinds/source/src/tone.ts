import { setImmediate } from 'node:timers/promises';

const RATE = 22_050;
const HEADER = 44;
const CHUNK = 64 * 1024;

/** Seconds of every tone. */
export const SECONDS = 5;
/** Bytes of every tone: a header, and a sample of two bytes for each instant. */
export const SIZE = HEADER + SECONDS * RATE * 2;

/** The same bytes have the same tag. */
export function etag(frequency: number): string {
  return `"tone-${frequency}-${SIZE}"`;
}

/** The bytes of a WAV file from `start` up to, not including, `end`; made as they are asked for. */
export async function* readTone(
  frequency: number,
  start: number,
  end: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (let at = start; at < end; at += CHUNK) {
    signal.throwIfAborted();
    yield bytes(frequency, at, Math.min(at + CHUNK, end));
    await setImmediate();
  }
}

function bytes(frequency: number, start: number, end: number): Uint8Array {
  const head = header();
  return Uint8Array.from({ length: end - start }, (_, index) => {
    const at = start + index;
    if (at < HEADER) return head[at] ?? 0;
    const sample = (at - HEADER) >> 1;
    const value = Math.round(8000 * Math.sin((2 * Math.PI * frequency * sample) / RATE));
    return (at - HEADER) % 2 === 0 ? value & 0xff : (value >> 8) & 0xff;
  });
}

function header(): Uint8Array {
  const head = Buffer.alloc(HEADER);
  head.write('RIFF', 0);
  head.writeUInt32LE(SIZE - 8, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(RATE, 24);
  head.writeUInt32LE(RATE * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(SIZE - HEADER, 40);
  return head;
}
