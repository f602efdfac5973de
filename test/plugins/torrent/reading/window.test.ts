import { describe, expect, it } from 'vitest';
import {
  aheadOf,
  demandsOf,
  heldPieces,
  type OpenRead,
  playheadOf,
} from '../../../../plugins/torrent/src/reading/window.ts';

const MB = 1024 * 1024;
const FILE = { offset: 10 * MB + 7, length: 300 * MB, pieceLength: MB };
const read = (id: number, position: number, taken: number, end = FILE.length): OpenRead => ({
  id,
  position,
  taken,
  end,
});
const state = (reads: readonly OpenRead[]) => ({
  name: 'v',
  class: 'current' as const,
  now: 1000,
  reads,
  prepared: [],
  bitrate: MB,
  readAhead: 12,
});

describe('the read-ahead', () => {
  it('is seconds of the media, but no less than a piece and 2 MB, no more than 128 MB', () => {
    expect(aheadOf(MB, 12, MB)).toBe(12 * MB);
    expect(aheadOf(1000, 12, MB)).toBe(2 * MB);
    expect(aheadOf(1000, 12, 16 * MB)).toBe(16 * MB);
    expect(aheadOf(100 * MB, 60, MB)).toBe(128 * MB);
  });
});

describe('the playhead', () => {
  it('is the newest read that has taken more than a look', () => {
    expect(playheadOf([read(1, 50 * MB, 50 * MB), read(2, 299 * MB, 100_000)])?.id).toBe(1);
    expect(playheadOf([read(1, 50 * MB, 50 * MB), read(2, 200 * MB, 300_000)])?.id).toBe(2);
    expect(playheadOf([read(1, 0, 0), read(2, 299 * MB, 0)])?.id).toBe(2);
  });
});

describe('what is wanted', () => {
  it('is each read its own stretch, in bytes of the torrent', () => {
    const demands = demandsOf(FILE, state([read(1, 50 * MB, 40 * MB), read(2, 299 * MB, 1000)]));
    expect(demands.map(({ start, end }) => [start - FILE.offset, end - FILE.offset])).toEqual([
      [50 * MB, 62 * MB],
      [299 * MB, 299 * MB + 263_144],
    ]);
    expect(demands.every(({ due }) => due === 1000)).toBe(true);
  });

  it('is less for who holds more than can have been watched, and never less than 1 MB', () => {
    const since = (taken: number) => ({ ...read(1, 50 * MB, taken), since: -19_000 });
    const ahead = (taken: number) => {
      const [demand] = demandsOf(FILE, state([since(taken)]));
      return ((demand?.end ?? 0) - (demand?.start ?? 0)) / MB;
    };
    expect([10, 20, 25, 31, 40].map((taken) => ahead(taken * MB))).toEqual([12, 12, 7, 1, 1]);
  });

  it('ends with the file and with the range that was asked for', () => {
    const demands = demandsOf(FILE, state([read(1, 299 * MB, MB), read(2, MB, MB, MB + 10)]));
    expect(demands.map(({ end }) => end - FILE.offset)).toEqual([300 * MB, MB + 10]);
  });

  it('is nothing when a read has come to its end', () => {
    expect(demandsOf(FILE, state([read(1, 300 * MB, MB)]))).toEqual([]);
  });
});

describe('what stays on disk', () => {
  it('reaches from the piece before the reader to the end of the read-ahead', () => {
    expect(heldPieces(FILE, state([read(1, 50 * MB, MB)]))).toEqual([{ from: 59, to: 72 }]);
  });

  it('never leaves the torrent', () => {
    expect(heldPieces(FILE, state([read(1, 0, MB), read(2, 300 * MB, MB)]))).toEqual([
      { from: 10, to: 22 },
      { from: 309, to: 310 },
    ]);
  });
});
