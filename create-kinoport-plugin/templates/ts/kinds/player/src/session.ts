import {
  type Clock,
  type CommandOptions,
  type Disposable,
  Emitter,
  KinoportError,
  type PlayerEnd,
  type PlayerLoadOptions,
  type PlayerMedia,
  type PlayerRequest,
  type PlayerSession,
  type PlayerState,
  type PositionSample,
} from '@kinoport/core';

/** Limits of the rate. */
export const RATE = { min: 0.1, max: 10, fine: true };
/** Milliseconds between two states while it plays. */
const TICK = 200;

/** One running player. Every state is whole, and says at which instant its position was true. */
export class Session implements PlayerSession, Disposable {
  readonly endpoint = {};
  readonly #clock: Clock;
  readonly #durationOf: (media: PlayerMedia) => Promise<number | undefined>;
  readonly #changed = new Emitter<PlayerState>();
  readonly #ended = new Emitter<PlayerEnd>();
  readonly #requested = new Emitter<PlayerRequest>();
  readonly onDidChangeState = this.#changed.event;
  readonly onDidEnd = this.#ended.event;
  readonly onDidRequest = this.#requested.event;
  #ticking: Disposable | undefined;
  #state: PlayerState;

  constructor(clock: Clock, durationOf: (media: PlayerMedia) => Promise<number | undefined>) {
    this.#clock = clock;
    this.#durationOf = durationOf;
    this.#state = {
      itemToken: '',
      status: 'opening',
      position: 0,
      at: clock.now(),
      rate: 1,
      volume: 100,
      muted: false,
      seekable: true,
      epoch: 0,
      cause: 'command',
      tracks: [],
    };
  }

  get state(): PlayerState {
    return this.#state;
  }

  async load(media: PlayerMedia, { start, paused, rate = 1, itemToken }: PlayerLoadOptions): Promise<void> {
    this.#check();
    const duration = await this.#durationOf(media);
    if (this.#state.itemToken !== '') this.#end('stopped');
    this.#change({
      itemToken,
      status: paused ? 'paused' : 'playing',
      position: Math.min(start, duration ?? start),
      at: this.#clock.now(),
      duration,
      rate,
      epoch: this.#state.epoch + 1,
      cause: 'command',
    });
    this.#ticking ??= this.#clock.every(TICK, () => this.#tick());
  }

  async play(options?: CommandOptions): Promise<void> {
    const cause = this.#check(options);
    if (this.#state.status === 'paused') this.#change({ status: 'playing', cause });
  }

  async pause(options?: CommandOptions): Promise<void> {
    const cause = this.#check(options);
    if (this.#state.status === 'playing') this.#change({ status: 'paused', cause });
  }

  async seek(seconds: number, options?: CommandOptions): Promise<void> {
    const cause = this.#check(options);
    if (!Number.isFinite(seconds))
      throw new KinoportError('INVALID_ARGUMENT', 'A position is a number of seconds.');
    if (this.#isOver()) return;
    const position = Math.max(0, Math.min(this.#state.duration ?? seconds, seconds));
    this.#change({ position, epoch: this.#state.epoch + 1, cause });
  }

  async setRate(rate: number, options?: CommandOptions): Promise<void> {
    const cause = this.#check(options);
    if (!(rate >= RATE.min && rate <= RATE.max))
      throw new KinoportError('PLAYER_COMMAND_FAILED', `${rate} is no rate of this player.`);
    this.#change({ rate, cause });
  }

  async setVolume(volume: { volume?: number; muted?: boolean }, options?: CommandOptions): Promise<void> {
    this.#check(options);
    this.#change(volume);
  }

  async selectTrack(): Promise<void> {
    throw unsupported();
  }

  async addSubtitle(): Promise<void> {
    throw unsupported();
  }

  async showMessage(): Promise<void> {
    throw unsupported();
  }

  async samplePosition(options?: CommandOptions): Promise<PositionSample> {
    this.#check(options);
    return { position: this.#position(), at: this.#clock.now(), uncertainty: 0.001 };
  }

  async finish(): Promise<void> {
    this.#gone();
  }

  async stop(): Promise<void> {
    this.#end('stopped');
    this.#gone();
  }

  /** There is no program that could live on. */
  async detach(): Promise<void> {
    this.dispose();
  }

  dispose(): void {
    void this.#ticking?.dispose();
    this.#ticking = undefined;
  }

  #tick(): void {
    if (this.#state.status !== 'playing') return;
    if (this.#position() >= (this.#state.duration ?? Number.POSITIVE_INFINITY)) this.#end('finished');
    else this.#change();
  }

  #position(): number {
    const { status, position, at, rate, duration } = this.#state;
    const moved = status === 'playing' ? ((this.#clock.now() - at) / 1000) * rate : 0;
    return Math.min(duration ?? Number.POSITIVE_INFINITY, position + moved);
  }

  #change(what: Partial<PlayerState> = {}): void {
    this.#state = { ...this.#state, position: this.#position(), at: this.#clock.now(), ...what };
    this.#changed.fire(this.#state);
  }

  /** Once for each load. */
  #end(reason: PlayerEnd['reason']): void {
    if (this.#isOver()) return;
    this.#change({ status: 'ended' });
    const { itemToken, position, duration } = this.#state;
    this.#ended.fire({ reason, itemToken, position, duration });
  }

  #gone(): void {
    this.dispose();
    if (this.#state.status !== 'gone') this.#change({ status: 'gone' });
  }

  #isOver(): boolean {
    return this.#state.status === 'ended' || this.#state.status === 'gone';
  }

  /** Whether a command can be taken; gives the cause of what it brings about. */
  #check(options: CommandOptions = {}): string {
    options.signal?.throwIfAborted();
    if (this.#state.status === 'gone') throw new KinoportError('PLAYER_GONE', 'The player has ended.');
    return options.id ?? 'command';
  }
}

function unsupported(): KinoportError {
  return new KinoportError('PLAYER_UNSUPPORTED', 'This player shows nothing.');
}
