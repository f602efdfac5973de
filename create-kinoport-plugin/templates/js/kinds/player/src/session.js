// @ts-check
/**
 * @import {
 *   Clock, CommandOptions, Disposable, PlayerEnd, PlayerLoadOptions, PlayerMedia, PlayerRequest, PlayerSession, PlayerState,
 *   PositionSample,
 * } from '@kinoport/core'
 */
import { Emitter, KinoportError } from '@kinoport/core';

/** Limits of the rate. */
export const RATE = { min: 0.1, max: 10, fine: true };
/** Milliseconds between two states while it plays. */
const TICK = 200;

/**
 * One running player. Every state is whole, and says at which instant its position was true.
 * @implements {PlayerSession}
 * @implements {Disposable}
 */
export class Session {
  endpoint = {};
  #clock;
  #durationOf;
  /** @type {Emitter<PlayerState>} */
  #changed = new Emitter();
  /** @type {Emitter<PlayerEnd>} */
  #ended = new Emitter();
  /** @type {Emitter<PlayerRequest>} */
  #requested = new Emitter();
  onDidChangeState = this.#changed.event;
  onDidEnd = this.#ended.event;
  onDidRequest = this.#requested.event;
  /** @type {Disposable | undefined} */
  #ticking;
  /** @type {PlayerState} */
  #state;

  /**
   * @param {Clock} clock
   * @param {(media: PlayerMedia) => Promise<number | undefined>} durationOf
   */
  constructor(clock, durationOf) {
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

  get state() {
    return this.#state;
  }

  /**
   * @param {PlayerMedia} media
   * @param {PlayerLoadOptions} options
   */
  async load(media, { start, paused, rate = 1, itemToken }) {
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

  /** @param {CommandOptions} [options] */
  async play(options) {
    const cause = this.#check(options);
    if (this.#state.status === 'paused') this.#change({ status: 'playing', cause });
  }

  /** @param {CommandOptions} [options] */
  async pause(options) {
    const cause = this.#check(options);
    if (this.#state.status === 'playing') this.#change({ status: 'paused', cause });
  }

  /**
   * @param {number} seconds
   * @param {CommandOptions} [options]
   */
  async seek(seconds, options) {
    const cause = this.#check(options);
    if (!Number.isFinite(seconds))
      throw new KinoportError('INVALID_ARGUMENT', 'A position is a number of seconds.');
    if (this.#isOver()) return;
    const position = Math.max(0, Math.min(this.#state.duration ?? seconds, seconds));
    this.#change({ position, epoch: this.#state.epoch + 1, cause });
  }

  /**
   * @param {number} rate
   * @param {CommandOptions} [options]
   */
  async setRate(rate, options) {
    const cause = this.#check(options);
    if (!(rate >= RATE.min && rate <= RATE.max))
      throw new KinoportError('PLAYER_COMMAND_FAILED', `${rate} is no rate of this player.`);
    this.#change({ rate, cause });
  }

  /**
   * @param {{ volume?: number, muted?: boolean }} volume
   * @param {CommandOptions} [options]
   */
  async setVolume(volume, options) {
    this.#check(options);
    this.#change(volume);
  }

  async selectTrack() {
    throw unsupported();
  }

  async addSubtitle() {
    throw unsupported();
  }

  async showMessage() {
    throw unsupported();
  }

  /**
   * @param {CommandOptions} [options]
   * @returns {Promise<PositionSample>}
   */
  async samplePosition(options) {
    this.#check(options);
    return { position: this.#position(), at: this.#clock.now(), uncertainty: 0.001 };
  }

  async finish() {
    this.#gone();
  }

  async stop() {
    this.#end('stopped');
    this.#gone();
  }

  /** There is no program that could live on. */
  async detach() {
    this.dispose();
  }

  dispose() {
    void this.#ticking?.dispose();
    this.#ticking = undefined;
  }

  #tick() {
    if (this.#state.status !== 'playing') return;
    if (this.#position() >= (this.#state.duration ?? Number.POSITIVE_INFINITY)) this.#end('finished');
    else this.#change();
  }

  #position() {
    const { status, position, at, rate, duration } = this.#state;
    const moved = status === 'playing' ? ((this.#clock.now() - at) / 1000) * rate : 0;
    return Math.min(duration ?? Number.POSITIVE_INFINITY, position + moved);
  }

  /** @param {Partial<PlayerState>} [what] */
  #change(what = {}) {
    this.#state = { ...this.#state, position: this.#position(), at: this.#clock.now(), ...what };
    this.#changed.fire(this.#state);
  }

  /**
   * Once for each load.
   * @param {PlayerEnd['reason']} reason
   */
  #end(reason) {
    if (this.#isOver()) return;
    this.#change({ status: 'ended' });
    const { itemToken, position, duration } = this.#state;
    this.#ended.fire({ reason, itemToken, position, duration });
  }

  #gone() {
    this.dispose();
    if (this.#state.status !== 'gone') this.#change({ status: 'gone' });
  }

  #isOver() {
    return this.#state.status === 'ended' || this.#state.status === 'gone';
  }

  /**
   * Whether a command can be taken; gives the cause of what it brings about.
   * @param {CommandOptions} [options]
   */
  #check(options = {}) {
    options.signal?.throwIfAborted();
    if (this.#state.status === 'gone') throw new KinoportError('PLAYER_GONE', 'The player has ended.');
    return options.id ?? 'command';
  }
}

function unsupported() {
  return new KinoportError('PLAYER_UNSUPPORTED', 'This player shows nothing.');
}
