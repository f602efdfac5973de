import { type Clock, positionAt } from '@kinoport/core';
import type { Approach, ApproachTarget } from './approach.ts';
import type { PlayerCommands } from './playerCommands.ts';
import type { DriftPolicy, DriftReading } from './policy.ts';
import type { FollowedPlayer } from './ports.ts';
import type { ControlProfile } from './profile.ts';

/** After a start or a jump nothing is measured for so long, milliseconds. */
const SETTLE = 250;
/** So many measurements without an answer, or with the same place, and the player does not move. */
const STANDS = 2.5;

export interface DriftLoopOptions {
  readonly clock: Clock;
  readonly player: FollowedPlayer;
  readonly commands: PlayerCommands;
  readonly approach: Approach;
  readonly policy: DriftPolicy;
  readonly profile: ControlProfile;
  /** The policy wants the player to jump; `drift` in seconds. */
  readonly onJump: (speed: number, drift: number) => void;
  /** The speed is changed: by which factor on the room's rate, for which drift in seconds. */
  readonly onSpeed: (factor: number, drift: number) => void;
  readonly onFault: (error: unknown) => void;
}

/** Measures how far a playing player is from its target, and lets the policy correct it. */
export class DriftLoop {
  readonly #options: DriftLoopOptions;
  readonly #clock: Clock;
  #generation = 0;
  #quietUntil = Number.NEGATIVE_INFINITY;
  #due = Number.NEGATIVE_INFINITY;
  #asked: number | undefined;
  #working: Promise<void> | undefined;
  #rate: number | undefined;
  #moved: { readonly position: number; readonly at: number } | undefined;
  /** What the first measurement is to teach. */
  #lesson: 'start' | 'jump' | undefined;

  constructor(options: DriftLoopOptions) {
    this.#options = options;
    this.#clock = options.clock;
  }

  /** A start or jump that was made at a local instant has to settle first. */
  get settles(): boolean {
    return this.#clock.now() < this.#quietUntil;
  }

  /** The player was placed, started or left alone by somebody: everything before counts no more. */
  begin(at: number, rate: number, lesson?: 'start' | 'jump'): void {
    this.reset();
    this.#quietUntil = at + SETTLE;
    this.#rate = rate;
    this.#lesson = lesson;
  }

  reset(): void {
    this.#generation += 1;
    this.#options.policy.restart();
    this.#lesson = undefined;
    this.#moved = undefined;
    this.#asked = undefined;
  }

  /** Whether the player answers, and says that it gets on. */
  moves(now: number): boolean {
    const { samples, period } = this.#options.policy;
    const since = this.#asked ?? (samples ? this.#moved?.at : undefined);
    return since === undefined || now - since <= STANDS * period;
  }

  /** Measures and corrects if it is time to. The player is said to be playing, and the target to have begun. */
  tick(target: ApproachTarget, rate: number): void {
    const now = this.#clock.now();
    if (this.#working !== undefined || now < this.#quietUntil || now < this.#due) return;
    this.#due = now + this.#options.policy.period - 1;
    const generation = this.#generation;
    this.#working = this.#run(target, rate)
      .catch((error: unknown) => {
        if (generation === this.#generation) this.#options.onFault(error);
      })
      .finally(() => {
        this.#working = undefined;
        this.#asked = undefined;
      });
  }

  async whenIdle(): Promise<void> {
    await this.#working;
  }

  async #run(target: ApproachTarget, rate: number): Promise<void> {
    const { commands, policy } = this.#options;
    if (rate !== this.#rate) {
      // The room plays faster or slower from now on: a change that was asked for, not a correction.
      this.begin(this.#clock.now(), rate);
      await this.#setSpeed(policy.startRate(rate));
      return;
    }
    const generation = this.#generation;
    const { changes } = commands;
    const reading = await this.#measure(target, rate);
    if (generation !== this.#generation || changes !== commands.changes) return;
    this.#learn(reading);
    const correction = policy.decide(reading);
    if (correction.kind === 'again') this.#due = this.#clock.now();
    if (correction.kind === 'jump') this.#options.onJump(correction.speed, reading.error);
    if (correction.kind === 'speed') {
      this.#options.onSpeed(correction.speed / rate, policy.error ?? reading.error);
      await this.#setSpeed(correction.speed);
    }
  }

  async #measure(target: ApproachTarget, rate: number): Promise<DriftReading> {
    const { player, policy, commands } = this.#options;
    const now = this.#clock.now();
    let sample = { position: positionAt(player.state, now), at: now, uncertainty: 0 };
    if (policy.samples) {
      this.#asked = now;
      sample = await player.samplePosition();
      if (this.#moved === undefined || Math.abs(sample.position - this.#moved.position) > 1e-6)
        this.#moved = { position: sample.position, at: this.#clock.now() };
    }
    const { position, at, uncertainty } = sample;
    return { at, error: position - target.positionAt(at), uncertainty, rate, speed: commands.speed };
  }

  /** What a start or a jump has missed its instant by is taken into account the next time. */
  #learn({ error, uncertainty, rate }: DriftReading): void {
    const { approach, profile } = this.#options;
    const lesson = this.#lesson;
    this.#lesson = undefined;
    if (lesson === undefined || uncertainty > profile.engage || Math.abs(error) > profile.jump) return;
    const latency = lesson === 'start' ? approach.startLatency : approach.jumpLatency;
    latency.learn(latency.mean - error / rate);
  }

  async #setSpeed(speed: number): Promise<void> {
    const { player, commands } = this.#options;
    if (player.capabilities.rate === undefined || Math.abs(commands.speed - speed) <= 1e-9) return;
    await commands.setRate(speed);
  }
}
