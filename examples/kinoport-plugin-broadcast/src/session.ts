import {
  type CommandOptions,
  Emitter,
  KinoportError,
  type PlayerEnd,
  type PlayerLoadOptions,
  type PlayerMedia,
  type PlayerRequest,
  type PlayerSession,
  type PlayerState,
  type PositionSample,
  positionAt,
} from '@kinoport/core';
import { inspect, type Medium } from './media.ts';
import { RATES } from './player.ts';
import type { Settings } from './settings.ts';
import { type Ending, type Surroundings, Transmission } from './transmission.ts';

/** Seconds before the end of a film that count as its end: files are not that exact. */
const NEAR_END = 1.5;

/**
 * A film that is sent, by one ffmpeg after the other: a pause ends it, and whatever goes on from another place or at
 * another speed is a new one.
 */
export class Session implements PlayerSession {
  readonly endpoint = {};
  readonly #surroundings: Surroundings;
  readonly #settings: () => Settings;
  readonly #changed = new Emitter<PlayerState>();
  readonly #ended = new Emitter<PlayerEnd>();
  readonly #requested = new Emitter<PlayerRequest>();
  readonly onDidChangeState = this.#changed.event;
  readonly onDidEnd = this.#ended.event;
  readonly onDidRequest = this.#requested.event;
  #medium: Medium | undefined;
  #transmission: Transmission | undefined;
  #turn: Promise<void> = Promise.resolve();
  #isDetached = false;
  #state: PlayerState;

  constructor(surroundings: Surroundings, settings: () => Settings) {
    this.#surroundings = surroundings;
    this.#settings = settings;
    this.#state = {
      itemToken: '',
      status: 'opening',
      position: 0,
      at: surroundings.clock.now(),
      rate: 1,
      volume: 100,
      muted: false,
      seekable: false,
      epoch: 0,
      cause: 'command',
      tracks: [],
    };
  }

  get state(): PlayerState {
    return this.#state;
  }

  load(media: PlayerMedia, options: PlayerLoadOptions & { readonly signal?: AbortSignal }): Promise<void> {
    return this.#inTurn(options, async () => {
      if (this.#state.itemToken !== '') await this.#over('stopped');
      const medium = await inspect(this.#surroundings.processes, media, options);
      this.#medium = medium;
      const { start, itemToken, paused, rate = this.#state.rate } = options;
      const { duration } = medium;
      this.#change({
        itemToken,
        status: paused ? 'paused' : 'opening',
        position: Math.max(0, Math.min(start, duration ?? 0)),
        duration,
        rate: withinLimits(rate),
        seekable: duration !== undefined,
        epoch: this.#state.epoch + 1,
        cause: 'command',
      });
      if (!paused) await this.#send();
    });
  }

  play(options?: CommandOptions): Promise<void> {
    return this.#inTurn(options, async (cause) => {
      if (this.#state.status !== 'paused') return;
      this.#change({ status: 'buffering', cause });
      await this.#begin();
    });
  }

  pause(options?: CommandOptions): Promise<void> {
    return this.#inTurn(options, async (cause) => {
      if (!this.#transmission) return;
      const position = await this.#silence();
      if (!this.#isOver()) this.#change({ status: 'paused', position, cause });
    });
  }

  seek(seconds: number, options?: CommandOptions): Promise<void> {
    return this.#inTurn(options, async (cause) => {
      const { duration } = this.#state;
      if (!Number.isFinite(seconds)) throw refused(`${seconds} is no position.`);
      if (duration === undefined) throw new KinoportError('PLAYER_UNSUPPORTED', 'This cannot be sought in.');
      if (this.#isOver()) return;
      const isMoving = this.#transmission !== undefined;
      await this.#silence();
      const position = Math.max(0, Math.min(duration, seconds));
      const status = isMoving ? 'seeking' : this.#state.status;
      this.#change({ status, position, epoch: this.#state.epoch + 1, cause });
      if (isMoving) await this.#begin();
    });
  }

  setRate(rate: number, options?: CommandOptions): Promise<void> {
    return this.#inTurn(options, async (cause) => {
      if (!Number.isFinite(rate) || rate <= 0) throw refused(`${rate} is no speed.`);
      const limited = withinLimits(rate);
      if (limited === this.#state.rate || this.#isOver()) return;
      const isMoving = this.#transmission !== undefined;
      const position = isMoving ? await this.#silence() : this.#state.position;
      if (this.#isOver()) return;
      this.#change({ rate: limited, position, cause, ...(isMoving ? { status: 'buffering' } : {}) });
      if (isMoving) await this.#begin();
    });
  }

  async setVolume(): Promise<void> {
    throw unsupported('volume');
  }

  async selectTrack(): Promise<void> {
    throw unsupported('choice of tracks');
  }

  async addSubtitle(): Promise<void> {
    throw unsupported('subtitles');
  }

  async showMessage(): Promise<void> {
    throw unsupported('messages');
  }

  async samplePosition({ signal }: { readonly signal?: AbortSignal } = {}): Promise<PositionSample> {
    this.#check({ ...(signal ? { signal } : {}) });
    const at = this.#surroundings.clock.now();
    const uncertainty = this.#state.status === 'playing' ? 0.15 : 0.02;
    return { position: positionAt(this.#state, at), at, uncertainty };
  }

  finish(): Promise<void> {
    return this.stop();
  }

  async stop(): Promise<void> {
    if (this.#state.status === 'gone') return;
    await this.#inTurn({}, async () => {
      await this.#over('stopped');
      this.#gone();
    }).catch((error: unknown) => {
      if (this.#state.status !== 'gone') throw error;
    });
  }

  /** Its ffmpeg ends with this process; until then it goes on. */
  async detach(): Promise<void> {
    this.#isDetached = true;
  }

  /** One command after the other. */
  #inTurn(options: CommandOptions | undefined, work: (cause: string) => Promise<void>): Promise<void> {
    const turn = this.#turn.then(() => work(this.#check(options)));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  #check({ id = 'command', signal }: CommandOptions = {}): string {
    signal?.throwIfAborted();
    if (this.#state.status === 'gone') throw new KinoportError('PLAYER_GONE', 'The broadcast has ended.');
    return id;
  }

  /** As {@link send}, and resolves when it is to be seen. */
  async #begin(): Promise<void> {
    const transmission = await this.#send();
    await transmission?.begun;
  }

  /** Goes on from where the state says. */
  async #send(): Promise<Transmission | undefined> {
    const { position: from, rate, duration } = this.#state;
    const medium = this.#medium;
    if (!medium) return undefined;
    if (duration !== undefined && duration - from < 0.05) {
      this.#end('finished');
      return undefined;
    }
    const transmission = await Transmission.start(
      { medium, from, rate },
      this.#settings(),
      this.#surroundings,
      {
        progress: (position) => {
          if (this.#transmission !== transmission) return;
          this.#change({ status: 'playing', position: Math.min(position, duration ?? position) });
        },
        end: (ending) => {
          if (this.#transmission === transmission) this.#ranOut(ending, transmission);
        },
      },
    );
    this.#transmission = transmission;
    return transmission;
  }

  /** Ends what is being sent. @returns the position up to which it was */
  async #silence(): Promise<number> {
    const transmission = this.#transmission;
    this.#transmission = undefined;
    if (!transmission) return this.#state.position;
    return Math.min(await transmission.stop(), this.#state.duration ?? Number.POSITIVE_INFINITY);
  }

  #ranOut({ how, output }: Ending, transmission: Transmission): void {
    this.#transmission = undefined;
    const { duration } = this.#state;
    const position = Math.min(transmission.position, duration ?? Number.POSITIVE_INFINITY);
    if (how === 'killed') {
      this.#end('killed', position);
      this.#gone();
    } else if (duration === undefined ? how === 'complete' : position >= duration - NEAR_END) {
      this.#end('finished', duration ?? position);
    } else if (this.#state.status === 'playing' || how === 'complete') {
      this.#end('interrupted', position);
    } else {
      this.#end('failed', position, whyNot(output));
    }
  }

  async #over(reason: 'stopped'): Promise<void> {
    const position = await this.#silence();
    this.#end(reason, position);
  }

  #end(reason: PlayerEnd['reason'], position = this.#state.position, error?: PlayerEnd['error']): void {
    if (this.#isOver() || this.#state.itemToken === '') return;
    this.#change({ status: reason === 'failed' ? 'failed' : 'ended', position });
    if (this.#isDetached) return;
    const { itemToken, duration } = this.#state;
    const length = duration === undefined ? {} : { duration };
    this.#ended.fire({ reason, itemToken, position, ...length, ...(error ? { error } : {}) });
  }

  #gone(): void {
    if (this.#state.status !== 'gone') this.#change({ status: 'gone' });
  }

  #change(what: Partial<PlayerState>): void {
    this.#state = { ...this.#state, ...what, at: this.#surroundings.clock.now() };
    if (!this.#isDetached) this.#changed.fire(this.#state);
  }

  #isOver(): boolean {
    return ['ended', 'failed', 'gone'].includes(this.#state.status);
  }
}

function withinLimits(rate: number): number {
  return Math.max(RATES.min, Math.min(RATES.max, rate));
}

function refused(message: string): KinoportError {
  return new KinoportError('PLAYER_COMMAND_FAILED', message, { hint: 'Give a number.' });
}

function unsupported(what: string): KinoportError {
  return new KinoportError('PLAYER_UNSUPPORTED', `A broadcast has no ${what}.`, {
    hint: 'Each screen that listens has its own.',
  });
}

function whyNot(output: string): NonNullable<PlayerEnd['error']> {
  const isTarget =
    /Connection refused|Network is unreachable|Could not write header|av_interleaved_write_frame/.test(
      output,
    );
  return isTarget
    ? {
        code: 'PLAYER_START_FAILED',
        message: 'Nothing can be sent to the target.',
        hint: 'Check the setting "target".',
      }
    : {
        code: 'MEDIA_UNRECOGNIZED',
        message: 'ffmpeg cannot send this.',
        hint: "The plugin's log has what it says.",
      };
}
