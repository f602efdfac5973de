import { FileBytes, NoBytes } from './fileBytes.ts';
import { probeMatroska } from './matroska.ts';
import { probeMp4 } from './mp4.ts';
import type { ProbeMedia } from './ports.ts';

export const probeMedia: ProbeMedia = async (size, read, signal) => {
  const file = new FileBytes(size, read, signal);
  try {
    return (await probeMatroska(file)) ?? (await probeMp4(file)) ?? { container: 'other', ranges: [] };
  } catch (error) {
    if (error instanceof NoBytes) return { container: 'other', ranges: [] };
    throw error;
  }
};
