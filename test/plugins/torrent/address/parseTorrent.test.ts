import { isKinoportError } from '@kinoport/core';
import { describe, expect, it } from 'vitest';
import { parseTorrent, torrentOfInfo } from '../../../../plugins/torrent/src/address/parseTorrent.ts';
import { Random } from '../../../support/random.ts';
import { bencode, infoOf, type Plain, sha1 } from './torrents.ts';

const FILES = [
  { path: ['Season 1', 'one.mkv'], length: 300_000 },
  { path: ['.pad', '27680'], length: 27_680, attr: 'p' },
  { path: ['Season 1', 'two.mkv'], length: 1_000 },
];

const TORRENT: Readonly<Record<string, Plain>> = {
  announce: 'udp://tracker.example:80',
  'announce-list': [['udp://tracker.example:80', 'https://b.example/announce'], ['ftp://no.example/']],
  comment: 'made for a test',
  'creation date': 1_700_000_000,
  info: infoOf(FILES),
  'url-list': ['https://seed.example/', 'not an address'],
};

const withInfo = (more: Readonly<Record<string, Plain | undefined>>): Buffer =>
  bencode({ ...TORRENT, info: infoOf(FILES, more) });

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (!isKinoportError(error)) throw error;
    expect(error.message).toMatch(/^[A-Z][^\n]{10,200}\.$/);
    return error.code;
  }
}

describe('a torrent that is one', () => {
  it('says what it holds', () => {
    const torrent = parseTorrent(bencode(TORRENT));
    expect(torrent).toMatchObject({
      infohash: sha1(bencode(infoOf(FILES))),
      name: 'A season',
      length: 328_680,
      pieceLength: 65_536,
      isPrivate: false,
      trackers: ['udp://tracker.example:80', 'https://b.example/announce'],
      webSeeds: ['https://seed.example/'],
    });
    expect(torrent.files).toEqual([
      { index: 0, path: 'A season/Season 1/one.mkv', length: 300_000, offset: 0 },
      { index: 1, path: 'A season/.pad/27680', length: 27_680, offset: 300_000, isPadding: true },
      { index: 2, path: 'A season/Season 1/two.mkv', length: 1_000, offset: 327_680 },
    ]);
    expect(torrent.hashes).toHaveLength(6 * 20);
  });

  it('goes on as the same torrent, without what nobody checked', () => {
    const torrent = parseTorrent(bencode(TORRENT));
    expect(parseTorrent(torrent.bytes)).toEqual(torrent);
    expect(Buffer.from(torrent.bytes).includes('made for a test')).toBe(false);
    const again = torrentOfInfo(bencode(infoOf(FILES)), torrent);
    expect(again).toEqual(torrent);
  });

  it('keeps its infohash where its keys are in no order', () => {
    const info = new Map<string, Plain>(Object.entries(infoOf(FILES)).reverse() as [string, Plain][]);
    expect(parseTorrent(bencode({ info })).infohash).toBe(sha1(bencode(info)));
    expect(sha1(bencode(info))).not.toBe(sha1(bencode(infoOf(FILES))));
  });

  it('may be one file, private, a hybrid, and in an old encoding', () => {
    const single = infoOf([], {
      files: undefined,
      length: 70_000,
      pieces: Buffer.alloc(40),
      name: 'film.mkv',
    });
    const more = { private: 1, 'meta version': 2, 'file tree': { 'film.mkv': { '': { length: 70_000 } } } };
    const torrent = parseTorrent(bencode({ info: { ...single, ...more } }));
    expect(torrent).toMatchObject({ isPrivate: true, length: 70_000, files: [{ path: 'film.mkv' }] });
    const old = { ...single, name: Buffer.from([0xc4, 0xe3, 0xba, 0xc3]) };
    expect(parseTorrent(bencode({ encoding: 'GBK', info: old })).name).toBe('你好');
    expect(parseTorrent(bencode({ info: { ...old, 'name.utf-8': 'hello' } })).name).toBe('hello');
  });

  it('may have names of 300 letters, and those that other systems reserve', () => {
    const files = [
      { path: ['CON', `${'n'.repeat(300)}.mkv`], length: 10 },
      { path: ['a:b?*.mkv'], length: 5 },
    ];
    expect(parseTorrent(bencode({ info: infoOf(files) })).files).toHaveLength(2);
  });
});

describe('one that is none is refused with one sentence', () => {
  const cases: Readonly<Record<string, Uint8Array>> = {
    nothing: Buffer.alloc(0),
    'a web page': Buffer.from('<!doctype html><p>no'),
    'a number': bencode(5),
    'no info': bencode({ announce: 'http://a/' }),
    'a length of minus three': Buffer.from('d4:infol-3:ee'),
    'nesting without an end': Buffer.alloc(1_000_000, 'l'),
    'values without an end': Buffer.concat([Buffer.from('d4:infol'), Buffer.alloc(12_000_000, '0:')]),
    'more than 16 MiB': Buffer.alloc(17_000_000),
    'a key twice': Buffer.from('d4:infode4:infodee'),
    'pieces of no size': withInfo({ 'piece length': 0, pieces: Buffer.alloc(20) }),
    'pieces of 5 bytes': withInfo({ 'piece length': 5 }),
    'pieces of 128 MiB': withInfo({ 'piece length': 134_217_728, pieces: Buffer.alloc(20) }),
    'too few hashes': withInfo({ pieces: Buffer.alloc(100) }),
    'half a hash': withInfo({ pieces: Buffer.alloc(119) }),
    'no hashes': withInfo({ pieces: undefined }),
    'no name': withInfo({ name: undefined }),
    'a name that leads out': withInfo({ name: '..' }),
    'no files': withInfo({ files: [] }),
    'files that are none': withInfo({ files: 3 }),
    'no bytes': withInfo({ files: [{ path: ['a'], length: 0 }], pieces: '' }),
    'a negative size': withInfo({ files: [{ path: ['a'], length: -5 }] }),
    'a size beyond all numbers': withInfo({ files: [{ path: ['a'], length: 2 ** 60 }] }),
    'sizes beyond all numbers': withInfo({ files: Array(3).fill({ path: ['a'], length: 2 ** 52 }) }),
    'a path that leads out': withInfo({ files: [{ path: ['..', 'etc'], length: 328_680 }] }),
    'a path that leads out on Windows': withInfo({ files: [{ path: ['..\\x'], length: 328_680 }] }),
    'an absolute path': withInfo({ files: [{ path: ['/etc/passwd'], length: 328_680 }] }),
    'a drive': withInfo({ files: [{ path: ['c:\\x'], length: 328_680 }] }),
    'an empty segment': withInfo({ files: [{ path: ['a', ''], length: 328_680 }] }),
    'no path': withInfo({ files: [{ path: [], length: 328_680 }] }),
    'a path of numbers': withInfo({ files: [{ path: [4], length: 328_680 }] }),
    'a thousand folders': withInfo({ files: [{ path: Array(1000).fill('a'), length: 328_680 }] }),
    'a name of a megabyte': withInfo({ name: 'n'.repeat(1_000_000) }),
  };

  it.each(Object.entries(cases))('%s', (_, bytes) => {
    const began = performance.now();
    expect(codeOf(() => parseTorrent(bytes))).toBe('TORRENT_INVALID');
    expect(performance.now() - began).toBeLessThan(3000);
  });

  it('one of version 2 alone has a code of its own', () => {
    const info = {
      name: 'x',
      'meta version': 2,
      'piece length': 65_536,
      'file tree': { x: { '': { length: 1 } } },
    };
    expect(codeOf(() => parseTorrent(bencode({ info })))).toBe('TORRENT_UNSUPPORTED');
  });

  it('however it was cut or changed', () => {
    const random = new Random(20_261_121);
    const whole = bencode(TORRENT);
    let refused = 0;
    for (let length = 0; length < whole.length; length++)
      expect(codeOf(() => parseTorrent(whole.subarray(0, length)))).toBe('TORRENT_INVALID');
    const began = performance.now();
    for (let round = 0; round < 20_000; round++) {
      const code = codeOf(() => parseTorrent(mutated(whole, random)));
      if (code !== undefined) refused++;
      expect(['TORRENT_INVALID', 'TORRENT_UNSUPPORTED', undefined]).toContain(code);
    }
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(refused).toBeGreaterThan(5_000);
  });
});

function mutated(whole: Uint8Array, random: Random): Uint8Array {
  let bytes = Buffer.from(whole);
  for (let count = 1 + random.below(4); count > 0; count--) {
    const at = random.below(bytes.length);
    const kind = random.below(4);
    const letter = random.pick([...'dlie0123456789:-', '\0', '\xff']);
    if (kind === 0) bytes[at] = random.below(256);
    else if (kind === 1) bytes[at] = letter.charCodeAt(0);
    else if (kind === 2)
      bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(30))]);
    else
      bytes = Buffer.concat([
        bytes.subarray(0, at),
        Buffer.from(letter.repeat(1 + random.below(5)), 'latin1'),
        bytes.subarray(at),
      ]);
    if (bytes.length === 0) break;
  }
  return bytes;
}
