import { VirtualClock } from '@kinoport/core/testing';
import { describe, expect, it } from 'vitest';
import { BLOCK_LENGTH } from '../../../../plugins/torrent/src/torrent.ts';
import { MIB } from './scenarios.ts';
import { type PeerOptions, SimulatedSwarm } from './simulatedSwarm.ts';

const KIB = 1024;

function swarmOf(peers: readonly PeerOptions[], { length = 32 * MIB, pieceLength = 256 * KIB } = {}) {
  const clock = new VirtualClock();
  const swarm = new SimulatedSwarm(clock, { length, pieceLength });
  const asked: { readonly id: string; readonly piece: number; readonly at: number }[] = [];
  const begun = clock.now();
  swarm.onRequest = ({ id }, piece) => void asked.push({ id, piece, at: clock.now() - begun });
  for (const peer of peers) swarm.add(peer);
  return { clock, swarm, asked, scheduler: swarm.scheduler };
}

describe('classes', () => {
  it('go strictly one after the other', async () => {
    const { clock, swarm, asked, scheduler } = swarmOf(Array(4).fill({ rate: 1e6 }));
    scheduler.want([
      swarm.demand({ id: 'warm', class: 'warm', start: 24 * MIB, end: 25 * MIB }),
      swarm.demand({ id: 'next', class: 'next', start: 16 * MIB, end: 18 * MIB }),
      swarm.demand({ id: 'rest', order: 'rarest', start: 28 * MIB, end: 29 * MIB }),
      swarm.demand({ id: 'now', end: 4 * MIB, due: clock.now() + 60_000 }),
    ]);
    await clock.advance(10_000);
    const pieces = [...new Set(asked.map(({ piece }) => piece))];
    const order = pieces.map((piece) => [0, 16, 24, 28].findLastIndex((mib) => piece >= mib * 4));
    expect(new Set(order)).toEqual(new Set([0, 1, 2, 3]));
    expect(order).toEqual(order.toSorted());
  });

  it('leave the next to a wire that has nothing of the current', async () => {
    const { clock, swarm, asked, scheduler } = swarmOf([
      { rate: 100e3 },
      { rate: 100e3, has: (piece) => piece >= 64 },
    ]);
    scheduler.want([
      swarm.demand({ end: 8 * MIB }),
      swarm.demand({ id: 'next', class: 'next', start: 16 * MIB, end: 20 * MIB }),
    ]);
    await clock.advance(1000);
    expect(asked.filter(({ id }) => id === 'w0').every(({ piece }) => piece < 32)).toBe(true);
    expect(asked.some(({ id, piece }) => id === 'w1' && piece >= 64)).toBe(true);
  });
});

describe('rarest', () => {
  it('takes what fewest peers have first, and whole pieces one after the other', async () => {
    const { clock, swarm, scheduler } = swarmOf([
      { rate: 500e3 },
      { rate: 500e3, has: (piece) => piece % 4 !== 0 },
      { rate: 500e3, has: (piece) => piece % 2 !== 0 },
    ]);
    const verified: number[] = [];
    swarm.onVerified = (piece) => void verified.push(piece);
    scheduler.want([swarm.demand({ end: 4 * MIB, order: 'rarest' })]);
    await clock.advance(20_000);
    expect(verified).toHaveLength(16);
    expect(verified.slice(0, 3).some((piece) => piece % 4 === 0)).toBe(true);
    const last = (rest: (piece: number) => boolean) => verified.findLastIndex(rest);
    expect(last((piece) => piece % 4 === 0)).toBeLessThan(last((piece) => piece % 2 === 1));
  });
});

describe('a web seed', () => {
  it('is asked for one whole piece at a time, not for the one at the playhead', async () => {
    const { clock, swarm, asked, scheduler } = swarmOf([
      { rate: 2e6, wholePieces: true },
      { rate: 500e3 },
      { rate: 500e3 },
    ]);
    const demand = swarm.demand({ end: 8 * MIB, rate: 760e3 });
    scheduler.want([demand]);
    await clock.advance(300);
    const seeds = asked.filter(({ id }) => id === 'w0').map(({ piece }) => piece);
    expect(seeds.length).toBeGreaterThan(0);
    expect(seeds).not.toContain(0);
    await clock.advance(10_000);
    expect(swarm.had.size).toBe(32);
    expect(swarm.wires[0]?.sent).toBeGreaterThan(2 * MIB);
    expect(scheduler.stats.duplicates).toBeLessThan(0.02 * scheduler.stats.received);
  });

  it('is asked for the piece at the playhead when there is nobody else', async () => {
    const { clock, swarm, scheduler } = swarmOf([{ rate: 2e6, wholePieces: true }]);
    scheduler.want([swarm.demand({ end: MIB, rate: 760e3 })]);
    await clock.advance(250);
    expect([...swarm.had]).toEqual([0]);
    await clock.advance(2000);
    expect(swarm.had.size).toBe(4);
  });

  it('finishes a piece that others began and cannot finish', async () => {
    const { clock, swarm, scheduler } = swarmOf([{ rate: 200e3, dropAfter: 500 }]);
    scheduler.want([swarm.demand({ end: 256 * KIB })]);
    await clock.advance(600);
    expect(scheduler.stats.received).toBeGreaterThan(0);
    swarm.add({ rate: 1e6, wholePieces: true });
    await clock.advance(1000);
    expect([...swarm.had]).toEqual([0]);
  });
});

describe('a wire', () => {
  it('that chokes has its requests asked of others at once', async () => {
    const { clock, swarm, scheduler } = swarmOf([{ rate: 500e3 }, { rate: 500e3 }]);
    scheduler.want([swarm.demand({ end: MIB })]);
    await clock.advance(200);
    const [first, second] = swarm.wires;
    const held = [...(first?.held ?? [])];
    expect(held.length).toBeGreaterThan(0);
    first?.choke();
    await clock.advance(2000);
    expect(swarm.had.size).toBe(4);
    expect(first?.held.size).toBe(0);
    expect(second?.sent).toBeGreaterThan(MIB / 2);
  });

  it('that falls silent loses its requests, and gets one at a time from then on', async () => {
    const { clock, swarm, asked, scheduler } = swarmOf([{ rate: 100e3 }, { rate: 300e3, silentAfter: 3000 }]);
    // Nothing is urgent, so nothing is raced: what is lost is found by its time alone.
    scheduler.want([swarm.demand({ end: 24 * MIB, due: clock.now() + 3_600_000 })]);
    await clock.advance(3000);
    const [, silent] = swarm.wires;
    expect(silent?.held.size).toBeGreaterThan(1);
    await clock.advance(8000);
    expect(silent?.held.size).toBeLessThanOrEqual(1);
    const before = asked.filter(({ id }) => id === 'w1').length;
    await clock.advance(30_000);
    expect(asked.filter(({ id }) => id === 'w1').length - before).toBeLessThan(8);
  });

  it('that was silent and answers again is used again', async () => {
    const { clock, swarm, scheduler } = swarmOf([{ rate: 200e3 }, { rate: 200e3 }]);
    scheduler.want([swarm.demand({ end: 24 * MIB, rate: 300e3 })]);
    await clock.advance(3000);
    const [, second] = swarm.wires;
    if (second) second.rate = 3e3;
    await clock.advance(12_000);
    if (second) second.rate = 200e3;
    await clock.advance(15_000);
    const sent = second?.sent ?? 0;
    await clock.advance(10_000);
    expect((second?.sent ?? 0) - sent).toBeGreaterThan(MIB);
  });

  it('has a rate once it has answered, and it is about right', async () => {
    const { clock, swarm, scheduler } = swarmOf([{ rate: 400e3 }, { rate: 50e3 }]);
    const [fast, slow] = swarm.wires;
    if (!fast || !slow) throw new Error('No wires.');
    expect(scheduler.rateOf(fast)).toBeUndefined();
    scheduler.want([swarm.demand({ end: 16 * MIB, rate: 400e3 })]);
    await clock.advance(6000);
    expect(scheduler.rateOf(fast)).toBeGreaterThan(340e3);
    expect(scheduler.rateOf(fast)).toBeLessThan(460e3);
    expect(scheduler.rateOf(slow)).toBeGreaterThan(35e3);
    expect(scheduler.rateOf(slow)).toBeLessThan(70e3);
  });

  it('holds no more than what it sends in its round trip and 150 ms', async () => {
    const { clock, swarm, scheduler } = swarmOf([{ rate: 2e6, delay: 25 }]);
    scheduler.want([swarm.demand()]);
    await clock.advance(3000);
    const bytes = (swarm.wires[0]?.held.size ?? 0) * BLOCK_LENGTH;
    expect(bytes).toBeGreaterThan(2e6 * 0.12);
    expect(bytes).toBeLessThan(2e6 * 0.26);
  });
});

describe('what came', () => {
  it('is judged by whether it was asked for and is of use', async () => {
    const { clock, swarm, scheduler } = swarmOf([{ rate: 1e6 }, { rate: 1e6 }]);
    const [wire, other] = swarm.wires;
    if (!wire || !other) throw new Error('No wires.');
    scheduler.want([swarm.demand({ end: MIB })]);
    const [piece = 0, offset = 0] = [...wire.held][0]?.split(':').map(Number) ?? [];
    expect(scheduler.received(other, piece, offset, BLOCK_LENGTH)).toBe('unasked');
    expect(scheduler.received(wire, piece, offset, BLOCK_LENGTH - 1)).toBe('unasked');
    expect(scheduler.received(wire, piece, offset + 1, BLOCK_LENGTH)).toBe('unasked');
    expect(scheduler.received(wire, 1e6, 0, BLOCK_LENGTH)).toBe('unasked');
    expect(scheduler.received(wire, piece, offset, BLOCK_LENGTH)).toBe('keep');
    const [late] = [...wire.held].filter(
      (key) => !key.startsWith(`${piece}:`) || key !== `${piece}:${offset}`,
    );
    const [latePiece = 0, lateOffset = 0] = late?.split(':').map(Number) ?? [];
    scheduler.want([swarm.demand({ start: 20 * MIB, end: 21 * MIB })]);
    expect(scheduler.received(wire, latePiece, lateOffset, BLOCK_LENGTH)).toBe(
      latePiece === piece ? 'keep' : 'unwanted',
    );
    await clock.advance(3000);
    expect(swarm.had.size).toBe(4);
  });

  it('and was wrong is fetched again', async () => {
    const { clock, swarm, scheduler } = swarmOf([{ rate: 1e6, corrupt: 0.02 }]);
    scheduler.want([swarm.demand({ end: 4 * MIB })]);
    await clock.advance(20_000);
    expect(swarm.had.size).toBe(16);
    expect(scheduler.stats.received).toBeGreaterThan(4 * MIB);
  });
});
