import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MediaIndex, ReadAt } from '../../../../plugins/torrent/src/media/ports.ts';
import { probeMedia } from '../../../../plugins/torrent/src/media/probeMedia.ts';
import { Random } from '../../../support/random.ts';

const FILES: Readonly<Record<string, readonly string[]>> = {
  'end.mp4': [],
  'fast.mp4': ['-movflags', '+faststart'],
  'fragments.mp4': ['-movflags', '+frag_keyframe+empty_moov'],
  'end.mov': [],
  'cues.mkv': ['-metadata', 'title=A film'],
  'front.mkv': ['-reserve_index_space', '10000'],
  'live.mkv': ['-f', 'matroska', '-live', '1'],
  'film.webm': [],
  'film.avi': [],
  'film.ts': [],
};
const media = new Map<string, Buffer>();

beforeAll(() => {
  const folder = mkdtempSync(join(tmpdir(), 'kp-probe-'));
  try {
    const film = ['-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=25:duration=20'];
    const made = join(folder, 'made.mkv');
    execFileSync('ffmpeg', ['-v', 'error', ...film, '-c:v', 'mpeg4', '-b:v', '400k', made]);
    const outputs = Object.entries(FILES).flatMap(([name, options]) => {
      const codec = name.endsWith('webm')
        ? ['-t', '5', '-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '16']
        : ['-c', 'copy'];
      return [...codec, ...options, join(folder, name)];
    });
    execFileSync('ffmpeg', ['-v', 'error', '-i', made, ...outputs]);
    for (const name of Object.keys(FILES)) media.set(name, readFileSync(join(folder, name)));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

afterAll(() => media.clear());

interface Probed extends MediaIndex {
  readonly bytes: number;
  readonly reads: number;
}

/** @param from where the bytes begin in a file of zeros */
async function probe(bytes: Uint8Array, size = bytes.length): Promise<Probed> {
  let total = 0;
  let reads = 0;
  const read: ReadAt = async (start, end) => {
    if (!(start >= 0 && start < end && end <= size)) throw new Error(`${start} to ${end} of ${size}`);
    total += end - start;
    reads++;
    const part = Buffer.alloc(end - start);
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).copy(part, 0, start, end);
    return part;
  };
  const index = await probeMedia(size, read, new AbortController().signal);
  return { ...index, bytes: total, reads };
}

/** What is told before what lies far off is there. */
async function headOf(bytes: Uint8Array): Promise<readonly MediaIndex[]> {
  const told: MediaIndex[] = [];
  const over = new AbortController();
  const read: ReadAt = async (start, end) => {
    if (start < 16_384) return bytes.subarray(start, end);
    over.abort();
    throw new Error('not here yet');
  };
  await probeMedia(bytes.length, read, over.signal, (index) => told.push(index)).catch(() => undefined);
  return told;
}

const bytesOf = (name: string): Buffer => {
  const bytes = media.get(name);
  if (!bytes) throw new Error(`no ${name}`);
  return bytes;
};

/** Where something begins that has these bytes at its head, the last one. */
const placeOf = (bytes: Buffer, text: string | Buffer, back: number): number =>
  bytes.lastIndexOf(text) - back;
const CUES = Buffer.from('1c53bb6b', 'hex');
const TAGS = Buffer.from('1254c367', 'hex');

it('tells what the head says before what lies far off is there', async () => {
  const mp4 = bytesOf('end.mp4');
  const start = placeOf(mp4, 'moov', 4);
  expect(await headOf(mp4)).toEqual([{ container: 'mp4', ranges: [{ start, end: mp4.length }] }]);
  const mkv = bytesOf('cues.mkv');
  const cues = placeOf(mkv, CUES, 0);
  const [head, ...more] = await headOf(mkv);
  expect(more).toEqual([]);
  expect(head?.duration).toBeCloseTo(20, 1);
  expect(head?.ranges).toContainEqual({ start: cues, end: Math.min(mkv.length, cues + 64) });
});

describe('MP4 and QuickTime', () => {
  it.each(['end.mp4', 'end.mov'])('%s has its index at the end', async (name) => {
    const bytes = bytesOf(name);
    const found = await probe(bytes);
    const start = placeOf(bytes, 'moov', 4);
    expect(start).toBeGreaterThan(bytes.length / 2);
    expect(found).toMatchObject({
      container: 'mp4',
      ranges: [{ start, end: start + bytes.readUInt32BE(start) }],
    });
    expect(found.duration).toBeCloseTo(20, 1);
    expect([found.bytes <= 17_000, found.reads]).toEqual([true, 2]);
  });

  it('with the index at the front', async () => {
    const bytes = bytesOf('fast.mp4');
    const found = await probe(bytes);
    const start = bytes.indexOf('moov') - 4;
    expect(found).toMatchObject({
      container: 'mp4',
      ranges: [{ start, end: start + bytes.readUInt32BE(start) }],
      reads: 1,
    });
    expect(found.duration).toBeCloseTo(20, 1);
  });

  it('in fragments has a small index and no duration', async () => {
    const found = await probe(bytesOf('fragments.mp4'));
    expect(found).toMatchObject({ container: 'mp4', reads: 1 });
    expect(found.duration).toBeUndefined();
    expect(found.ranges).toHaveLength(1);
  });

  it('of more than 4 GiB', async () => {
    const plain = bytesOf('end.mp4');
    const mdat = plain.indexOf('mdat') - 4;
    const moov = placeOf(plain, 'moov', 4);
    const size = 5_000_000_000;
    const wide = Buffer.alloc(16);
    wide.writeUInt32BE(1, 0);
    wide.write('mdat', 4);
    wide.writeBigUInt64BE(BigInt(size), 8);
    const head = Buffer.concat([plain.subarray(0, mdat), wide]);
    const at = mdat + size;
    const index = plain.subarray(moov);
    const read: ReadAt = async (start, end) => {
      const part = Buffer.alloc(end - start);
      if (start < head.length) head.copy(part, 0, start, Math.min(end, head.length));
      if (end > at) index.copy(part, Math.max(0, at - start), Math.max(0, start - at), end - at);
      return part;
    };
    const found = await probeMedia(at + index.length, read, new AbortController().signal);
    expect(found.ranges).toEqual([{ start: at, end: at + index.length }]);
    expect(found.duration).toBeCloseTo(20, 1);
  });
});

describe('Matroska and WebM', () => {
  it('has its index and tags at the end', async () => {
    const bytes = bytesOf('cues.mkv');
    const found = await probe(bytes);
    const start = placeOf(bytes, CUES, 0);
    const range = found.ranges.find((each) => each.start === start);
    expect(start).toBeGreaterThan(bytes.length / 2);
    expect(range?.end).toBe(bytes.length);
    expect(found).toMatchObject({ container: 'matroska' });
    expect(found.duration).toBeCloseTo(20, 1);
    expect(found.ranges.map((each) => each.start)).toContain(
      bytes.indexOf(TAGS, 4096) > 0 ? bytes.lastIndexOf(TAGS) : bytes.indexOf(TAGS, 200),
    );
    expect([found.bytes <= 18_000, found.reads <= 3]).toEqual([true, true]);
  });

  it('has it at the front', async () => {
    const bytes = bytesOf('front.mkv');
    const found = await probe(bytes);
    expect(found.ranges.map(({ start }) => start)).toContain(bytes.lastIndexOf(CUES));
    expect(bytes.lastIndexOf(CUES)).toBeLessThan(11_000);
    expect(found.reads).toBe(1);
  });

  it('has none when it was live', async () => {
    const found = await probe(bytesOf('live.mkv'));
    expect(found).toMatchObject({ container: 'matroska', reads: 1 });
    expect(found.ranges.every(({ end }) => end < 5000)).toBe(true);
  });

  it('is WebM as well', async () => {
    const bytes = bytesOf('film.webm');
    const found = await probe(bytes);
    expect(found.container).toBe('matroska');
    expect(found.duration).toBeCloseTo(5, 1);
    expect(found.ranges.map(({ start }) => start)).toContain(placeOf(bytes, CUES, 0));
  });
});

describe('anything else', () => {
  it('is other', async () => {
    for (const bytes of [
      bytesOf('film.avi'),
      bytesOf('film.ts'),
      Buffer.alloc(0),
      Buffer.alloc(5),
      Buffer.alloc(100_000),
      Buffer.from('<!doctype html>'.repeat(9)),
    ]) {
      expect(await probe(bytes)).toMatchObject({ container: 'other', ranges: [] });
    }
  });

  it('that was cut or changed ends soon, with ranges that lie in the file', async () => {
    const random = new Random(7);
    for (const name of ['end.mp4', 'fast.mp4', 'cues.mkv', 'front.mkv', 'film.webm']) {
      const whole = bytesOf(name);
      for (let round = 0; round < 300; round++) {
        const bytes = Buffer.from(
          whole.subarray(0, random.below(3) === 0 ? random.below(whole.length) : whole.length),
        );
        for (let n = random.below(20); n > 0 && bytes.length > 0; n--)
          bytes[random.below(Math.min(bytes.length, random.pick([64, 512, 4096])))] = random.pick([
            0,
            1,
            255,
            8,
            random.below(256),
          ]);
        const found = await probe(bytes);
        expect(found.bytes).toBeLessThanOrEqual(262_144);
        for (const { start, end } of found.ranges)
          expect(start >= 0 && start < end && end <= bytes.length).toBe(true);
        expect(found.duration ?? 1).toBeGreaterThan(0);
      }
    }
  });

  it('with an index of an impossible size has none', async () => {
    const bytes = Buffer.from(bytesOf('fast.mp4'));
    bytes.writeUInt32BE(0xf000_0000, bytes.indexOf('moov') - 4);
    expect(await probe(bytes, 4_294_967_296)).toMatchObject({ container: 'mp4', ranges: [] });
  });

  it('that cannot be read fails as the reader does', async () => {
    const failing = probeMedia(1000, () => Promise.reject(new Error('gone')), new AbortController().signal);
    await expect(failing).rejects.toThrow('gone');
  });
});
