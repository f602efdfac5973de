/** What two people in a room see when relays, hosts, players, networks, clocks and machines fail. */
import { makeFilm } from '../support/lab/media.ts';
import { runFlags, Table } from '../support/table.ts';
import { clockStepped, STEPPED_CLOCK } from './sync/clocks.ts';
import { commandKilled, hostKilled, machineSuspended, playerKilled, type Returned } from './sync/members.ts';
import { type Cut, networkCut, pausedMeanwhile } from './sync/network.ts';
import { relayForgets, relayMoves, relayStands } from './sync/relays.ts';
import { Stage, type StageOptions } from './sync/stage.ts';
import { NEAR } from './sync/truth.ts';

/** Does its work and gives the rows, so that what ran side by side is printed in order. */
type Part = (stage: Stage) => Promise<() => void>;

const flags = runFlags();
const { only } = flags;
const table = new Table({ title: 'Watching together under fire', json: flags.json });
const film = await makeFilm({ seconds: 600, noise: false });

/** Seconds until films are in step again after whatever was done to one of them. */
const BACK = 3;
/** The same after a cut in which the tries to come back have become seldom. */
const BACK_AFTER_LONG = 12;

const yes = (name: string, value: boolean): void => {
  table.add(name, value ? 1 : 0, 'of 1', { atLeast: 1 });
};
const seconds = (name: string, value: number, atMost = BACK): void => {
  table.add(name, value, 's', { atMost });
};
/** Milliseconds by which a film that is not concerned is off an even run; the trim of its drift is in it. */
const even = (name: string, value: number): void => {
  table.add(name, value, 'ms', { atMost: 2 * NEAR });
};
const near = (name: string, value: number): void => {
  table.add(name, value, 'ms', { atMost: NEAR });
};

function returned(name: string, result: Returned): void {
  if (result.told !== undefined) seconds(`${name}: the other is told`, result.told);
  seconds(`${name}: in step from "room join" on`, result.near);
  even(`${name}: the other's film off by`, result.jolt);
  yes(`${name}: the same seat`, result.sameSeat);
  yes(`${name}: one player`, result.onePlayer);
}

function cutFor(how: Cut, length: number): Part {
  return async (stage) => {
    const result = await networkCut(stage, how, length);
    return () => {
      const name = `network ${how === 'silent' ? 'silent' : 'cut'} for ${length} s`;
      seconds(`${name}: in step after it`, result.near, length > 10 ? BACK_AFTER_LONG : BACK);
      even(`${name}: films go on, off by`, result.jolt);
      yes(`${name}: the same seat`, result.sameSeat);
    };
  };
}

/** At two relays that share a Redis. */
const shared: Record<string, Part> = {
  player: async (stage) => {
    const result = await playerKilled(stage);
    return () => {
      seconds('player killed: told', result.told);
      seconds('player killed: in step from "w" on', result.near);
      even("player killed: the other's film off by", result.jolt);
      yes('player killed: one player', result.onePlayer);
    };
  },
  moved: async (stage) => {
    const result = await relayMoves(stage);
    return () => {
      const name = 'one of two relays killed';
      seconds(`${name}: both seats resumed`, result.resumed);
      seconds(`${name}: in step`, result.near);
      even(`${name}: films go on, off by`, result.jolt);
      yes(`${name}: same seats, and the room goes on`, result.alive);
    };
  },
  paused: async (stage) => {
    const result = await pausedMeanwhile(stage, 'refused', 2);
    return () => {
      const name = 'paused while one is cut off';
      // The way is away for longer than it is cut, by a command.
      seconds(`${name}: that one stands after it`, result.stood, 5);
      near(`${name}: frames apart`, result.off);
      seconds(`${name}: in step from the next play on`, result.near);
    };
  },
  host: async (stage) => {
    const result = await hostKilled(stage);
    return () => returned('host killed', result);
  },
  command: async (stage) => {
    const result = await commandKilled(stage);
    return () => returned('command killed', result);
  },
};

/** What takes longer than a quick run may. */
const long: Record<string, Part> = {
  silent2: cutFor('silent', 2),
  cut2: cutFor('refused', 2),
  silent20: cutFor('silent', 20),
  cut20: cutFor('refused', 20),
  suspended: async (stage) => {
    const result = await machineSuspended(stage, 20);
    return () => {
      const name = 'machine suspended for 20 s';
      seconds(`${name}: in step after it`, result.near);
      even(`${name}: the other's film off by`, result.jolt);
      yes(`${name}: the same seat`, result.sameSeat);
    };
  },
  stopped: async (stage) => {
    const result = await relayStands(stage, 5);
    return () => {
      const name = 'relay stopped for 5 s';
      yes(`${name}: nobody is cut off`, result.quiet);
      near(`${name}: films apart`, result.apart);
      seconds(`${name}: what is said arrives after it`, result.reached);
    };
  },
};

/** At one relay that keeps its rooms in memory; the last part ends the room. */
const alone: Record<string, Part> = {
  memberClock: stepOf('member'),
  relayClock: stepOf('relay'),
  forgotten: async (stage) => {
    const result = await relayForgets(stage);
    return () => {
      const name = 'the only relay killed, and started again';
      seconds(`${name}: both are told`, result.told);
      seconds(`${name}: both are told that the room is gone`, result.toldOver, 5);
      yes(`${name}: and what to do`, result.plainly);
      even(`${name}: films go on alone, off by`, result.jolt);
    };
  },
};

function stepOf(whose: 'member' | 'relay'): Part {
  return async (stage) => {
    const result = await clockStepped(stage, whose, flags.quick ? 1.5 : 5);
    return () => {
      const name = `wall clock of the ${whose} an hour ahead, then behind`;
      near(`${name}: films apart`, result.apart);
      even(`${name}: films off by`, result.jolt);
      yes(`${name}: nobody is told anything`, result.quiet);
    };
  };
}

/** Parts that share a stage, which is made anew when one of them has failed. */
async function act(
  options: Omit<StageOptions, 'film'>,
  parts: Record<string, Part>,
): Promise<readonly (() => void)[]> {
  let stage: Stage | undefined;
  const rows: (() => void)[] = [];
  for (const [name, part] of Object.entries(parts)) {
    if (only && !only.includes(name)) continue;
    try {
      stage ??= await Stage.open({ ...options, film });
      rows.push(await part(stage));
    } catch (error) {
      console.error(`${name}:`, error);
      rows.push(() => table.add(`${name}: went wrong`, 1, 'times', { atMost: 0 }));
      await stage?.dispose();
      stage = undefined;
    }
  }
  await stage?.dispose();
  return rows;
}

const acts = [
  () => act({ shared: 2 }, flags.quick && !only ? shared : { ...shared, ...long }),
  () => act({ environment: STEPPED_CLOCK }, alone),
];
const sets = flags.quick ? acts.map((each) => each()) : [];
for (const [n, each] of acts.entries()) for (const add of await (sets[n] ?? each())) add();
if (!table.end()) process.exitCode = 1;
