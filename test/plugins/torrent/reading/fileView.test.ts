import { Emitter, KinoportError } from '@kinoport/core';
import { VirtualClock } from '@kinoport/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { FileView } from '../../../../plugins/torrent/src/reading/fileView.ts';
import { PieceWaiters } from '../../../../plugins/torrent/src/reading/pieces.ts';
import type { PieceStore } from '../../../../plugins/torrent/src/store/ports.ts';
import type { Torrent, TorrentFile } from '../../../../plugins/torrent/src/torrent.ts';

const KB = 1024;
const PIECE = 64 * KB;
const bytes = Uint8Array.from({ length: 40 * PIECE + 100 }, (_, n) => (n * 31 + (n >> 8)) & 255);
const file = { index: 1, path: 'a/film.bin', length: bytes.length - PIECE - 10, offset: PIECE + 10 };
const torrent: Torrent = {
  infohash: 'a'.repeat(40),
  name: 'a',
  files: [{ index: 0, path: 'a/first', length: PIECE + 10, offset: 0 }, file],
  length: bytes.length,
  pieceLength: PIECE,
  hashes: new Uint8Array(41 * 20),
  isPrivate: false,
  trackers: [],
  webSeeds: [],
  bytes: new Uint8Array(),
};
const content = bytes.subarray(file.offset, file.offset + file.length);

/** Pieces in memory, which arrive when the test says so. */
class Pieces implements PieceStore {
  readonly torrent = torrent;
  readonly waiters = new PieceWaiters();
  readonly here = new Set<number>();
  readonly broken = new Set<number>();
  held: readonly { readonly from: number; readonly to: number }[] = [];
  readonly size = 0;
  readonly onDidLose = new Emitter<number>().event;
  peers: readonly string[] = [];

  arrive(...pieces: readonly number[]): void {
    for (const piece of pieces) {
      this.here.add(piece);
      this.waiters.arrived(piece);
    }
  }

  arriveAll(): void {
    this.arrive(...Array.from({ length: 41 }, (_, piece) => piece));
  }

  has(piece: number): boolean {
    return this.here.has(piece);
  }

  bitfield(): Uint8Array {
    return new Uint8Array();
  }

  async put(): Promise<void> {}

  async read(piece: number, offset: number, length: number): Promise<Uint8Array> {
    if (this.broken.delete(piece)) {
      this.here.delete(piece);
      throw new KinoportError('CACHE_READ_FAILED', 'The disk does not give it back.');
    }
    return bytes.slice(piece * PIECE + offset, piece * PIECE + offset + length);
  }

  hold(_name: string, ranges: readonly { readonly from: number; readonly to: number }[]): void {
    this.held = ranges;
  }

  async dispose(): Promise<void> {}
}

let store: Pieces;
let view: FileView;
let changes = 0;

function viewOf(of: TorrentFile): FileView {
  return new FileView({
    name: 'v',
    torrent,
    file: of,
    store,
    waiters: store.waiters,
    clock: new VirtualClock(),
    class: 'current',
    readAhead: () => 12,
    onChange: () => {
      changes += 1;
    },
  });
}

beforeEach(() => {
  store = new Pieces();
  changes = 0;
  view = viewOf(file);
});

const never = new AbortController().signal;

async function all(start: number, end?: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of view.read(start, end, never)) parts.push(part);
  return Buffer.concat(parts);
}

describe('a read', () => {
  it('gives every byte of its range, across pieces and from the middle of one', async () => {
    store.arriveAll();
    expect(Buffer.compare(await all(0), content)).toBe(0);
    expect(Buffer.compare(await all(70_000, 200_001), content.subarray(70_000, 200_001))).toBe(0);
    expect(await all(file.length - 1)).toHaveLength(1);
  });

  it('waits for the pieces it needs, in whatever order they arrive', async () => {
    const reading = all(0, 3 * PIECE);
    store.arrive(4, 3, 2);
    const first = Promise.race([reading.then(() => 'over'), Promise.resolve('waits')]);
    expect(await first).toBe('waits');
    store.arrive(1);
    expect(Buffer.compare(await reading, content.subarray(0, 3 * PIECE))).toBe(0);
  });

  it('is wanted from where it stands, and no more when it is left', async () => {
    const before = changes;
    const reading = view.read(10 * PIECE, undefined, never);
    const step = reading.next();
    expect(changes).toBeGreaterThan(before);
    const wanted = view.demands.find(({ id }) => id.includes('read'));
    expect(wanted).toMatchObject({ class: 'current', start: file.offset + 10 * PIECE });
    store.arrive(11);
    expect((await step).value).toBeInstanceOf(Uint8Array);
    await reading.return(undefined);
    expect(view.demands.filter(({ id }) => id.includes('read'))).toEqual([]);
  });

  it('ends with its signal while it waits', async () => {
    const abort = new AbortController();
    const step = view.read(0, undefined, abort.signal).next();
    abort.abort();
    await expect(step).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('fails with what keeps the torrent from going on, and may be made again', async () => {
    const step = view.read(0, undefined, never).next();
    store.waiters.failAll(new KinoportError('CACHE_FULL', 'The disk is full.'));
    await expect(step).rejects.toMatchObject({ code: 'CACHE_FULL' });
    store.arriveAll();
    expect(await all(0, 10)).toHaveLength(10);
  });

  it('waits for a piece once more that the disk does not give back', async () => {
    store.arriveAll();
    store.broken.add(5);
    const reading = all(0);
    await expect.poll(() => store.has(5)).toBe(false);
    store.arrive(5);
    expect(Buffer.compare(await reading, content)).toBe(0);
  });

  it('ends with the view', async () => {
    const step = view.read(0, undefined, never).next();
    view.dispose();
    await expect(step).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

describe('a view that nobody reads yet', () => {
  it('wants the very head, then more of it and the tail', () => {
    const [first, head, tail] = view.demands;
    expect(first).toMatchObject({ start: file.offset, rate: Number.POSITIVE_INFINITY });
    expect(head).toMatchObject({ start: first?.end, due: (first?.due ?? 0) + 800 });
    expect(tail).toMatchObject({ end: file.offset + file.length, rate: Number.POSITIVE_INFINITY });
  });

  it.each([
    ['film.mp4', 1],
    ['film.mkv', undefined],
  ])('of %s wants the tail after %s ms', (path, after) => {
    const [first, , tail] = viewOf({ ...file, path }).demands;
    expect(tail && tail.due - (first?.due ?? 0)).toBe(after);
  });

  it('changes its class when it is played', () => {
    view.class = 'next';
    expect(view.demands.every((demand) => demand.class === 'next')).toBe(true);
  });
});

describe('what is buffered', () => {
  it('is what is here from the playhead on, in seconds of the media', async () => {
    expect(view.bufferedSeconds).toBe(0);
    store.arrive(1, 2, 3, 5);
    // Without a duration: 1 MB a second.
    expect(view.bufferedSeconds).toBeCloseTo((3 * PIECE - 10) / 1_000_000, 5);
  });
});
