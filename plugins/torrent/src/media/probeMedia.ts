import { FileBytes, NoBytes } from './fileBytes.ts';
import { probeMatroska } from './matroska.ts';
import { probeMp4 } from './mp4.ts';
import type { ProbeMedia } from './ports.ts';

/** No index is larger; a broken size would have the whole film fetched before its first picture. */
const MAX_RANGE = 64 * 1024 * 1024;

export const probeMedia: ProbeMedia = async (size, read, signal, onHead) => {
  const file = new FileBytes(size, read, signal);
  try {
    const index = (await probeMatroska(file, onHead)) ?? (await probeMp4(file, onHead));
    if (!index) return { container: 'other', ranges: [] };
    return { ...index, ranges: index.ranges.filter(({ start, end }) => end - start <= MAX_RANGE) };
  } catch (error) {
    if (error instanceof NoBytes) return { container: 'other', ranges: [] };
    throw error;
  }
};
