import {
  type Clock,
  type Disposable,
  DisposableStore,
  Emitter,
  isKinoportError,
  type PlayerState,
  positionAt,
} from '@kinoport/core';
import { Approach, type ApproachTarget } from './approach.ts';
import { ClassicPolicy } from './classic.ts';
import { DriftLoop } from './driftLoop.ts';
import { FigureBook, type FollowFigures, type FollowMode } from './figures.ts';
import { IntentReader } from './intentReader.ts';
import { OwnCommands, type PlayerChange } from './ownCommands.ts';
import { PlayerCommands } from './playerCommands.ts';
import type { DriftPolicy } from './policy.ts';
import type { FollowedPlayer, RoomTime, Timeline, ViewerIntent } from './ports.ts';
import { PrecisePolicy } from './precise.ts';
import { type ControlProfile, profileOf } from './profile.ts';
import { StallWatch } from './stallWatch.ts';
import { targetOf } from './target.ts';
import { supersedes } from './timeline.ts';
import { intentOf } from './viewerIntent.ts';

/** Milliseconds between two looks at what goes on. */
const TICK = 50;
/** The room has so long to answer what the viewer did before the player is taken back to the timeline. */
const HOLD = 1500;
/** Milliseconds until what failed is tried again, doubled up to the longest. */
const RETRY = 1000;
const LONGEST_RETRY = 15_000;
/** Nearer than this to the end a player is left to end by itself, seconds. */
const NEAR_END = 0.3;
/** Farther than this from a start that is still to come a player is stopped, to start with the others, seconds. */
const AT_START = 0.04;

export interface TimelineFollowerOptions {
  readonly clock: Clock;
  readonly time: RoomTime;
  readonly player: FollowedPlayer;
  readonly policy?: 'precise' | 'classic';
  /** Seconds by which this player is to be ahead of the room. */
  readonly ownOffset?: number;
  /** Begins the ids of the commands: letters and digits, at most 40, this follower's alone. */
  readonly commandPrefix: string;
}

/** Keeps one player on a room's timeline, and tells what its viewer does himself. */
export class TimelineFollower implements Disposable {
  readonly #clock: Clock;
  readonly #time: RoomTime;
  readonly #player: FollowedPlayer;
  readonly #profile: ControlProfile;
  readonly #policy: DriftPolicy;
  readonly #commands: PlayerCommands;
  readonly #approach: Approach;
  readonly #loop: DriftLoop;
  readonly #intents: IntentReader;
  readonly #stall = new StallWatch();
  readonly #book: FigureBook;
  readonly #owned = new DisposableStore();
  readonly #onIntent = new Emitter<ViewerIntent>();
  readonly #onStall = new Emitter<boolean>();
  readonly #onFault = new Emitter<unknown>();
  readonly #onGone = new Emitter<void>();
  readonly #viewersRate: number;
  #ownOffset: number;
  #timeline: Timeline | undefined;
  #state: PlayerState;
  #plan: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;
  /** A plan is due as soon as clock and player allow it. */
  #waiting = false;
  #heldUntil: number | undefined;
  #retryAt: number | undefined;
  #failures = 0;
  #gone = false;
  #disposed = false;

  /** What the viewer did in the player: to be asked of the room. */
  readonly onDidIntend = this.#onIntent.event;
  /** The player has stood still for half a second although it should play (`true`), and plays again (`false`). */
  readonly onDidStall = this.#onStall.event;
  /** A command failed; it is tried again later. */
  readonly onDidFail = this.#onFault.event;
  /** The player is gone; fires once. */
  readonly onDidLosePlayer = this.#onGone.event;

  constructor(options: TimelineFollowerOptions) {
    const { clock, player } = options;
    this.#clock = clock;
    this.#time = options.time;
    this.#player = player;
    this.#ownOffset = options.ownOffset ?? 0;
    this.#profile = profileOf(player.capabilities);
    this.#policy = options.policy === 'classic' ? new ClassicPolicy() : new PrecisePolicy(this.#profile);
    const own = new OwnCommands(clock, options.commandPrefix);
    this.#commands = new PlayerCommands(clock, player, own);
    this.#approach = new Approach({ clock, player, commands: this.#commands, profile: this.#profile });
    this.#book = this.#owned.add(new FigureBook(clock, () => this.#figures()));
    this.#loop = new DriftLoop({
      clock,
      player,
      commands: this.#commands,
      approach: this.#approach,
      policy: this.#policy,
      profile: this.#profile,
      onJump: (speed, drift) => this.#jump(speed, drift),
      onSpeed: (factor, drift) => this.#book.note('rate', factor, drift),
      onFault: (error) => this.#fault(error),
    });
    this.#intents = new IntentReader(clock, own);
    this.#state = player.state;
    this.#viewersRate = player.state.rate;
    this.#intents.read(this.#state);
    this.#owned.add(player.onDidChangeState((state) => this.#changed(state)));
    this.#owned.add(clock.every(TICK, () => this.#tick()));
    if (this.#state.status === 'gone') this.#lose();
  }

  get timeline(): Timeline | undefined {
    return this.#timeline;
  }

  get figures(): FollowFigures {
    return this.#figures();
  }

  /** Figures whenever something is corrected, and once a second. */
  get onDidChangeFigures(): FigureBook['onDidChange'] {
    return this.#book.onDidChange;
  }

  /** What a seek of this player may take, seconds: a room adds it to the lead of a scheduled start. */
  get seekTime(): number {
    return this.#approach.seekLatency.upper;
  }

  /** Seconds by which this player is ahead of the room; the viewer's own setting. */
  get ownOffset(): number {
    return this.#ownOffset;
  }

  set ownOffset(seconds: number) {
    if (!Number.isFinite(seconds) || seconds === this.#ownOffset) return;
    this.#ownOffset = seconds;
    this.reassert();
  }

  /** The room's timeline; an older one than the last, or the same again, changes nothing. */
  follow(timeline: Timeline): void {
    if (!supersedes(timeline, this.#timeline)) return;
    this.#timeline = timeline;
    this.reassert();
  }

  /** Takes the player to the timeline now, whatever its viewer did; after the room has refused that, for instance. */
  reassert(): void {
    this.#heldUntil = undefined;
    this.#failures = 0;
    this.#replan();
  }

  /** Resolves when the player is neither being placed nor started. */
  async whenIdle(): Promise<void> {
    while (this.#plan !== undefined) await this.#plan.done;
  }

  /** Lets go of the player and gives it back the rate that it had before the room. */
  async release(): Promise<void> {
    await this.dispose();
    if (this.#gone || this.#player.capabilities.rate === undefined) return;
    if (Math.abs(this.#commands.speed - this.#viewersRate) <= 1e-9) return;
    try {
      await this.#commands.setRate(this.#viewersRate);
    } catch (error) {
      if (!isKinoportError(error, 'PLAYER_GONE')) throw error;
    }
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    this.#plan?.abort.abort();
    this.#loop.reset();
    await this.#owned.dispose();
    for (const emitter of [this.#onIntent, this.#onStall, this.#onFault, this.#onGone]) emitter.dispose();
  }

  get #target(): ApproachTarget | undefined {
    const timeline = this.#timeline;
    if (timeline === undefined || timeline.phase === 'idle' || !this.#time.isSet) return undefined;
    return targetOf(timeline, this.#time, this.#ownOffset);
  }

  #tick(): void {
    const now = this.#clock.now();
    if (this.#gone || this.#disposed) return;
    if (this.#heldUntil !== undefined && now >= this.#heldUntil) this.reassert();
    if (this.#waiting || (this.#retryAt !== undefined && now >= this.#retryAt)) this.#replan();
    const target = this.#target;
    const timeline = this.#timeline;
    if (target === undefined || timeline === undefined) return;
    this.#watchStall(now, target, timeline);
    if (this.#plan !== undefined || this.#heldUntil !== undefined || this.#retryAt !== undefined) return;
    if (timeline.phase !== 'playing' || now < target.begins) return;
    if (this.#state.status === 'playing') this.#loop.tick(target, timeline.rate);
    // It stands although nobody here wants it to: what stopped it was never told.
    else if (this.#state.status === 'paused') this.#replan();
  }

  #replan(): void {
    this.#plan?.abort.abort();
    this.#plan = undefined;
    this.#waiting = false;
    this.#retryAt = undefined;
    const target = this.#target;
    const timeline = this.#timeline;
    const { status } = this.#state;
    if (this.#gone || this.#disposed || timeline === undefined || timeline.phase === 'idle') return;
    if (target === undefined || status === 'opening' || status === 'failed') {
      this.#waiting = true;
      return;
    }
    this.#loop.reset();
    if (timeline.phase === 'playing' && this.#isNear(target)) return;
    this.#begin((signal) => this.#carryOut(timeline, target, signal));
  }

  /** Whether the player plays and is near enough to be left to the drift loop. */
  #isNear(target: ApproachTarget): boolean {
    const state = this.#state;
    if (state.status !== 'playing') return state.status === 'ended' && this.#endsAt(target);
    const at = Math.max(this.#clock.now(), target.begins);
    const ahead = positionAt(state, this.#clock.now()) + (state.rate * (at - this.#clock.now())) / 1000;
    // Whoever pressed play is ahead of the common start: speed alone would take seconds to make up for that.
    const bound =
      target.begins > this.#clock.now() ? Math.min(AT_START, this.#profile.jump) : this.#profile.jump;
    return Math.abs(ahead - target.positionAt(at)) <= bound || this.#endsAt(target);
  }

  /** The room is at the end of this copy of the film. */
  #endsAt(target: ApproachTarget): boolean {
    const { duration, position } = this.#state;
    if (duration === undefined) return false;
    const isLast = target.positionAt(this.#clock.now()) >= duration - NEAR_END;
    return isLast && (this.#state.status === 'ended' || position >= duration - 2);
  }

  #begin(run: (signal: AbortSignal) => Promise<void>): void {
    const abort = new AbortController();
    const done = run(abort.signal)
      .then(
        () => {
          if (!abort.signal.aborted) this.#failures = 0;
        },
        (error: unknown) => {
          if (!abort.signal.aborted) this.#fault(error);
        },
      )
      .finally(() => {
        if (this.#plan?.abort === abort) this.#plan = undefined;
      });
    this.#plan = { abort, done };
  }

  async #carryOut(timeline: Timeline, target: ApproachTarget, signal: AbortSignal): Promise<void> {
    const speed = this.#policy.startRate(timeline.rate);
    if (timeline.phase === 'playing') {
      const started = await this.#approach.join(target, speed, signal);
      this.#loop.begin(started.at, timeline.rate, started.inTime ? 'start' : undefined);
    } else {
      await this.#approach.stand(target.positionAt(target.begins), target.begins, speed, signal);
    }
  }

  #jump(speed: number, drift: number): void {
    const target = this.#target;
    const timeline = this.#timeline;
    if (target === undefined || timeline === undefined || this.#endsAt(target)) return;
    this.#book.note('seek', -drift, drift);
    const { compensates } = this.#policy;
    this.#begin(async (signal) => {
      if (compensates && this.#profile.scheduled && this.#profile.exactSeek) {
        const started = await this.#approach.join(target, speed, signal);
        this.#loop.begin(started.at, timeline.rate, started.inTime ? 'start' : undefined);
      } else {
        await this.#approach.jump(target, speed, compensates);
        signal.throwIfAborted();
        this.#loop.begin(this.#clock.now(), timeline.rate, compensates ? 'jump' : undefined);
      }
    });
  }

  #changed(state: PlayerState): void {
    const changes = this.#intents.read(state);
    if (changes === undefined || this.#gone) return;
    const before = this.#state;
    this.#state = state;
    if (state.status === 'gone') {
      this.#lose();
    } else if (state.itemToken !== before.itemToken) {
      this.#commands.interfered(state.rate);
      this.#replan();
    } else if (changes.length > 0) {
      this.#interrupted(changes, state);
    } else if (state.status === 'playing' && before.status !== 'playing' && this.#plan === undefined) {
      this.#loop.begin(this.#clock.now(), this.#timeline?.rate ?? 1);
    }
  }

  #interrupted(changes: readonly PlayerChange[], state: PlayerState): void {
    this.#plan?.abort.abort();
    this.#plan = undefined;
    this.#loop.reset();
    this.#heldUntil = this.#clock.now() + HOLD;
    const position = positionAt(state, this.#clock.now()) - this.#ownOffset;
    const intents = changes.map((change) =>
      intentOf(change, position, { room: this.#timeline?.rate ?? 1, told: this.#commands.speed }),
    );
    this.#commands.interfered(state.rate);
    for (const intent of intents) this.#onIntent.fire(intent);
  }

  #watchStall(now: number, target: ApproachTarget, { phase }: Timeline): void {
    const { status } = this.#state;
    const over = status === 'ended' || status === 'failed' || status === 'opening';
    const wanted =
      phase === 'playing' &&
      now >= target.begins &&
      !over &&
      this.#heldUntil === undefined &&
      !this.#endsAt(target);
    const moved = this.#plan !== undefined;
    const moves = status === 'playing' && (moved || this.#loop.settles || this.#loop.moves(now));
    if (!this.#stall.update(now, { wanted, moves, moved })) return;
    this.#onStall.fire(this.#stall.stalled);
    this.#book.changed();
  }

  #fault(error: unknown): void {
    if (isKinoportError(error, 'PLAYER_GONE')) {
      this.#lose();
      return;
    }
    if (isKinoportError(error, 'ABORTED')) return;
    this.#retryAt = this.#clock.now() + Math.min(LONGEST_RETRY, RETRY * 2 ** this.#failures);
    this.#failures += 1;
    this.#onFault.fire(error);
  }

  #lose(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#plan?.abort.abort();
    this.#loop.reset();
    this.#book.changed();
    this.#onGone.fire();
  }

  get #mode(): FollowMode {
    const timeline = this.#timeline;
    const { status } = this.#state;
    if (this.#gone) return 'gone';
    if (timeline === undefined || timeline.phase === 'idle') return 'idle';
    if (!this.#time.isSet) return 'clock';
    if (status === 'opening') return 'opening';
    if (this.#heldUntil !== undefined) return 'held';
    if (this.#stall.stalled) return 'stalled';
    if (this.#plan !== undefined) return 'approaching';
    if (status === 'ended' || status === 'failed') return 'ended';
    if (timeline.phase !== 'playing') return 'standing';
    return this.#loop.settles || this.#policy.error === undefined ? 'settling' : this.#policy.mode;
  }

  #figures(): FollowFigures {
    const mode = this.#mode;
    const drift = mode === 'lock' || mode === 'trim' ? this.#policy.error : undefined;
    return {
      policy: this.#policy.name,
      profile: this.#profile.name,
      mode,
      ...(drift === undefined ? {} : { drift }),
      speed: this.#commands.speed,
      skew: this.#policy.skew * 1e6,
      ownOffset: this.#ownOffset,
      seekLatency: this.#approach.seekLatency.mean,
      ...this.#book.totals,
    };
  }
}
