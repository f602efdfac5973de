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
import { Attempts } from './attempts.ts';
import { ClassicPolicy } from './classic.ts';
import { DriftLoop } from './driftLoop.ts';
import { FigureBook, type FollowFigures } from './figures.ts';
import { followMode } from './followMode.ts';
import { IntentReader } from './intentReader.ts';
import { endsAt, isNear } from './nearness.ts';
import { OwnCommands, type PlayerChange } from './ownCommands.ts';
import { Placement } from './placement.ts';
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
  readonly #placement: Placement;
  readonly #attempts: Attempts;
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
  /** A plan is due as soon as clock and player allow it. */
  #waiting = false;
  #heldUntil: number | undefined;
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
    this.#placement = new Placement({
      clock,
      approach: this.#approach,
      loop: this.#loop,
      policy: this.#policy,
      profile: this.#profile,
    });
    this.#attempts = new Attempts(clock, (error) => this.#fault(error));
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
    this.#attempts.forgive();
    this.#replan();
  }

  /** Resolves when the player is neither being placed nor started. */
  whenIdle(): Promise<void> {
    return this.#attempts.whenIdle();
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
    this.#attempts.stop();
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
    if (this.#waiting || this.#attempts.isDue(now)) this.#replan();
    const target = this.#target;
    const timeline = this.#timeline;
    if (target === undefined || timeline === undefined) return;
    this.#watchStall(now, target, timeline);
    if (this.#attempts.isRunning || this.#attempts.waits || this.#heldUntil !== undefined) return;
    if (timeline.phase !== 'playing' || now < target.begins) return;
    if (this.#state.status === 'playing') this.#loop.tick(target, timeline.rate);
    // It stands although nobody here wants it to: what stopped it was never told.
    else if (this.#state.status === 'paused') this.#replan();
  }

  #replan(): void {
    this.#attempts.stop();
    this.#attempts.retried();
    this.#waiting = false;
    const target = this.#target;
    const timeline = this.#timeline;
    const { status } = this.#state;
    if (this.#gone || this.#disposed || timeline === undefined || timeline.phase === 'idle') return;
    if (target === undefined || status === 'opening' || status === 'failed') {
      this.#waiting = true;
      return;
    }
    this.#loop.reset();
    if (timeline.phase === 'playing' && isNear(this.#state, target, this.#clock.now(), this.#profile)) return;
    this.#attempts.begin((signal) => this.#placement.bring(timeline, target, signal));
  }

  #jump(speed: number, drift: number): void {
    const target = this.#target;
    const timeline = this.#timeline;
    if (target === undefined || timeline === undefined) return;
    if (endsAt(this.#state, target, this.#clock.now())) return;
    this.#book.note('seek', -drift, drift);
    this.#attempts.begin((signal) => this.#placement.jump(timeline, target, speed, signal));
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
    } else if (state.status === 'playing' && before.status !== 'playing' && !this.#attempts.isRunning) {
      this.#loop.begin(this.#clock.now(), this.#timeline?.rate ?? 1);
    }
  }

  #interrupted(changes: readonly PlayerChange[], state: PlayerState): void {
    this.#attempts.stop();
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
      !endsAt(this.#state, target, now);
    const moved = this.#attempts.isRunning;
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
    this.#attempts.failed();
    this.#onFault.fire(error);
  }

  #lose(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#attempts.stop();
    this.#loop.reset();
    this.#book.changed();
    this.#onGone.fire();
  }

  #figures(): FollowFigures {
    const mode = followMode({
      gone: this.#gone,
      phase: this.#timeline?.phase,
      knowsTime: this.#time.isSet,
      status: this.#state.status,
      held: this.#heldUntil !== undefined,
      stalled: this.#stall.stalled,
      approaching: this.#attempts.isRunning,
      settles: this.#loop.settles || this.#policy.error === undefined,
      trim: this.#policy.mode,
    });
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
