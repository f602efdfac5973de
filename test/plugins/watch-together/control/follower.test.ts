import { afterEach, describe, expect, it } from 'vitest';
import { describeFigures } from '../../../../plugins/watch-together/src/control/figures.ts';
import { type Member, type MemberOptions, quantile, SimulatedRoom } from './simulation.ts';

let room: SimulatedRoom;
afterEach(() => room.dispose());

/** A member that stands at 100 s, as the room does. */
async function standing(options: MemberOptions = {}, seed = 1): Promise<Member> {
  room = new SimulatedRoom(seed);
  const member = room.join(options);
  room.set({ phase: 'paused', position: 100 });
  await room.run(2000);
  return member;
}

/** One that has played for ten seconds. */
async function playing(options: MemberOptions = {}, seed = 1): Promise<Member> {
  const member = await standing(options, seed);
  room.set({ phase: 'playing', position: 100 }, 500);
  await room.run(10_000);
  return member;
}

const commands = (member: Member, since = 0) =>
  member.player.sent.filter(({ at }) => at >= since).map(({ command }) => command);

describe('a start', () => {
  it('is at the common instant, from the exact place, without a seek of a player that stands there', async () => {
    const member = await standing();
    expect(member.player.position).toBe(100);
    room.set({ phase: 'playing', position: 100 }, 500);
    const before = member.machine.now();
    await room.run(475);
    expect(member.player.state.status).toBe('paused');
    await room.run(200);
    expect(Math.abs(room.error(member))).toBeLessThan(0.001);
    expect(commands(member, before)).toEqual(['play']);
  });

  it('waits for the room’s clock', async () => {
    room = new SimulatedRoom();
    const member = room.join({ way: { up: 3000, down: 400 } });
    room.set({ phase: 'playing', position: 5 }, 0);
    await room.run(3000);
    expect(member.follower.figures.mode).toBe('clock');
    expect(member.player.sent).toEqual([]);
  });

  it('learns how long the player takes to move', async () => {
    const member = await playing({ startLatency: () => 80 });
    room.set({ phase: 'paused' });
    await room.run(2000);
    room.set({ phase: 'playing' }, 500);
    await room.run(700);
    expect(Math.abs(room.error(member))).toBeLessThan(0.002);
  });

  it('that comes late is caught up by a start of its own', async () => {
    room = new SimulatedRoom();
    room.set({ phase: 'playing', position: 1000 }, 0);
    await room.run(20_000);
    const member = room.join({ seekLatency: () => 340 });
    expect(await room.timeToReach(member, 40, 8000)).toBeLessThan(3000);
    expect(Math.abs(room.error(member))).toBeLessThan(0.004);
  });

  it('of a player without scheduled starts is told at the instant', async () => {
    const member = await standing({ capabilities: { scheduled: undefined }, commandLatency: () => 20 });
    room.set({ phase: 'playing', position: 100 }, 500);
    expect(await room.timeToReach(member, 25, 5000)).toBeLessThan(4000);
  });
});

describe('what the room asks for', () => {
  it('is a pause at an instant to come, in the same place for all', async () => {
    const member = await playing();
    const { position } = room.set({ phase: 'paused' }, 300);
    await room.run(275);
    expect(member.player.state.status).toBe('playing');
    await room.run(500);
    expect(member.player.state.status).toBe('paused');
    expect(member.player.position).toBeCloseTo(position, 6);
    expect(member.follower.figures.mode).toBe('standing');
  });

  it('is a seek while it plays: all stand, seek and start together', async () => {
    const member = await playing();
    const before = member.machine.now();
    room.set({ phase: 'playing', position: 2000 }, 500);
    await room.run(700);
    expect(commands(member, before)).toEqual(['pause', 'seek', 'play']);
    expect(Math.abs(room.error(member))).toBeLessThan(0.001);
  });

  it('is another rate, without a seek', async () => {
    const member = await playing({ ppm: 100 });
    const before = member.machine.now();
    room.set({ rate: 1.5 }, 300);
    await room.run(4000);
    expect(commands(member, before)).not.toContain('seek');
    expect(member.player.rate).toBeCloseTo(1.5, 2);
    expect(Math.abs(room.error(member))).toBeLessThan(0.015);
  });

  it('is left alone when it comes again, or too late', async () => {
    const member = await playing();
    const before = member.machine.now();
    const { timeline } = room;
    member.follower.follow({ ...timeline, position: 3000 });
    member.follower.follow({ ...timeline, seq: timeline.seq - 1, phase: 'paused' });
    await room.run(1000);
    expect(commands(member, before)).toEqual([]);
  });

  it('is followed with the viewer’s own offset, which may change', async () => {
    const member = await playing({ ownOffset: 0.2 });
    expect(member.player.position - 100).toBeCloseTo((room.relay.now() - room.timeline.at) / 1000 + 0.2, 2);
    member.follower.ownOffset = -0.6;
    await room.run(3000);
    expect(member.player.position - 100).toBeCloseTo((room.relay.now() - room.timeline.at) / 1000 - 0.6, 2);
    member.player.userPause(true);
    await room.run(100);
    const [intent] = member.intents;
    expect(intent?.kind === 'pause' && intent.position).toBeCloseTo(member.player.position + 0.6, 6);
  });

  it('goes to the end of a shorter copy and no further', async () => {
    const member = await playing({ duration: 105 });
    const before = member.machine.now();
    await room.run(10_000);
    expect(commands(member, before)).toEqual([]);
  });
});

describe('a viewer’s own doing', () => {
  it('is told once, and held for the room to answer', async () => {
    const member = await playing();
    const before = member.machine.now();
    member.player.userPause(true);
    await room.run(1000);
    expect(member.intents).toEqual([{ kind: 'pause', position: expect.closeTo(member.player.position, 3) }]);
    expect(member.follower.figures.mode).toBe('held');
    expect(commands(member, before)).toEqual([]);
    room.set({ phase: 'paused', position: member.player.position }, 0);
    await room.run(2000);
    expect(member.player.state.status).toBe('paused');
    expect(member.intents.length).toBe(1);
  });

  it('is a start that all make together, the viewer who pressed play too', async () => {
    const member = await standing();
    member.player.userPause(false);
    await room.run(20);
    room.set({ phase: 'playing', position: 100 }, 150);
    await room.run(600);
    expect(Math.abs(room.error(member))).toBeLessThan(0.005);
  });

  it('is taken back when the room does not answer', async () => {
    const member = await playing();
    member.player.userPause(true);
    await room.run(3000);
    expect(member.player.state.status).toBe('playing');
    expect(Math.abs(room.error(member))).toBeLessThan(0.004);
    expect(member.intents.length).toBe(1);
  });

  it('is a seek, told where it landed', async () => {
    const member = await playing({ seekLatency: () => 200 });
    void member.player.userSeek(500);
    await room.run(100);
    expect(member.intents).toEqual([]);
    await room.run(150);
    expect(member.intents).toEqual([{ kind: 'seek', position: expect.closeTo(500, 1) }]);
  });

  it('is another speed', async () => {
    const member = await playing();
    member.player.userRate(1.1);
    await room.run(100);
    expect(member.intents).toEqual([{ kind: 'rate', rate: 1.1 }]);
    await room.run(12_000);
    expect(member.player.rate).toBeCloseTo(1, 1);
    expect(Math.abs(room.error(member))).toBeLessThan(0.015);
  });

  it('is never what we did ourselves, through starts, stops, seeks, rates and stalls', async () => {
    const member = await playing({ ppm: 300, startLatency: () => 60, seekLatency: () => 250 });
    for (let round = 0; round < 10; round += 1) {
      room.set({ phase: 'paused' }, 200);
      await room.run(700);
      room.set({ phase: 'playing' }, 300);
      await room.run(900);
      room.set({ phase: 'playing', position: 50 + 100 * round }, 400);
      await room.run(150);
      room.set({ phase: 'playing', position: 60 + 100 * round, rate: 1 + round / 10 }, 400);
      void member.player.freeze(700);
      await room.run(2000);
    }
    expect(member.intents).toEqual([]);
  });

  it('keeps the rate that the player had before the room', async () => {
    const member = await standing();
    // Prepared for changes of speed, which nobody hears or sees.
    expect(member.player.rate).toBeCloseTo(1, 4);
    member.player.userRate(1.3);
    await room.run(3000);
    room.set({ phase: 'playing', rate: 1.3 }, 300);
    await room.run(2000);
    const released = member.follower.release();
    await room.run(100);
    await released;
    expect(member.player.rate).toBe(1);
  });
});

describe('disturbances', () => {
  it('by a stop of 1 s are over within 2 s, and told', async () => {
    const member = await playing();
    void member.player.freeze(1000);
    await room.run(1000);
    expect(await room.timeToReach(member, 40, 5000)).toBeLessThan(2000);
    expect(member.stalls).toEqual([true, false]);
    expect(member.follower.figures.jumps).toBe(1);
    const { lastCorrection } = member.follower.figures;
    expect(lastCorrection).toMatchObject({ kind: 'seek', amount: expect.closeTo(1, 0) });
  });

  it('by waiting for bytes are told after half a second', async () => {
    const member = await playing();
    void member.player.buffer(400);
    await room.run(2000);
    expect(member.stalls).toEqual([]);
    void member.player.buffer(3000);
    await room.run(700);
    expect(member.stalls).toEqual([true]);
    expect(member.follower.figures.mode).toBe('stalled');
    await room.run(5000);
    expect(member.stalls).toEqual([true, false]);
    expect(Math.abs(room.error(member))).toBeLessThan(0.004);
  });

  it('of 0.2 s are taken off by speed alone', async () => {
    const member = await playing();
    const before = member.machine.now();
    member.player.slip(0.2);
    await room.run(12_000);
    expect(commands(member, before)).not.toContain('seek');
    expect(Math.abs(room.error(member))).toBeLessThan(0.004);
  });

  it('again and again are met with fewer and fewer jumps', async () => {
    const member = await playing();
    const before = member.machine.now();
    for (let round = 0; round < 300; round += 1) {
      member.player.slip(-0.2);
      await room.run(200);
    }
    expect(commands(member, before).filter((command) => command === 'seek').length).toBeLessThan(9);
  });

  it('by commands that fail are told, and tried again', async () => {
    const member = await standing();
    const faults: unknown[] = [];
    member.follower.onDidFail((error) => faults.push(error));
    member.player.failing = true;
    room.set({ phase: 'playing', position: 700 }, 300);
    await room.run(8000);
    expect(faults.length).toBeGreaterThan(1);
    expect(faults.length).toBeLessThan(6);
    member.player.failing = false;
    await room.run(20_000);
    expect(Math.abs(room.error(member))).toBeLessThan(0.004);
  });

  it('that end the player are told once', async () => {
    const member = await playing();
    let lost = 0;
    member.follower.onDidLosePlayer(() => {
      lost += 1;
    });
    member.player.close();
    room.set({ phase: 'paused' });
    await room.run(5000);
    expect(lost).toBe(1);
    expect(member.follower.figures.mode).toBe('gone');
  });
});

describe('figures', () => {
  it('say drift, clock, speed, mode and the last correction', async () => {
    const member = await playing({ way: { up: 10, down: 10 } });
    const told: string[] = [];
    member.follower.onDidChangeFigures((figures) =>
      told.push(describeFigures(figures, member.clock.estimate)),
    );
    await room.run(3000);
    expect(told.length).toBe(3);
    expect(told.at(-1)).toMatch(
      /^lock, drift [+−]0\.\d ms, speed 1\.0000, clock \+77000\.0 ± 10\.0 ms, round trip 20\.0 ms$/,
    );
  });
});

describe('the classic policy', () => {
  it('stays within its bands, and changes nothing between them', async () => {
    const member = await playing({ policy: 'classic' });
    const before = member.machine.now();
    member.player.slip(0.3);
    await room.run(5000);
    expect(commands(member, before)).toEqual([]);
    member.player.slip(0.2);
    await room.run(15_000);
    expect(member.player.sent.slice(-2).map(({ value }) => value)).toEqual([0.95, 1]);
    expect(Math.abs(room.error(member))).toBeLessThan(0.1);
    member.player.slip(-3);
    await room.run(3000);
    expect(commands(member, before).filter((command) => command === 'seek').length).toBe(1);
    expect(Math.abs(room.error(member))).toBeLessThan(0.35);
  });
});

describe('players that can do less', () => {
  it('are kept within a tenth of a second by whole percents', async () => {
    const member = await playing({
      capabilities: {
        exactSeek: false,
        positionPrecision: 0.05,
        scheduled: undefined,
        rate: { min: 0.25, max: 4, fine: false },
      },
      grain: 0.03,
      commandLatency: () => 30,
      ppm: 50,
    });
    member.player.slip(0.25);
    await room.run(10_000);
    const errors = await room.errors(member, 60_000);
    expect(quantile(errors, 0.95)).toBeLessThan(125);
    const steps = member.player.sent.filter(({ command }) => command === 'rate');
    expect(steps.every(({ value = 0 }) => Math.abs(value * 100 - Math.round(value * 100)) < 1e-6)).toBe(true);
  });

  it('without a rate are only moved where it is worth it', async () => {
    const member = await playing({ capabilities: { rate: undefined, positionPrecision: 0.05 } });
    const before = member.machine.now();
    member.player.slip(0.35);
    await room.run(5000);
    expect(commands(member, before)).toEqual([]);
    member.player.slip(0.35);
    await room.run(5000);
    expect(commands(member, before)).toEqual(['pause', 'seek', 'play']);
    expect(Math.abs(room.error(member))).toBeLessThan(0.01);
  });

  it('that find key frames alone wait there for the others', async () => {
    room = new SimulatedRoom();
    room.set({ phase: 'playing', position: 1000 }, 0);
    await room.run(4000);
    const member = room.join({
      capabilities: { exactSeek: false, positionPrecision: 0.01 },
      keyFrames: 2,
    });
    await room.run(20_000);
    expect(Math.abs(room.error(member))).toBeLessThan(0.4);
  });
});
