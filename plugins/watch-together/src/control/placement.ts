import type { Clock } from '@kinoport/core';
import type { Approach, ApproachTarget } from './approach.ts';
import type { DriftLoop } from './driftLoop.ts';
import type { DriftPolicy } from './policy.ts';
import type { Timeline } from './ports.ts';
import type { ControlProfile } from './profile.ts';

interface PlacementParts {
  readonly clock: Clock;
  readonly approach: Approach;
  readonly loop: DriftLoop;
  readonly policy: DriftPolicy;
  readonly profile: ControlProfile;
}

/** Puts a player where a timeline is, the way that its policy and its abilities allow, and hands it to the drift loop. */
export class Placement {
  readonly #parts: PlacementParts;

  constructor(parts: PlacementParts) {
    this.#parts = parts;
  }

  /** To a timeline that is new. */
  async bring(timeline: Timeline, target: ApproachTarget, signal: AbortSignal): Promise<void> {
    const { approach, policy } = this.#parts;
    const speed = policy.startRate(timeline.rate);
    if (timeline.phase === 'playing') await this.#join(timeline, target, speed, signal);
    else await approach.stand(target.positionAt(target.begins), target.begins, speed, signal);
  }

  /** From where it plays, too far off. */
  async jump(timeline: Timeline, target: ApproachTarget, speed: number, signal: AbortSignal): Promise<void> {
    const { clock, approach, loop, policy, profile } = this.#parts;
    const { compensates } = policy;
    if (compensates && profile.scheduled && profile.exactSeek) {
      await this.#join(timeline, target, speed, signal);
      return;
    }
    await approach.jump(target, speed, compensates);
    signal.throwIfAborted();
    loop.begin(clock.now(), timeline.rate, compensates ? 'jump' : undefined);
  }

  async #join(timeline: Timeline, target: ApproachTarget, speed: number, signal: AbortSignal): Promise<void> {
    const started = await this.#parts.approach.join(target, speed, signal);
    this.#parts.loop.begin(started.at, timeline.rate, started.inTime ? 'start' : undefined);
  }
}
