import type {
  BlockWire,
  Scheduler,
  SchedulerOptions,
} from '../../../../plugins/torrent/src/schedule/ports.ts';
import { BLOCK_LENGTH, lengthOfPiece } from '../../../../plugins/torrent/src/torrent.ts';

const AT_ONCE = 60;

/** Asks for what is wanted in the order of the bytes, of whoever has room. Enough to try what is beneath. */
export function plainScheduler({ geometry, have }: SchedulerOptions): Scheduler {
  const wires = new Map<BlockWire, Set<string>>();
  const asked = new Map<string, BlockWire>();
  const got = new Set<string>();
  const refused = new WeakMap<BlockWire, Set<string>>();
  let pieces: number[] = [];
  const stats = { requests: 0, received: 0, duplicates: 0, cancelled: 0 };

  const blocks = (piece: number): { offset: number; length: number }[] => {
    const whole = lengthOfPiece(geometry, piece);
    return Array.from({ length: Math.ceil(whole / BLOCK_LENGTH) }, (_, block) => ({
      offset: block * BLOCK_LENGTH,
      length: Math.min(BLOCK_LENGTH, whole - block * BLOCK_LENGTH),
    }));
  };
  const release = (wire: BlockWire, key: string): void => {
    wires.get(wire)?.delete(key);
    if (asked.get(key) === wire) asked.delete(key);
  };
  let isFilling = false;
  const fill = (): void => {
    if (isFilling) return;
    isFilling = true;
    queueMicrotask(() => {
      isFilling = false;
      pieces = pieces.filter((piece) => !have(piece));
      for (const [wire, mine] of wires) fillWire(wire, mine);
      stats.requests = asked.size;
    });
  };
  const fillWire = (wire: BlockWire, mine: Set<string>): void => {
    for (const piece of pieces) {
      if (!wire.isOpen || !wires.has(wire)) return;
      if (!wire.has(piece)) continue;
      if (wire.wholePieces) {
        const keys = blocks(piece).map(({ offset }) => `${piece}:${offset}`);
        if (mine.size >= Math.min(4, wire.maxRequests)) return;
        if (keys.some((key) => asked.has(key) || got.has(key))) continue;
        for (const key of keys) asked.set(key, wire);
        mine.add(`${piece}:0`);
        wire.request(piece, 0, lengthOfPiece(geometry, piece));
        continue;
      }
      for (const { offset, length } of blocks(piece)) {
        const key = `${piece}:${offset}`;
        if (asked.has(key) || got.has(key) || refused.get(wire)?.has(key)) continue;
        if (mine.size >= Math.min(AT_ONCE, wire.maxRequests)) return;
        asked.set(key, wire);
        mine.add(key);
        wire.request(piece, offset, length);
      }
    }
  };
  return {
    stats,
    want(demands) {
      const wanted = new Set<number>();
      for (const { start, end } of demands)
        for (
          let piece = Math.floor(start / geometry.pieceLength);
          piece * geometry.pieceLength < end;
          piece += 1
        )
          wanted.add(piece);
      pieces = [...wanted];
      for (const [key, wire] of [...asked]) {
        const [piece = 0, offset = 0] = key.split(':').map(Number);
        if (wanted.has(piece)) continue;
        release(wire, key);
        stats.cancelled += 1;
        wire.cancel(piece, offset, Math.min(BLOCK_LENGTH, lengthOfPiece(geometry, piece) - offset));
      }
      fill();
    },
    addWire(wire) {
      wires.set(wire, new Set());
      fill();
    },
    removeWire(wire) {
      for (const [key, owner] of [...asked]) if (owner === wire) asked.delete(key);
      wires.delete(wire);
      fill();
    },
    wireChanged: fill,
    received(wire, piece, offset, length) {
      fill();
      for (let at = offset; at < offset + length; at += BLOCK_LENGTH) release(wire, `${piece}:${at}`);
      stats.received += length;
      if (have(piece) || (length <= BLOCK_LENGTH && got.has(`${piece}:${offset}`))) {
        stats.duplicates += length;
        return 'duplicate';
      }
      for (let at = offset; at < offset + length; at += BLOCK_LENGTH) got.add(`${piece}:${at}`);
      return 'keep';
    },
    failed(wire, piece, offset) {
      if (wire.wholePieces) for (const each of blocks(piece)) release(wire, `${piece}:${each.offset}`);
      release(wire, `${piece}:${offset}`);
      refused.set(wire, (refused.get(wire) ?? new Set()).add(`${piece}:${offset}`));
      fill();
    },
    verified: fill,
    rejected(piece) {
      for (const { offset } of blocks(piece)) got.delete(`${piece}:${offset}`);
      fill();
    },
    rateOf: () => undefined,
    dispose() {
      pieces = [];
      wires.clear();
    },
  };
}
