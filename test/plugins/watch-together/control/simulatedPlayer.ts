import {
  abortedError,
  type Clock,
  type CommandOptions,
  Emitter,
  KinoportError,
  type PlayerCapabilities,
  type PlayerState,
  type PlayerStatus,
  type PositionSample,
  type ScheduledOptions,
  sleep,
} from '@kinoport/core';
import type { FollowedPlayer } from '../../../../plugins/watch-together/src/control/ports.ts';

export const FINE: PlayerCapabilities = {
  positionPrecision: 0.045,
  exactSeek: true,
  exactStart: true,
  rate: { min: 0.01, max: 100, fine: true },
  volume: true,
  tracks: true,
  externalSubtitles: true,
  messages: true,
  attach: true,
  survivesHost: true,
  load: true,
  scheduled: { precision: 1 },
  multiple: true,
};

export interface SimulatedPlayerOptions {
  readonly clock: Clock;
  readonly capabilities?: Partial<PlayerCapabilities>;
  /** How much faster the sound runs than the machine's clock. */
  readonly ppm?: number;
  /** Milliseconds. */
  readonly seekLatency?: () => number;
  readonly commandLatency?: () => number;
  readonly startLatency?: () => number;
  /** Steps in which a position is reported, seconds, and what is said of their worth. */
  readonly grain?: number;
  readonly uncertainty?: number;
  /** Where a seek lands that is not exact: at most so many seconds before its target. */
  readonly keyFrames?: number;
  /** Seconds; an exact seek lands on the first frame that is not before its target. */
  readonly frame?: number;
  /** Seconds that the sound jumps ahead when the speed is first not 1, as by a filter that is put in. */
  readonly filterJump?: number;
  readonly duration?: number;
  readonly position?: number;
}

/** A player on a virtual clock, with the faults of real ones. */
export class SimulatedPlayer implements FollowedPlayer {
  readonly capabilities: PlayerCapabilities;
  readonly sent: { readonly at: number; readonly command: string; readonly value?: number }[] = [];
  readonly #options: SimulatedPlayerOptions;
  readonly #clock: Clock;
  readonly #changes = new Emitter<PlayerState>();
  #status: PlayerStatus = 'paused';
  #paused = true;
  #anchor: { readonly position: number; readonly at: number };
  #rate = 1;
  #epoch = 1;
  #cause = 'user';
  #seeks = 0;
  #scheduled: AbortController | undefined;
  #frozen: Promise<void> | undefined;
  #starting = false;
  failing = false;

  readonly onDidChangeState = this.#changes.event;

  constructor(options: SimulatedPlayerOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.capabilities = { ...FINE, ...options.capabilities };
    this.#anchor = { position: options.position ?? 0, at: options.clock.now() };
    options.clock.every(1000, () => {
      if (this.#status === 'playing') this.#tell();
    });
  }

  get state(): PlayerState {
    return {
      itemToken: 'item',
      status: this.#status,
      position: this.#reported(this.position),
      at: this.#clock.now(),
      duration: this.#options.duration ?? 7200,
      rate: this.#rate,
      volume: 100,
      muted: false,
      seekable: true,
      epoch: this.#epoch,
      cause: this.#cause,
      tracks: [],
    };
  }

  /** The truth, seconds. */
  get position(): number {
    const { position, at } = this.#anchor;
    if (!this.#moves) return position;
    const speed = this.#rate * (1 + (this.#options.ppm ?? 0) * 1e-6);
    return position + (speed * (this.#clock.now() - at)) / 1000;
  }

  get rate(): number {
    return this.#rate;
  }

  /** How often the speed was changed, by anybody. */
  speedChanges(since = 0): number {
    return this.sent.filter(({ command, at }) => command === 'rate' && at >= since).length;
  }

  async play(options: ScheduledOptions = {}): Promise<void> {
    await this.#setPause(false, options);
  }

  async pause(options: ScheduledOptions = {}): Promise<void> {
    await this.#setPause(true, options);
  }

  async seek(position: number, options: CommandOptions & { readonly exact?: boolean } = {}): Promise<void> {
    await this.#command('seek', position);
    await this.#seekTo(position, options.id ?? 'command');
  }

  async setRate(rate: number, options: CommandOptions = {}): Promise<void> {
    await this.#command('rate', rate);
    if (this.#rate === 1 && rate !== 1 && this.#moves) this.slip(this.#options.filterJump ?? 0);
    this.#move(() => {
      this.#rate = rate;
      this.#cause = options.id ?? 'command';
    });
  }

  async samplePosition(): Promise<PositionSample> {
    const sent = this.#clock.now();
    await this.#command();
    const at = (sent + this.#clock.now()) / 2;
    const lag = ((this.#clock.now() - at) / 1000) * (this.#moves ? this.#rate : 0);
    const { uncertainty = 0.0002, grain = 0 } = this.#options;
    return {
      position: this.#reported(this.position - lag),
      at,
      uncertainty: (this.#clock.now() - sent) / 2000 + uncertainty + grain,
    };
  }

  /** What the viewer does himself. */
  userPause(paused: boolean): void {
    this.#move(() => {
      this.#paused = paused;
      this.#status = paused ? 'paused' : 'playing';
      this.#cause = 'user';
    });
  }

  userRate(rate: number): void {
    this.#move(() => {
      this.#rate = rate;
      this.#cause = 'user';
    });
  }

  async userSeek(position: number): Promise<void> {
    await this.#seekTo(position, 'user');
  }

  /** Puts the picture elsewhere without anybody having said so. */
  slip(seconds: number): void {
    this.#anchor = { position: this.position + seconds, at: this.#clock.now() };
  }

  /** The process stands still, as by SIGSTOP: neither picture nor answers. */
  async freeze(ms: number): Promise<void> {
    this.#move(() => {
      this.#frozen = sleep(this.#clock, ms);
    });
    await this.#frozen;
    this.#move(() => {
      this.#frozen = undefined;
    });
  }

  /** It waits for bytes. */
  async buffer(ms: number): Promise<void> {
    this.#move(() => {
      this.#status = 'buffering';
    });
    await sleep(this.#clock, ms);
    if (this.#status !== 'buffering') return;
    this.#move(() => {
      this.#status = 'playing';
    });
  }

  close(): void {
    this.#move(() => {
      this.#status = 'gone';
    });
  }

  get #moves(): boolean {
    return this.#status === 'playing' && this.#frozen === undefined && !this.#starting;
  }

  #reported(position: number): number {
    const grain = this.#options.grain ?? 0;
    return grain > 0 ? Math.floor(position / grain) * grain : position;
  }

  #move(change: () => void): void {
    const { position } = this;
    change();
    this.#anchor = { position, at: this.#clock.now() };
    this.#tell();
  }

  #tell(): void {
    if (this.#frozen === undefined) this.#changes.fire(this.state);
  }

  async #command(name?: string, value?: number): Promise<void> {
    if (name !== undefined)
      this.sent.push({ at: this.#clock.now(), command: name, ...(value === undefined ? {} : { value }) });
    await sleep(this.#clock, this.#options.commandLatency?.() ?? 0.5);
    if (this.#frozen !== undefined) await this.#frozen;
    if (this.#status === 'gone') throw new KinoportError('PLAYER_GONE', 'gone', { hint: '' });
    if (this.failing && name !== undefined)
      throw new KinoportError('PLAYER_COMMAND_FAILED', 'no', { hint: '' });
  }

  async #setPause(paused: boolean, options: ScheduledOptions): Promise<void> {
    this.#scheduled?.abort();
    const name = paused ? 'pause' : 'play';
    if (options.at !== undefined && options.at > this.#clock.now()) {
      const waiting = new AbortController();
      this.#scheduled = waiting;
      const signals = options.signal ? [options.signal, waiting.signal] : [waiting.signal];
      await sleep(this.#clock, options.at - this.#clock.now(), AbortSignal.any(signals));
      this.sent.push({ at: this.#clock.now(), command: name });
      if (this.#frozen !== undefined) await this.#frozen;
    } else {
      await this.#command(name);
    }
    if (options.signal?.aborted) throw abortedError();
    const starts = !paused && this.#paused;
    this.#move(() => {
      this.#paused = paused;
      this.#cause = options.id ?? 'command';
      if (this.#status !== 'seeking') this.#status = paused ? 'paused' : 'playing';
      this.#starting = starts;
    });
    if (!starts) return;
    const latency = this.#options.startLatency?.() ?? 0.2;
    if (latency > 0) await sleep(this.#clock, latency);
    if (this.#starting)
      this.#move(() => {
        this.#starting = false;
      });
  }

  async #seekTo(target: number, cause: string): Promise<void> {
    this.#seeks += 1;
    const mine = this.#seeks;
    this.#move(() => {
      this.#status = 'seeking';
      this.#epoch += 1;
      this.#cause = cause;
    });
    await sleep(this.#clock, this.#options.seekLatency?.() ?? 45);
    if (this.#frozen !== undefined) await this.#frozen;
    if (mine !== this.#seeks) return;
    const { keyFrames = 0, frame = 0 } = this.#options;
    const shown = frame > 0 ? Math.ceil(target / frame - 1e-6) * frame : target;
    const landed = keyFrames > 0 ? Math.floor(target / keyFrames) * keyFrames : shown;
    this.#status = this.#paused ? 'paused' : 'playing';
    this.#anchor = { position: landed, at: this.#clock.now() };
    this.#tell();
  }
}
