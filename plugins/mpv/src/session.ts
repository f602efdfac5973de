import {
  abortedError,
  type Clock,
  type CommandOptions,
  Emitter,
  type JsonObject,
  KinoportError,
  type Log,
  type PlayerEnd,
  type PlayerLoadOptions,
  type PlayerMedia,
  type PlayerRequest,
  type PlayerSession,
  type PlayerState,
  type PositionSample,
  type ScheduledOptions,
  type SubtitleFile,
} from '@kinoport/core';
import { UNNAMED_COMMAND } from './causes.ts';
import { endpointToJson, type MpvEndpoint } from './endpoint.ts';
import { goneError, type IpcClient } from './ipc.ts';
import { ItemWatch } from './itemWatch.ts';
import { cleanTitle, loadCommand } from './loadCommand.ts';
import { ReplayedEvent } from './replayedEvent.ts';
import { measurePosition } from './samplePosition.ts';
import { waitUntil } from './schedule.ts';
import { addSubtitlesBeside } from './subtitles.ts';

const QUIT_TIMEOUT = 3000;
/** How long the picture says that it is opening; the first frame takes it away. */
const OPENING_MESSAGE = 60_000;

export interface MpvSessionOptions {
  readonly ipc: IpcClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly endpoint: MpvEndpoint;
  readonly epoch: number;
  /** Asks the process to end, where it is known. */
  readonly terminate?: () => Promise<void>;
  /** Runs once when the session lets go of the player or the player is gone. */
  readonly onOver?: (how: 'gone' | 'detached') => Promise<void>;
}

/** One mpv, driven over its socket. */
export class MpvSession implements PlayerSession {
  readonly endpoint: JsonObject;
  readonly #options: MpvSessionOptions;
  readonly #ipc: IpcClient;
  readonly #watch: ItemWatch;
  readonly #stateChanges = new Emitter<PlayerState>();
  readonly #ends = new ReplayedEvent<PlayerEnd>();
  readonly #requests = new Emitter<PlayerRequest>();
  readonly #closed = Promise.withResolvers<void>();
  /** Cancels a play or pause that still waits for its instant. */
  #scheduled: AbortController | undefined;
  #detached = false;

  readonly onDidChangeState = this.#stateChanges.event;
  readonly onDidEnd = this.#ends.event;
  readonly onDidRequest = this.#requests.event;

  constructor(options: MpvSessionOptions) {
    this.#options = options;
    this.#ipc = options.ipc;
    this.endpoint = endpointToJson(options.endpoint);
    this.#watch = new ItemWatch({
      ipc: options.ipc,
      clock: options.clock,
      endpoint: options.endpoint,
      epoch: options.epoch,
      onState: (state) => this.#stateChanges.fire(state),
      onEnd: (end) => this.#ends.fire(end),
      onRequest: (request) => this.#requests.fire(request),
      onFirstFrame: (media, load) => this.#firstFrame(media, load),
      onGone: async () => {
        this.#scheduled?.abort();
        await options.onOver?.('gone');
        this.#closed.resolve();
      },
      onFault: (error) => options.log.warn('mpv was not watched as it should be.', { error: String(error) }),
    });
  }

  get state(): PlayerState {
    return this.#watch.state;
  }

  /** Begins to watch an mpv that already plays. */
  async takeOver(): Promise<void> {
    await this.#watch.takeOver();
  }

  async load(media: PlayerMedia, options: PlayerLoadOptions): Promise<void> {
    this.#guard();
    // All in one go, so that the file is under way before mpv looks at the rest. The tracker must know the token
    // before the file begins.
    const opening = this.#ipc.command(['show-text', `Opening ${cleanTitle(media.title)}`, OPENING_MESSAGE]);
    const announced = this.#ipc.command([
      'script-message',
      'kinoport-item',
      options.itemToken,
      options.start.toFixed(3),
    ]);
    const loaded = this.#ipc.command(loadCommand(media, options), {
      onReply: (data) => this.#watch.loaded(media, options, data),
    });
    const observed = this.#watch.observe();
    await Promise.all([opening, announced, loaded, observed]);
  }

  async play(options: ScheduledOptions = {}): Promise<void> {
    await this.#setPause(false, options);
  }

  async pause(options: ScheduledOptions = {}): Promise<void> {
    await this.#setPause(true, options);
  }

  async seek(position: number, options: CommandOptions & { readonly exact?: boolean } = {}): Promise<void> {
    this.#guard(options.signal);
    if (!Number.isFinite(position)) throw invalid('position', position);
    const target = Math.max(0, Math.min(position, this.state.duration ?? position));
    const handle = this.#watch.seeks.add(options.id ?? UNNAMED_COMMAND);
    const aborted = (): void => handle.fail(abortedError());
    options.signal?.addEventListener('abort', aborted, { once: true });
    try {
      const flags = options.exact === false ? 'absolute+keyframes' : 'absolute+exact';
      const sent = this.#ipc.command(['seek', target, flags], {
        onReply: () => handle.taken(),
        ...signalOf(options),
      });
      sent.catch((error: unknown) => handle.fail(error));
      await handle.landed;
    } finally {
      options.signal?.removeEventListener('abort', aborted);
    }
  }

  async setRate(rate: number, options: CommandOptions = {}): Promise<void> {
    this.#guard(options.signal);
    if (!(rate >= 0.01 && rate <= 100)) throw invalid('rate', rate);
    if (Math.abs(rate - this.state.rate) > 1e-9) {
      this.#watch.causes.expect({ speed: rate }, options.id ?? UNNAMED_COMMAND);
    }
    await this.#ipc.command(['set_property', 'speed', rate], signalOf(options));
    await this.#watch.confirmations.until((state) => Math.abs(state.rate - rate) < 1e-6);
  }

  async setVolume(
    volume: { readonly volume?: number; readonly muted?: boolean },
    options: CommandOptions = {},
  ): Promise<void> {
    this.#guard(options.signal);
    const sent: Promise<unknown>[] = [];
    if (volume.volume !== undefined) {
      if (!Number.isFinite(volume.volume)) throw invalid('volume', volume.volume);
      const level = Math.max(0, volume.volume);
      sent.push(this.#ipc.command(['set_property', 'volume', level], signalOf(options)));
    }
    if (volume.muted !== undefined) {
      sent.push(this.#ipc.command(['set_property', 'mute', volume.muted], signalOf(options)));
    }
    await Promise.all(sent);
  }

  async selectTrack(
    type: 'audio' | 'subtitle',
    id: number | null,
    options: CommandOptions = {},
  ): Promise<void> {
    this.#guard(options.signal);
    if (id !== null && !this.state.tracks.some((track) => track.type === type && track.id === id)) {
      throw new KinoportError('PLAYER_COMMAND_FAILED', `There is no ${type} track ${id}.`, {
        hint: 'Use the id of one of the tracks in the state.',
      });
    }
    const property = type === 'audio' ? 'aid' : 'sid';
    await this.#ipc.command(['set_property', property, id ?? 'no'], signalOf(options));
  }

  async addSubtitle(
    subtitle: SubtitleFile & { readonly select?: boolean },
    options: CommandOptions = {},
  ): Promise<void> {
    this.#guard(options.signal);
    const location = 'path' in subtitle ? subtitle.path : subtitle.url;
    const flags = subtitle.select === false ? 'auto' : 'select';
    const { title = '', language = '' } = subtitle;
    await this.#ipc.command(['sub-add', location, flags, cleanOrEmpty(title), language], {
      async: true,
      ...signalOf(options),
    });
  }

  async showMessage(text: string, seconds: number): Promise<void> {
    this.#guard();
    const duration = Math.max(0, Math.round(seconds * 1000));
    await this.#ipc.command(['show-text', cleanOrEmpty(text), duration]);
  }

  async samplePosition(options: { readonly signal?: AbortSignal } = {}): Promise<PositionSample> {
    this.#guard(options.signal);
    return measurePosition(this.#ipc, this.#options.clock, this.state, options.signal);
  }

  async finish(): Promise<void> {
    if (this.#detached || this.#ipc.closed || this.#options.endpoint.keepOpen) return;
    // A window in which the viewer has opened something himself is no longer ours to close.
    if (!(await this.#watch.isForeign())) await this.stop();
  }

  async stop(options: CommandOptions = {}): Promise<void> {
    if (this.#detached || this.#ipc.closed) return;
    this.#scheduled?.abort();
    this.#watch.stopping = true;
    this.#ipc.command(['quit']).catch((error: unknown) => {
      // The player closes the socket instead of an answer.
      this.#options.log.debug('mpv was told to quit.', { answer: String(error) });
    });
    if (await this.#closes(options.signal)) return;
    await this.#options.terminate?.();
    if (this.#options.terminate !== undefined && (await this.#closes(options.signal))) return;
    throw new KinoportError('PLAYER_COMMAND_FAILED', 'mpv does not end although it was told to.', {
      hint: 'Close its window or end its process by hand.',
    });
  }

  async detach(): Promise<void> {
    if (this.#detached) return;
    this.#detached = true;
    this.#scheduled?.abort();
    this.#watch.dispose();
    this.#ipc.dispose();
    this.#closed.resolve();
    await this.#options.onOver?.('detached');
  }

  async #setPause(paused: boolean, options: ScheduledOptions): Promise<void> {
    this.#guard(options.signal);
    // The later of two commands counts: one that still waits for its instant is given up.
    this.#scheduled?.abort();
    const command = this.#ipc.prepare(['set_property', 'pause', paused], signalOf(options));
    if (options.at !== undefined && options.at > this.#options.clock.now()) {
      const waiting = new AbortController();
      this.#scheduled = waiting;
      const signals = options.signal ? [options.signal, waiting.signal] : [waiting.signal];
      await waitUntil(this.#options.clock, options.at, AbortSignal.any(signals));
      this.#guard(options.signal);
    }
    const sent = command.send();
    if (this.#watch.paused !== paused) {
      this.#watch.causes.expect({ pause: paused }, options.id ?? UNNAMED_COMMAND);
    }
    await sent;
    // mpv tells `pause` a moment before it really goes on or stands still.
    const before = paused ? 'playing' : 'paused';
    await this.#watch.confirmations.until(({ status }) => this.#watch.paused === paused && status !== before);
  }

  async #firstFrame(media: PlayerMedia, load: PlayerLoadOptions): Promise<void> {
    try {
      await this.#ipc.command(['show-text', '', 1]);
      await addSubtitlesBeside(this.#ipc, media, load.subtitleLanguages, this.#options.log);
    } catch (error) {
      if (!this.#ipc.closed) throw error;
    }
  }

  async #closes(signal: AbortSignal | undefined): Promise<boolean> {
    const late = Promise.withResolvers<boolean>();
    const timer = this.#options.clock.after(QUIT_TIMEOUT, () => late.resolve(false));
    const aborted = (): void => late.reject(abortedError());
    signal?.addEventListener('abort', aborted, { once: true });
    try {
      return await Promise.race([this.#closed.promise.then(() => true), late.promise]);
    } finally {
      await timer.dispose();
      signal?.removeEventListener('abort', aborted);
    }
  }

  #guard(signal?: AbortSignal): void {
    if (signal?.aborted) throw abortedError();
    if (this.#detached || this.#ipc.closed) throw goneError();
  }
}

function signalOf(options: { readonly signal?: AbortSignal }): { readonly signal?: AbortSignal } {
  return options.signal === undefined ? {} : { signal: options.signal };
}

function cleanOrEmpty(text: string): string {
  return text.trim() === '' ? '' : cleanTitle(text);
}

function invalid(name: string, value: number): KinoportError {
  return new KinoportError('PLAYER_COMMAND_FAILED', `${value} is not a ${name} that mpv can take.`, {
    hint: 'Give a finite number within the limits of the player.',
  });
}
