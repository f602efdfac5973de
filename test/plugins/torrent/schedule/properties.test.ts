import { VirtualClock } from '@kinoport/core/testing';
import { describe, expect, it } from 'vitest';
import type { Demand } from '../../../../plugins/torrent/src/schedule/ports.ts';
import { BLOCK_LENGTH, lengthOfPiece, pieceCount } from '../../../../plugins/torrent/src/torrent.ts';
import { type PeerOptions, random, SimulatedSwarm } from './simulatedSwarm.ts';

const SEEDS = Array.from({ length: 150 }, (_, i) => i + 1);

/** A swarm that can give everything in the end: its first peer has all, and neither goes nor falls silent. */
function randomPeers(next: () => number): PeerOptions[] {
  const pick = (from: number, to: number): number => from + (to - from) * next();
  const maybe = (share: number, from: number, to: number): number | undefined =>
    next() < share ? pick(from, to) : undefined;
  return Array.from({ length: 1 + Math.floor(next() * 9) }, (_, i) => {
    const step = 2 + Math.floor(next() * 4);
    const isPartial = next() < 0.4;
    const common = {
      rate: 2 ** pick(13.3, 22),
      delay: pick(1, 120),
      maxRequests: 1 + Math.floor(next() * 60),
      wholePieces: next() < 0.15,
    };
    if (i === 0) return { ...common, rate: common.rate + 80e3, wholePieces: false };
    return {
      ...common,
      has: isPartial ? (piece: number) => piece % step !== 0 : undefined,
      silentAfter: maybe(0.15, 0, 8000),
      dropAfter: maybe(0.15, 0, 8000),
      chokeAfter: maybe(0.25, 0, 8000),
      chokeFor: maybe(0.7, 100, 5000),
      corrupt: next() < 0.1 ? 0.01 : 0,
      reject: next() < 0.15 ? 0.1 : 0,
    };
  });
}

function randomDemands(next: () => number, length: number, now: number): Demand[] {
  return Array.from({ length: 1 + Math.floor(next() * 4) }, (_, i) => {
    const start = Math.floor(next() * length);
    return {
      id: `d${i}`,
      class: (['current', 'next', 'warm'] as const)[Math.floor(next() * 3)] ?? 'current',
      start,
      end: Math.min(length, start + 1 + Math.floor(next() * 3e6)),
      due: now + next() * 8000,
      rate: next() < 0.4 ? Number.POSITIVE_INFINITY : 1e5 + next() * 1e6,
      order: next() < 0.25 ? 'rarest' : 'deadline',
    } as const;
  });
}

/** Notes whatever must never happen. */
function watched(swarm: SimulatedSwarm): { demands: readonly Demand[]; readonly faults: string[] } {
  const { geometry } = swarm;
  const state = { demands: [] as readonly Demand[], faults: [] as string[] };
  const fault = (what: string): void => void state.faults.push(what);
  swarm.onRequest = (wire, piece, offset, length) => {
    const at = `${wire.id} ${piece}:${offset}`;
    const pieceEnd = lengthOfPiece(geometry, piece);
    const expected = wire.wholePieces ? pieceEnd : Math.min(BLOCK_LENGTH, pieceEnd - offset);
    if (length !== expected || offset % BLOCK_LENGTH !== 0) fault(`${at}: length ${length}`);
    if (wire.held.size >= (wire.wholePieces ? 1 : wire.maxRequests)) fault(`${at}: too many requests`);
    if (wire.held.has(`${piece}:${offset}`)) fault(`${at}: asked twice`);
    if (!wire.has(piece)) fault(`${at}: has it not`);
    if (!wire.isOpen || wire.isGone) fault(`${at}: is closed`);
    if (swarm.had.has(piece)) fault(`${at}: is here`);
    const from = piece * geometry.pieceLength;
    if (!state.demands.some(({ start, end }) => start < from + pieceEnd && end > from))
      fault(`${at}: nobody wants it`);
  };
  swarm.onCancel = (wire, piece, offset) => {
    if (!wire.held.has(`${piece}:${offset}`) && !wire.isGone)
      fault(`${wire.id}: never asked for ${piece}:${offset}`);
  };
  return state;
}

const isMet = ({ had, geometry }: SimulatedSwarm, { start, end }: Demand): boolean => {
  for (let piece = Math.floor(start / geometry.pieceLength); piece * geometry.pieceLength < end; piece++)
    if (!had.has(piece)) return false;
  return true;
};

describe('whatever the swarm and the demands', () => {
  it.each(SEEDS)('every block comes, and none is asked of the wrong wire (seed %i)', async (seed) => {
    const next = random(seed);
    const pieceLength = [16_384, 65_536, 100_000, 262_144, 1_048_576][Math.floor(next() * 5)] ?? 16_384;
    const geometry = { length: 1 + Math.floor(next() * 12e6), pieceLength };
    const clock = new VirtualClock();
    const swarm = new SimulatedSwarm(clock, geometry, seed);
    const state = watched(swarm);
    const want = (demands: readonly Demand[]): void => {
      state.demands = demands;
      swarm.scheduler.want(demands);
    };
    for (const peer of randomPeers(next)) swarm.after(next() * 500, () => void swarm.add(peer));
    for (let turn = 0; turn < 4; turn++) {
      want(randomDemands(next, geometry.length, clock.now()));
      await clock.advance(next() * 1500);
    }
    const demands = state.demands;
    for (let waited = 0; waited < 180 && !demands.every((demand) => isMet(swarm, demand)); waited++)
      await clock.advance(1000);
    expect(demands.filter((demand) => !isMet(swarm, demand))).toEqual([]);
    expect(swarm.scheduler.stats.requests).toBe(0);

    want([{ ...swarm.demand(), order: seed % 2 ? 'deadline' : 'rarest' }]);
    await clock.advance(50);
    want([]);
    expect(swarm.scheduler.stats.requests).toBe(0);
    expect(swarm.wires.filter(({ held, isGone }) => held.size > 0 && !isGone)).toEqual([]);
    expect(state.faults).toEqual([]);
    expect(swarm.unasked).toBe(0);
    await clock.advance(150_000);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each(SEEDS.slice(0, 20))('holds nothing after it is disposed (seed %i)', async (seed) => {
    const next = random(seed);
    const clock = new VirtualClock();
    const swarm = new SimulatedSwarm(clock, { length: 40e6, pieceLength: 262_144 }, seed);
    for (const peer of randomPeers(next)) swarm.add({ rate: peer.rate, delay: peer.delay ?? 0 });
    swarm.scheduler.want([swarm.demand()]);
    await clock.advance(1000 * next());
    expect(swarm.scheduler.stats.requests).toBeGreaterThan(0);
    await swarm.scheduler.dispose();
    expect(swarm.wires.flatMap(({ held }) => [...held])).toEqual([]);
    swarm.scheduler.want([swarm.demand()]);
    await clock.advance(20_000);
    expect(clock.pendingTimers).toBe(0);
    expect(pieceCount(swarm.geometry)).toBeGreaterThan(swarm.had.size);
  });
});
