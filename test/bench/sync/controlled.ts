import { systemClock } from '@kinoport/core';
import { RoomClock } from '../../../plugins/watch-together/src/clock/roomClock.ts';
import type { Timeline } from '../../../plugins/watch-together/src/control/ports.ts';
import { timelinePosition } from '../../../plugins/watch-together/src/control/timeline.ts';
import { TimelineFollower } from '../../../plugins/watch-together/src/control/timelineFollower.ts';
import { createMpv, type MpvFixture } from '../../plugins/mpv/mpvFixture.ts';
import { SoundClock } from './soundClock.ts';

/** The room's clock is so far from this machine's, milliseconds, so that mixing them up shows. */
const ROOM_AHEAD = 1234;

/** The way to the relay: milliseconds there and back, and the mean of what queues add. */
export interface Way {
  readonly up: number;
  readonly down: number;
  readonly jitter: number;
}

export const LOOPBACK: Way = { up: 0.2, down: 0.2, jitter: 0.05 };

/** A real mpv that follows a timeline of this process, without relay and wire: the control alone. */
export class ControlledMpv {
  readonly follower: TimelineFollower;
  readonly sound: SoundClock;
  readonly clock: RoomClock;
  readonly pid: number;
  readonly #fixture: MpvFixture;
  readonly #way: Way;

  private constructor(
    fixture: MpvFixture,
    parts: { follower: TimelineFollower; sound: SoundClock; clock: RoomClock; pid: number; way: Way },
  ) {
    this.#fixture = fixture;
    this.follower = parts.follower;
    this.sound = parts.sound;
    this.clock = parts.clock;
    this.pid = parts.pid;
    this.#way = parts.way;
  }

  static async open(
    film: string,
    options: {
      readonly name: string;
      readonly way?: Way;
      readonly args?: readonly string[];
      readonly policy?: 'precise' | 'classic';
    },
  ): Promise<ControlledMpv> {
    const way = options.way ?? LOOPBACK;
    const fixture = await createMpv();
    const session = await fixture.open(
      { path: film, title: options.name },
      { paused: true, extraArgs: [...(options.args ?? [])] },
    );
    const clock: RoomClock = new RoomClock({
      clock: systemClock,
      send: (c1) => {
        systemClock.after(delay(way.up, way.jitter), () => {
          const r2 = systemClock.now() + ROOM_AHEAD;
          systemClock.after(delay(way.down, way.jitter), () => clock.receive({ c1, r2, r3: r2 }));
        });
      },
    });
    const player = {
      capabilities: fixture.player.capabilities,
      get state() {
        return session.state;
      },
      onDidChangeState: session.onDidChangeState,
      play: session.play.bind(session),
      pause: session.pause.bind(session),
      seek: session.seek.bind(session),
      setRate: session.setRate.bind(session),
      samplePosition: () => session.samplePosition(),
    };
    const follower = new TimelineFollower({
      clock: systemClock,
      time: clock,
      player,
      commandPrefix: options.name,
      ...(options.policy === undefined ? {} : { policy: options.policy }),
    });
    clock.connected('room');
    const sound = await SoundClock.connect(String(session.endpoint.socket));
    sound.start();
    const pid = Number(await sound.property('pid'));
    return new ControlledMpv(fixture, { follower, sound, clock, pid, way });
  }

  /** The timeline, as late as the way makes it. */
  tell(timeline: Timeline): void {
    systemClock.after(delay(this.#way.down, this.#way.jitter), () => this.follower.follow(timeline));
  }

  /** Stops the process for a while, as a machine that hangs. */
  async stop(ms: number): Promise<void> {
    process.kill(this.pid, 'SIGSTOP');
    await wait(ms);
    process.kill(this.pid, 'SIGCONT');
  }

  async close(): Promise<void> {
    await this.follower.dispose();
    await this.clock.dispose();
    this.sound.dispose();
    // Ends the player too.
    await this.#fixture.dispose();
  }
}

/** What a relay does, in this process. */
export class LocalRoom {
  #timeline: Timeline = { seq: 0, phase: 'paused', position: 0, at: 0, rate: 1 };

  get now(): number {
    return systemClock.now() + ROOM_AHEAD;
  }

  /** Tells all members; the change holds after `lead` milliseconds. */
  set(members: readonly ControlledMpv[], change: Partial<Timeline>, lead = 500): Timeline {
    const at = this.now + lead;
    const position = timelinePosition(this.#timeline, at);
    this.#timeline = { ...this.#timeline, position, ...change, seq: this.#timeline.seq + 1, at };
    for (const member of members) member.tell(this.#timeline);
    return this.#timeline;
  }

  /** To one who has just come. */
  welcome(member: ControlledMpv): void {
    member.tell(this.#timeline);
  }
}

export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => systemClock.after(ms, resolve));
}

function delay(base: number, jitter: number): number {
  return base - jitter * Math.log(1 - Math.random());
}
