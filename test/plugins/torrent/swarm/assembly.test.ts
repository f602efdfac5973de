import { createHash, randomBytes } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import type { BlockVerdict } from '../../../../plugins/torrent/src/schedule/ports.ts';
import { Assembly } from '../../../../plugins/torrent/src/swarm/assembly.ts';
import type { SourceWire } from '../../../../plugins/torrent/src/swarm/blockWire.ts';
import { BLOCK_LENGTH, type Torrent } from '../../../../plugins/torrent/src/torrent.ts';

const PIECE = 4 * BLOCK_LENGTH;
const bytes = randomBytes(9 * PIECE + 100);
let events: string[];
let verdict: BlockVerdict;
let puts: PromiseWithResolvers<void>[];
let isHeld: boolean;

beforeEach(() => {
  events = [];
  puts = [];
  verdict = 'keep';
  isHeld = false;
});

function torrentOf(pieceLength = PIECE): Torrent {
  const hashes: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += pieceLength)
    hashes.push(
      createHash('sha1')
        .update(bytes.subarray(at, at + pieceLength))
        .digest(),
    );
  return {
    infohash: 'ab'.repeat(20),
    name: 'x',
    files: [{ index: 0, path: 'x', length: bytes.length, offset: 0 }],
    length: bytes.length,
    pieceLength,
    hashes: Buffer.concat(hashes),
    isPrivate: false,
    trackers: [],
    webSeeds: [],
    bytes: new Uint8Array(),
  };
}

function make(memory?: number, torrent = torrentOf()): Assembly {
  return new Assembly({
    torrent,
    memory,
    scheduler: {
      received: () => verdict,
      verified: (piece) => events.push(`verified ${piece}`),
      rejected: (piece) => events.push(`rejected ${piece}`),
    },
    put: (piece, got) => {
      events.push(`put ${piece} ${got.length} ${bytes.subarray(piece * PIECE).indexOf(got) === 0}`);
      if (!isHeld) return Promise.resolve();
      const put = Promise.withResolvers<void>();
      puts.push(put);
      return put.promise;
    },
    onVerified: (piece) => events.push(`told ${piece}`),
    onPutFailed: (error) => events.push(`failed ${String(error)}`),
    onLiar: (wire) => events.push(`liar ${wire.id}`),
    onRoom: () => events.push('room'),
  });
}

function wire(id: string): SourceWire {
  return {
    id,
    wholePieces: false,
    isOpen: true,
    maxRequests: 10,
    useful: 0,
    suspected: new Set(),
    has: () => true,
    request: () => {},
    cancel: () => {},
  };
}

const block = (piece: number, index: number): Uint8Array =>
  bytes.subarray(
    piece * PIECE + index * BLOCK_LENGTH,
    Math.min(piece * PIECE + (index + 1) * BLOCK_LENGTH, bytes.length),
  );
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('makes a piece of its blocks in any order, keeps it, and tells of it when it is kept', async () => {
  const [assembly, one] = [make(), wire('one')];
  for (const index of [2, 0, 3, 1]) assembly.add(one, 1, index * BLOCK_LENGTH, block(1, index));
  expect(events).toEqual([`put 1 ${PIECE} true`]);
  await settled();
  expect(events.slice(1)).toEqual(['verified 1', 'told 1']);
  expect(one.useful).toBe(PIECE);
});

test('takes a whole piece at once, and the last one, which is shorter', async () => {
  const [assembly, seed] = [make(), wire('seed')];
  assembly.add(wire('one'), 0, BLOCK_LENGTH, block(0, 1));
  expect(assembly.add(seed, 0, 0, bytes.subarray(0, PIECE))).toBe(3 * BLOCK_LENGTH);
  assembly.add(seed, 9, 0, bytes.subarray(9 * PIECE));
  expect(events).toEqual([`put 0 ${PIECE} true`, 'put 9 100 true']);
});

test.each<[string, number, number, Uint8Array]>([
  ['of a piece beyond the last', 10, 0, bytes.subarray(0, BLOCK_LENGTH)],
  ['of a piece before the first', -1, 0, bytes.subarray(0, BLOCK_LENGTH)],
  ['beyond the end of its piece', 0, PIECE, bytes.subarray(0, BLOCK_LENGTH)],
  ['that reaches beyond the end', 0, 3 * BLOCK_LENGTH, bytes.subarray(0, 2 * BLOCK_LENGTH)],
  ['between blocks', 0, 100, bytes.subarray(0, BLOCK_LENGTH)],
  ['that is a part', 0, 0, bytes.subarray(0, 100)],
  ['that is empty', 0, 0, bytes.subarray(0, 0)],
  ['that is longer than the last piece', 9, 0, bytes.subarray(0, BLOCK_LENGTH)],
])('drops a block %s', (_what, piece, offset, data) => {
  expect(make().add(wire('one'), piece, offset, data)).toBe(0);
});

test('drops what the scheduler does not want', () => {
  verdict = 'unasked';
  expect(make().add(wire('one'), 0, 0, block(0, 0))).toBe(0);
});

test('takes the only giver of a wrong piece for a liar at once', () => {
  const [assembly, one] = [make(), wire('one')];
  assembly.add(one, 0, 0, bytes.subarray(1, PIECE + 1));
  expect(events).toEqual(['liar one', 'rejected 0']);
});

test('finds the liar among several when the piece has come right, and asks the others no more meanwhile', async () => {
  const assembly = make();
  const [one, two, three] = [wire('one'), wire('two'), wire('three')];
  assembly.add(one, 0, 0, block(0, 0));
  assembly.add(two, 0, BLOCK_LENGTH, block(5, 1));
  assembly.add(one, 0, 2 * BLOCK_LENGTH, block(0, 2));
  assembly.add(three, 0, 3 * BLOCK_LENGTH, block(0, 3));
  expect(events).toEqual(['rejected 0']);
  expect([one, two, three].map(({ suspected }) => suspected.has(0))).toEqual([false, true, true]);
  for (const index of [0, 1, 2, 3]) assembly.add(one, 0, index * BLOCK_LENGTH, block(0, index));
  await settled();
  expect(events.slice(1)).toEqual(['liar two', `put 0 ${PIECE} true`, 'verified 0', 'told 0']);
  expect([one, two, three].some(({ suspected }) => suspected.has(0))).toBe(false);
});

test('bounds its memory: of too many pieces the oldest is let go', () => {
  const assembly = make(5 * PIECE);
  for (let piece = 0; piece < 7; piece += 1) assembly.add(wire('one'), piece, 0, block(piece, 0));
  expect(events).toEqual(['rejected 0', 'rejected 1']);
});

test('has no room while the disk is behind, and says when it has again', async () => {
  isHeld = true;
  const assembly = make(4 * PIECE);
  for (let piece = 0; piece < 3; piece += 1)
    assembly.add(wire('one'), piece, 0, bytes.subarray(piece * PIECE, (piece + 1) * PIECE));
  expect(assembly.hasRoom).toBe(false);
  puts[1]?.resolve();
  await settled();
  expect(assembly.hasRoom).toBe(true);
  expect(events.slice(3)).toEqual(['verified 1', 'told 1', 'room']);
});

test('has a piece fetched again that could not be kept', async () => {
  isHeld = true;
  make().add(wire('one'), 0, 0, bytes.subarray(0, PIECE));
  puts[0]?.reject(new Error('full'));
  await settled();
  expect(events.slice(1)).toEqual(['rejected 0', 'failed Error: full']);
});

test('tells of nothing any more when it is disposed, and waits for the disk', async () => {
  isHeld = true;
  const assembly = make();
  assembly.add(wire('one'), 0, 0, bytes.subarray(0, PIECE));
  let isOver = false;
  const disposed = assembly.dispose().then(() => {
    isOver = true;
  });
  await settled();
  expect(isOver).toBe(false);
  puts[0]?.resolve();
  await disposed;
  expect(events).toEqual([`put 0 ${PIECE} true`]);
});

test('checks large pieces elsewhere, with the same result', async () => {
  const large = randomBytes(3 * 1_048_576);
  const torrent = {
    ...torrentOf(),
    length: large.length,
    pieceLength: 2 * 1_048_576,
    hashes: Buffer.concat(
      [large.subarray(0, 2 * 1_048_576), large.subarray(2 * 1_048_576)].map((part) =>
        createHash('sha1').update(part).digest(),
      ),
    ),
  };
  const told = new Promise<void>((resolve) => {
    const assembly = new Assembly({
      torrent,
      scheduler: {
        received: () => 'keep',
        verified: () => resolve(),
        rejected: (piece) => events.push(`${piece}`),
      },
      put: () => Promise.resolve(),
      onVerified: () => {},
      onPutFailed: () => {},
      onLiar: (liar) => events.push(liar.id),
      onRoom: () => {},
    });
    assembly.add(wire('liar'), 1, 0, large.subarray(0, 1_048_576));
    assembly.add(wire('one'), 0, 0, large.subarray(0, 2 * 1_048_576));
  });
  await told;
  expect(events).toEqual(['liar', '1']);
});
