import { describe, expect, it } from 'vitest';
import { BLOCK_LENGTH } from '../../../../plugins/torrent/src/torrent.ts';
import { BITRATE, MIB, makeSwarm, scenarios, untilPiece, watch } from './scenarios.ts';
import type { SimulatedSwarm } from './simulatedSwarm.ts';

const shareTwice = ({ scheduler }: SimulatedSwarm): number =>
  scheduler.stats.duplicates / scheduler.stats.received;

describe('the first piece', () => {
  // Floors: a round trip and the piece at the rate of all. Measured 190, 337, 400, 1423, 1190, 330.
  it.each([
    ['fast1', 210],
    ['mix4', 360],
    ['strag8', 430],
    ['slow8', 1450],
    ['tight1', 1220],
    ['stall8', 360],
  ] as const)('of %s is there within %i ms', async (name, most) => {
    const { clock, swarm } = makeSwarm(scenarios[name]);
    swarm.scheduler.want([swarm.demand({ end: 10 * MIB, rate: BITRATE })]);
    expect(await untilPiece(swarm, clock, 0)).toBeLessThan(most);
  });

  it('is not held up by a straggler, wherever it is among the wires', async () => {
    const [fast, ...rest] = scenarios.strag8.filter(({ rate }) => rate > 10e3);
    for (let at = 0; at < 8; at++) {
      const peers = [...rest, fast ?? { rate: 0 }].toSpliced(at, 0, { rate: 10e3, delay: 35 });
      const { clock, swarm } = makeSwarm(peers, { joining: 5 });
      swarm.scheduler.want([swarm.demand({ end: 10 * MIB, rate: BITRATE })]);
      expect(await untilPiece(swarm, clock, 0)).toBeLessThan(560);
    }
  });

  it('is there soon when the tail is wanted just as much', async () => {
    const { clock, swarm } = makeSwarm(scenarios.mix4);
    const tail = swarm.demand({ id: 'tail', start: 303.8 * MIB });
    swarm.scheduler.want([swarm.demand({ end: 10 * MIB, rate: BITRATE }), tail]);
    expect(await untilPiece(swarm, clock, 0)).toBeLessThan(400);
    expect(await untilPiece(swarm, clock, 303)).toBeLessThan(300);
  });
});

describe('a seek', () => {
  it.each([
    ['mix4', 420],
    ['strag8', 430],
    ['fast1', 200],
  ] as const)('in %s shows something within %i ms', async (name, most) => {
    const { clock, swarm } = makeSwarm(scenarios[name]);
    const at = (piece: number) =>
      swarm.demand({ start: piece * MIB, end: (piece + 10) * MIB, rate: BITRATE });
    swarm.scheduler.want([at(0)]);
    await clock.advance(700);
    for (const piece of [150, 270, 60]) {
      swarm.scheduler.want([at(piece)]);
      expect(await untilPiece(swarm, clock, piece)).toBeLessThan(most);
      await clock.advance(400);
    }
    expect(swarm.scheduler.stats.duplicates).toBeLessThanOrEqual(8 * BLOCK_LENGTH);
  });

  it('asks nothing at the playhead of a straggler that is known as one', async () => {
    const { clock, swarm } = makeSwarm(scenarios.strag8);
    swarm.scheduler.want([swarm.demand({ end: 30 * MIB, rate: BITRATE })]);
    await clock.advance(4000);
    const straggler = swarm.wires.find(({ rate }) => rate === 10e3);
    const asked = new Set<number>();
    swarm.onRequest = (wire, piece) => void (wire === straggler && asked.add(piece));
    swarm.scheduler.want([swarm.demand({ start: 200 * MIB, end: 210 * MIB, rate: BITRATE })]);
    await clock.advance(300);
    expect(asked).not.toContain(200);
  });

  it('takes back in the same turn what nobody wants any more', async () => {
    const { clock, swarm } = makeSwarm(scenarios.mix4);
    swarm.scheduler.want([swarm.demand({ end: 100 * MIB, rate: BITRATE })]);
    await clock.advance(1000);
    const before = swarm.wires.flatMap(({ held }) => [...held]);
    expect(before.length).toBeGreaterThan(20);
    const { cancelled } = swarm.scheduler.stats;
    swarm.scheduler.want([swarm.demand({ start: 200 * MIB, end: 210 * MIB, rate: BITRATE })]);
    const pieces = swarm.wires.flatMap(({ held }) => [...held]).map((key) => Number.parseInt(key, 10));
    expect(pieces.length).toBeGreaterThan(20);
    expect(Math.min(...pieces)).toBe(200);
    expect(swarm.scheduler.stats.cancelled - cancelled).toBe(before.length);
  });

  it('leaves a range alone that is wanted still', async () => {
    const { clock, swarm } = makeSwarm(scenarios.mix4);
    const head = swarm.demand({ end: 20 * MIB, rate: BITRATE });
    swarm.scheduler.want([head]);
    await clock.advance(1000);
    const { cancelled } = swarm.scheduler.stats;
    swarm.scheduler.want([head, swarm.demand({ id: 'index', start: 300 * MIB })]);
    expect(swarm.scheduler.stats.cancelled).toBe(cancelled);
  });
});

describe('a film of a minute', () => {
  it.each(Object.keys(scenarios) as (keyof typeof scenarios)[])('never stalls with %s', async (name) => {
    const { stalls, swarm, watched } = await watch(scenarios[name]);
    expect(stalls).toBe(0);
    expect(shareTwice(swarm)).toBeLessThan(0.01);
    expect(swarm.scheduler.stats.received).toBeLessThan(watched + 15 * BITRATE);
    expect(swarm.unasked).toBe(0);
  });

  it('never stalls with peers that have parts, choke, drop, reject and lie', async () => {
    const peers = Array.from({ length: 12 }, (_, i) => ({
      rate: 250e3,
      delay: 20 + i,
      has: i < 4 ? undefined : (piece: number) => (piece * 7 + i) % 3 !== 0,
      chokeAfter: i % 3 === 0 ? 3000 + 1500 * i : undefined,
      chokeFor: 4000,
      dropAfter: i % 5 === 4 ? 9000 + 2000 * i : undefined,
      corrupt: i === 5 ? 0.01 : 0,
      reject: i % 4 === 1 ? 0.02 : 0,
    }));
    const { stalls, swarm } = await watch(peers);
    expect(stalls).toBe(0);
    expect(shareTwice(swarm)).toBeLessThan(0.01);
  });
});
