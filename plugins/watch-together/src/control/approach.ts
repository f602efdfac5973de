import { type Clock, sleep } from '@kinoport/core';
import { LearnedLatency, StartLatency } from './learnedLatency.ts';
import type { PlayerCommands } from './playerCommands.ts';
import type { FollowedPlayer } from './ports.ts';
import type { ControlProfile } from './profile.ts';

/** The timeline as the player is to see it: local milliseconds, the player's seconds. */
export interface ApproachTarget {
  /** The instant at which it begins to move; a past one when it moves already. */
  readonly begins: number;
  positionAt(local: number): number;
  /** When it comes to a position; `undefined`: never. */
  reaches(position: number): number | undefined;
}

/** Milliseconds that a command needs to be on its way before its instant. */
const LEAD = 15;
/** Positions that are the same, seconds. */
const SAME = 0.002;
/** Coming late by this much is left to the change of speed, seconds. */
const BEARABLE = 0.04;
const ATTEMPTS = 3;
/** A player that only finds key frames may land this far ahead and wait for the others, seconds. */
const LONGEST_WAIT = 10;

/** Brings a player to where a timeline is: places it while it stands, and starts it at the right instant. */
export class Approach {
  /** Seconds that a seek takes, and that a start takes until the picture moves. */
  readonly seekLatency = new LearnedLatency({ mean: 0.12, deviation: 0.06, most: 5 });
  readonly startLatency = new StartLatency(0.5);
  /** How far a running player falls behind by a seek, seconds. */
  readonly jumpLatency = new LearnedLatency({ mean: 0.1, deviation: 0.05, most: 3 });
  readonly #clock: Clock;
  readonly #player: FollowedPlayer;
  readonly #commands: PlayerCommands;
  readonly #profile: ControlProfile;

  constructor(options: {
    readonly clock: Clock;
    readonly player: FollowedPlayer;
    readonly commands: PlayerCommands;
    readonly profile: ControlProfile;
  }) {
    this.#clock = options.clock;
    this.#player = options.player;
    this.#commands = options.commands;
    this.#profile = options.profile;
  }

  /**
   * Pauses, seeks, and plays at the instant at which the target is there. Comes late only when the player was slower
   * than it has ever been.
   * @returns the local instant of the start, and whether it was the one aimed at
   */
  async join(
    target: ApproachTarget,
    speed: number,
    signal: AbortSignal,
  ): Promise<{ readonly at: number; readonly inTime: boolean }> {
    for (let attempt = 1; ; attempt += 1) {
      let at = await this.#place(target, signal);
      await this.#setSpeed(speed);
      signal.throwIfAborted();
      const late = this.#clock.now() + LEAD / 3 - at;
      const bearable = (late / 1000) * speed <= BEARABLE;
      if (late > 0 && !bearable && attempt < ATTEMPTS) continue;
      if (late > 0) at = this.#clock.now();
      await this.#start(at - this.startLatency.mean * 1000, signal);
      return { at, inTime: late <= 0 };
    }
  }

  /** Stands still at a position; goes on until a local instant that is to come. */
  async stand(position: number, at: number, speed: number, signal: AbortSignal): Promise<void> {
    if (this.#isMoving() || at > this.#clock.now()) {
      if (at > this.#clock.now() && !this.#profile.scheduled) await this.#until(at, signal);
      await this.#commands.pause(at > this.#clock.now() ? at : undefined, signal);
    }
    signal.throwIfAborted();
    if (!this.#isPlaced(position)) this.seekLatency.learn((await this.#commands.place(position)).took);
    signal.throwIfAborted();
    await this.#setSpeed(speed);
  }

  /** Seeks while it plays, to where the target will be when the player is there. */
  async jump(target: ApproachTarget, speed: number, compensates: boolean): Promise<void> {
    await this.#setSpeed(speed);
    const ahead = compensates ? this.jumpLatency.mean * 1000 : 0;
    await this.#commands.seek(target.positionAt(this.#clock.now() + ahead));
  }

  /** @returns the instant at which the target is where the player stands now */
  async #place(target: ApproachTarget, signal: AbortSignal): Promise<number> {
    const soon = this.#clock.now() + LEAD;
    const first = Math.max(soon, target.begins);
    const { placed } = this.#commands;
    if (placed !== undefined && this.#isPlaced(target.positionAt(first)))
      return Math.max(first, target.reaches(placed.position) ?? first);
    if (this.#isMoving()) await this.#commands.pause(undefined, signal);
    signal.throwIfAborted();
    const at = Math.max(target.begins, this.#clock.now() + this.seekLatency.upper * 1000 + LEAD);
    const { position, took } = await this.#commands.place(target.positionAt(at));
    this.seekLatency.learn(took);
    signal.throwIfAborted();
    const landed = target.reaches(position);
    return landed === undefined || landed > at + LONGEST_WAIT * 1000 ? at : Math.max(target.begins, landed);
  }

  /** Where a seek only finds key frames, standing a moment off is better than standing seconds off. */
  #isPlaced(position: number): boolean {
    const { placed } = this.#commands;
    if (placed === undefined) return false;
    const near = this.#profile.exactSeek ? SAME : this.#profile.jump;
    return Math.abs(placed.wanted - position) <= SAME || Math.abs(placed.position - position) <= near;
  }

  #isMoving(): boolean {
    const { status } = this.#player.state;
    return status !== 'paused' && status !== 'ended';
  }

  async #setSpeed(speed: number): Promise<void> {
    const { state, capabilities } = this.#player;
    if (capabilities.rate === undefined) return;
    if (Math.abs(this.#commands.speed - speed) > 1e-6 || Math.abs(state.rate - speed) > 1e-4)
      await this.#commands.setRate(speed);
  }

  async #start(at: number, signal: AbortSignal): Promise<void> {
    if (this.#profile.scheduled) {
      await this.#commands.play(at, signal);
      return;
    }
    await this.#until(at, signal);
    await this.#commands.play(undefined, signal);
  }

  async #until(at: number, signal: AbortSignal): Promise<void> {
    const left = at - this.#clock.now();
    if (left > 0) await sleep(this.#clock, left, signal);
  }
}
