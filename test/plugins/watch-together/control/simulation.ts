import { VirtualClock } from '@kinoport/core/testing';
import { RoomClock } from '../../../../plugins/watch-together/src/clock/roomClock.ts';
import type { Timeline, ViewerIntent } from '../../../../plugins/watch-together/src/control/ports.ts';
import { timelinePosition } from '../../../../plugins/watch-together/src/control/timeline.ts';
import { TimelineFollower } from '../../../../plugins/watch-together/src/control/timelineFollower.ts';
import { Random } from '../../../support/random.ts';
import { MachineClock } from './machine.ts';
import { SimulatedPlayer, type SimulatedPlayerOptions } from './simulatedPlayer.ts';

/** The way between a member and the relay: milliseconds there and back, and the mean of what queues add. */
export interface Way {
  readonly up: number;
  readonly down: number;
  readonly jitter?: number;
}

export interface MemberOptions extends Omit<SimulatedPlayerOptions, 'clock'> {
  readonly way?: Way;
  /** Of the machine's clock: milliseconds, and how much faster it runs. */
  readonly clockOffset?: number;
  readonly clockPpm?: number;
  readonly policy?: 'precise' | 'classic';
  readonly ownOffset?: number;
}

export interface Member {
  readonly name: string;
  readonly machine: MachineClock;
  readonly player: SimulatedPlayer;
  readonly clock: RoomClock;
  readonly follower: TimelineFollower;
  readonly intents: ViewerIntent[];
  readonly stalls: boolean[];
  /** Milliseconds that a message to this member takes now. */
  readonly down: () => number;
}

/** A room of simulated players, networks and machines, all on one virtual clock. */
export class SimulatedRoom {
  readonly true = new VirtualClock();
  readonly relay: MachineClock;
  readonly members: Member[] = [];
  readonly random: Random;
  #timeline: Timeline | undefined;
  #seq = 0;

  constructor(seed = 1) {
    this.random = new Random(seed);
    this.relay = new MachineClock(this.true, { offset: 77_000, ppm: 0 });
  }

  get timeline(): Timeline {
    if (this.#timeline === undefined) throw new Error('nothing plays');
    return this.#timeline;
  }

  join(options: MemberOptions = {}): Member {
    const { way = { up: 0.3, down: 0.3 }, clockOffset = 0, clockPpm = 0 } = options;
    const delay = (base: number): number => base - (way.jitter ?? 0) * Math.log(1 - this.random.next());
    const machine = new MachineClock(this.true, { offset: clockOffset, ppm: clockPpm });
    const player = new SimulatedPlayer({ ...options, clock: machine });
    const clock: RoomClock = new RoomClock({
      clock: machine,
      random: () => this.random.next(),
      send: (c1) => {
        this.true.after(delay(way.up), () => {
          const r2 = this.relay.now();
          this.true.after(delay(way.down), () => clock.receive({ c1, r2, r3: r2 }));
        });
      },
    });
    const name = `member${this.members.length + 1}`;
    const follower = new TimelineFollower({
      clock: machine,
      time: clock,
      player,
      commandPrefix: name,
      ...(options.policy === undefined ? {} : { policy: options.policy }),
      ...(options.ownOffset === undefined ? {} : { ownOffset: options.ownOffset }),
    });
    const down = (): number => delay(way.down);
    const member: Member = { name, machine, player, clock, follower, intents: [], stalls: [], down };
    follower.onDidIntend((intent) => member.intents.push(intent));
    follower.onDidStall((stalled) => member.stalls.push(stalled));
    this.members.push(member);
    clock.connected('relay');
    if (this.#timeline !== undefined) this.#tell(member, this.#timeline);
    return member;
  }

  /** The room's new timeline; `lead`: milliseconds until it holds. */
  set(change: Partial<Timeline>, lead = 300): Timeline {
    const now = this.relay.now();
    const before = this.#timeline;
    this.#seq += 1;
    const timeline: Timeline = {
      phase: 'paused',
      rate: 1,
      position: before === undefined ? 0 : timelinePosition(before, now + lead),
      ...(before === undefined ? {} : { rate: before.rate, phase: before.phase }),
      ...change,
      seq: this.#seq,
      at: now + lead,
    };
    this.#timeline = timeline;
    for (const member of this.members) this.#tell(member, timeline);
    return timeline;
  }

  /** How far a member's player really is from the timeline, seconds. */
  error(member: Member): number {
    const target = timelinePosition(this.timeline, this.relay.now()) + member.follower.ownOffset;
    return member.player.position - target;
  }

  /** Lets time pass; every 25 ms `look` sees how long it has been, milliseconds. */
  async run(ms: number, look: (gone: number) => void = () => {}): Promise<void> {
    for (let gone = 0; gone < ms; gone += 25) {
      await this.true.advance(25);
      look(gone + 25);
    }
  }

  /** Sizes of a member's errors while time passes, milliseconds, sorted. */
  async errors(member: Member, ms: number): Promise<readonly number[]> {
    const sizes: number[] = [];
    await this.run(ms, () => sizes.push(Math.abs(this.error(member)) * 1000));
    return sizes.sort((a, b) => a - b);
  }

  /** Milliseconds until a member is within a bound (milliseconds) and stays there for the rest of `ms`. */
  async timeToReach(member: Member, bound: number, ms: number): Promise<number> {
    let since = 0;
    await this.run(ms, (gone) => {
      if (Math.abs(this.error(member)) * 1000 > bound) since = gone;
    });
    return since;
  }

  async dispose(): Promise<void> {
    for (const { clock, follower } of this.members) {
      await follower.dispose();
      await clock.dispose();
    }
  }

  #tell(member: Member, timeline: Timeline): void {
    this.true.after(member.down(), () => member.follower.follow(timeline));
  }
}

export function quantile(sorted: readonly number[], share: number): number {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  if (value === undefined) throw new RangeError('there are no values');
  return value;
}
