import {
  type Clock,
  Emitter,
  type Event,
  type Item,
  type JsonObject,
  KinoportError,
  type PlayerEnd,
  type PlayerLoadOptions,
  type PlayerMedia,
  type PlayerState,
  type StreamStats,
  serializeError,
  toKinoportError,
} from '@kinoport/core';
import type { PlaybackEvent, PlayParams } from '../api/protocol.ts';
import type { ConfigService } from '../config/config.ts';
import type { Logger } from '../log/logger.ts';
import type { PluginManager } from '../plugins/manager.ts';
import type { RemotePlayer, RemoteSession } from '../plugins/remotePlayer.ts';
import type { RemoteStream } from '../plugins/remoteSource.ts';
import type { JournalEntry, SessionJournal } from '../storage/journal.ts';
import type { ProgressStore } from '../storage/progress.ts';
import { type ProgressOwners, ProgressTracker } from './progressTracker.ts';
import { followsByItself, type QueueEntry } from './queue.ts';
import { resumePosition } from './rules.ts';
import { parseStartTime, startSeconds } from './startTime.ts';

const NOTIFY_EVERY = 250;
const STATS_EVERY = 1_000;
const PREFETCH_BEFORE = 60;

export interface SessionServices {
  readonly clock: Clock;
  readonly log: Logger;
  readonly plugins: PluginManager;
  readonly progress: ProgressStore;
  readonly journal: SessionJournal;
  readonly config: ConfigService;
  readonly owners: ProgressOwners;
}

/** What was asked for with `play`, without the addresses. */
export type SessionOptions = Omit<PlayParams, 'uris' | 'file' | 'fromStart' | 'shuffle' | 'source'>;

interface Current {
  readonly entry: QueueEntry;
  readonly index: number;
  readonly stream: RemoteStream;
  readonly tracker: ProgressTracker;
  readonly token: string;
  ended: boolean;
  prefetched: boolean;
}

interface Begin {
  readonly seconds: number;
  readonly resumed: boolean;
  /** A percentage or a time from the end, to be sought when the duration is known. */
  readonly later?: string;
}

/** One film after another in one window: the queue, the open stream, the player, and the progress of what plays. */
export class PlaybackSession {
  readonly id: string;
  readonly player: RemotePlayer;
  readonly startedAt: number;
  readonly #services: SessionServices;
  readonly #options: SessionOptions;
  readonly #onDidEmit = new Emitter<PlaybackEvent>();
  #queue: readonly QueueEntry[];
  #session: RemoteSession | undefined;
  #current: Current | undefined;
  #loads = 0;
  #seekLater: string | undefined;
  #lastNotify = Number.NEGATIVE_INFINITY;
  #lastStats = Number.NEGATIVE_INFINITY;
  #stats: StreamStats | undefined;
  #work: Promise<unknown> = Promise.resolve();
  #closed = false;
  #failure: KinoportError | undefined;

  constructor(
    services: SessionServices,
    id: string,
    player: RemotePlayer,
    queue: readonly QueueEntry[],
    options: SessionOptions,
    startedAt = services.clock.wall(),
  ) {
    this.#services = services;
    this.id = id;
    this.player = player;
    this.#queue = queue;
    this.#options = options;
    this.startedAt = startedAt;
  }

  get onDidEmit(): Event<PlaybackEvent> {
    return this.#onDidEmit.event;
  }

  get queue(): readonly QueueEntry[] {
    return this.#queue;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  get current(): { readonly entry: QueueEntry; readonly index: number } | undefined {
    return this.#current;
  }

  /** The player's, once it is open. */
  get state(): PlayerState | undefined {
    return this.#session?.state;
  }

  /** The player's session, for its commands. @throws KinoportError `PLAYER_GONE` */
  get remote(): RemoteSession {
    if (!this.#session || this.#closed)
      throw new KinoportError('PLAYER_GONE', 'The player is no longer there.');
    return this.#session;
  }

  get stats(): StreamStats | undefined {
    return this.#stats;
  }

  /** Opens the player with the item at `index`. @throws KinoportError as `Source.open` and `Player.open` */
  async open(index: number): Promise<void> {
    const entry = this.#entry(index);
    this.#emit({ type: 'opening', sessionId: this.id, title: entry.item.title });
    // Two processes start side by side; an error of the player is met again below.
    this.player.plugin.current().catch(() => undefined);
    const stream = await this.#openStream(entry);
    try {
      const token = this.#token();
      this.#journal(entry, index, token, stream);
      const media = this.#media(entry, stream);
      const begin = await this.#begin(entry, stream, media, true);
      const session = await this.player.open(media, {
        ...this.#loadOptions(token, begin),
        sessionId: this.id,
        ...(this.#options.fullscreen === undefined ? {} : { fullscreen: this.#options.fullscreen }),
        ...(this.#options.playerArgs === undefined ? {} : { extraArgs: this.#options.playerArgs }),
        ...(this.#options.environment === undefined ? {} : { environment: this.#options.environment }),
      });
      this.#services.journal.patch(this.id, { endpoint: session.endpoint });
      this.#enter(entry, index, token, stream, begin);
      this.#listen(session);
    } catch (error) {
      await stream.dispose();
      this.#services.journal.close(this.id);
      throw error;
    }
  }

  /** Goes on with a player that outlived the host before this one. */
  restore(entry: JournalEntry, session: RemoteSession, stream: RemoteStream): void {
    const queued = this.#queue[entry.index] ?? {
      item: entry.item,
      source: entry.source,
      origin: 'argument' as const,
    };
    this.#loads = Number(entry.itemToken.split('-').at(-1)) || 0;
    const begin = { seconds: session.state.position, resumed: true };
    this.#enter(queued, entry.index, entry.itemToken, stream, begin);
    this.#listen(session);
  }

  /** The item at another place of the queue, in the same window. @throws KinoportError `NO_NEXT_ITEM` */
  go(step: 1 | -1): Promise<void> {
    return this.#serialize(async () => {
      const current = this.#current;
      if (!current) throw new KinoportError('NOTHING_PLAYING', 'Nothing is playing.');
      if (current.index + step >= this.#queue.length || current.index + step < 0)
        await this.#addSiblings(current);
      const index = this.#queue.indexOf(current.entry) + step;
      if (!this.#queue[index]) {
        throw new KinoportError(
          'NO_NEXT_ITEM',
          step > 0 ? 'This is the last item.' : 'This is the first item.',
        );
      }
      await this.#load(index);
    });
  }

  /** Ends the film and the player; resolves when its progress is saved and the session is over. */
  async stop(): Promise<void> {
    this.#current?.tracker.claim();
    try {
      await this.#session?.call('stop', []);
    } catch (error) {
      this.#services.log.warn('a player did not stop in order', { message: toKinoportError(error).message });
    }
    if (!this.#closed) await this.#close('stopped');
  }

  /** Saves everything and lets go of the player, which plays on and is found again by the next host. */
  detach(): void {
    this.#current?.tracker.flush();
  }

  /** What a new listener needs to know first. */
  replay(): readonly PlaybackEvent[] {
    if (!this.#current || !this.#session) return [];
    const { entry, index } = this.#current;
    const { state } = this.#session;
    return [this.#started(entry, index, state.position, false), { type: 'state', sessionId: this.id, state }];
  }

  // --- one item -------------------------------------------------------------------------------------------

  async #openStream(entry: QueueEntry): Promise<RemoteStream> {
    return this.#services.plugins.source(entry.source).open(entry.item);
  }

  async #load(index: number): Promise<void> {
    const entry = this.#entry(index);
    const session = this.remote;
    const stream = await this.#openStream(entry);
    try {
      const token = this.#token();
      const media = this.#media(entry, stream);
      const begin = await this.#begin(entry, stream, media, false);
      await this.#leave('stopped', session.state.position, session.state.duration);
      this.#journal(entry, index, token, stream, session);
      this.#enter(entry, index, token, stream, begin);
      await session.call('load', [media, this.#loadOptions(token, begin)]);
    } catch (error) {
      if (this.#current?.stream !== stream) await stream.dispose();
      throw error;
    }
  }

  #enter(entry: QueueEntry, index: number, token: string, stream: RemoteStream, begin: Begin): void {
    const { clock, progress, owners, config } = this.#services;
    const tracker = new ProgressTracker({
      clock,
      store: progress,
      owners,
      rules: () => config.current.progress,
      sessionId: this.id,
      item: entry.item,
      source: entry.source,
    });
    this.#current = { entry, index, stream, tracker, token, ended: false, prefetched: false };
    if (this.#session) this.#session.itemToken = token;
    this.#seekLater = begin.later;
    this.#emit(this.#started(entry, index, begin.seconds, begin.resumed));
  }

  /** The end of the item as this session sees it; once. */
  async #leave(
    reason: PlayerEnd['reason'],
    position: number,
    duration: number | undefined,
    error?: PlayerEnd['error'],
  ): Promise<void> {
    const current = this.#current;
    if (!current || current.ended) return;
    current.ended = true;
    const watched = current.tracker.end(reason, position, duration);
    this.#emit({
      type: 'ended',
      sessionId: this.id,
      item: current.entry.item,
      reason,
      position,
      duration: duration ?? null,
      watched,
      ...(error ? { error } : {}),
    });
    await current.stream.dispose();
  }

  /** Where to begin: what was asked for, else where the viewer stopped, else what the player itself remembers. */
  async #begin(entry: QueueEntry, stream: RemoteStream, media: PlayerMedia, first: boolean): Promise<Begin> {
    const { item } = entry;
    const record = this.#services.progress.find([item.key, ...(item.keys ?? [])]);
    const duration = item.duration ?? stream.info.duration ?? record?.duration;
    if (first && this.#options.start !== undefined) {
      const seconds = startSeconds(parseStartTime(this.#options.start), duration);
      return seconds === undefined
        ? { seconds: 0, resumed: false, later: this.#options.start }
        : { seconds, resumed: false };
    }
    if (first && this.#options.ignoreResume) return { seconds: 0, resumed: false };
    if (record) {
      const seconds = resumePosition(record, this.#services.config.current.progress);
      return { seconds, resumed: seconds > 0 };
    }
    const remembered = await this.player.remembered(media).catch(() => undefined);
    if (!remembered || !(remembered.position > 0)) return { seconds: 0, resumed: false };
    this.#notice(
      'TAKEN_OVER',
      `The position comes from ${this.player.id}'s own memory; from now on it is kept here.`,
    );
    return { seconds: remembered.position, resumed: true };
  }

  #media(entry: QueueEntry, stream: RemoteStream): PlayerMedia {
    const { item } = entry;
    const duration = item.duration ?? stream.info.duration;
    const subtitles = [
      ...(stream.info.subtitles ?? []),
      ...(this.#current ? [] : (this.#options.subtitles ?? []).map((path) => ({ path }))),
    ];
    return {
      title: item.title,
      ...(duration === undefined ? {} : { duration }),
      ...(item.live === undefined ? {} : { live: item.live }),
      ...(subtitles.length > 0 ? { subtitles } : {}),
      ...stream.location,
    };
  }

  #loadOptions(token: string, begin: Begin): PlayerLoadOptions {
    const { rate, audioLanguages, subtitleLanguages, paused } = this.#options;
    return {
      start: begin.seconds,
      paused: (paused ?? false) && this.#current === undefined,
      itemToken: token,
      ...(rate === undefined ? {} : { rate }),
      ...(audioLanguages === undefined ? {} : { audioLanguages }),
      ...(subtitleLanguages === undefined ? {} : { subtitleLanguages }),
    };
  }

  // --- what the player says -------------------------------------------------------------------------------

  #listen(session: RemoteSession): void {
    this.#session = session;
    if (this.#current) session.itemToken = this.#current.token;
    session.onDidChangeState((state) => this.#heard(state));
    session.onDidEnd(
      (end) => void this.#serialize(() => this.#ended(end)).catch((error) => this.#broke(error)),
    );
    session.onDidRequest(
      (request) => void this.go(request === 'next' ? 1 : -1).catch((error) => this.#told(error)),
    );
    this.#heard(session.state);
  }

  #heard(state: PlayerState): void {
    const current = this.#current;
    if (this.#closed || !current) return;
    if (!current.ended) current.tracker.heard(state);
    this.#emit({ type: 'state', sessionId: this.id, state, ...(this.#stats ? { stats: this.#stats } : {}) });
    if (state.status === 'gone') {
      void this.#serialize(() => this.#close('killed')).catch((error) => this.#broke(error));
      return;
    }
    if (this.#seekLater !== undefined && state.duration !== undefined && state.status !== 'opening')
      this.#seekNow(state.duration);
    if (state.status === 'playing') this.#whilePlaying(current, state);
  }

  #seekNow(duration: number): void {
    const seconds = startSeconds(parseStartTime(this.#seekLater ?? '0'), duration);
    this.#seekLater = undefined;
    if (seconds !== undefined)
      this.#session?.call('seek', [seconds, { exact: true }]).catch((error) => this.#told(error));
  }

  #whilePlaying(current: Current, state: PlayerState): void {
    const now = this.#services.clock.now();
    const { stream, entry, index } = current;
    if (now - this.#lastNotify >= NOTIFY_EVERY) {
      this.#lastNotify = now;
      stream.source.notifyPosition(stream.id, { seconds: state.position });
    }
    if (now - this.#lastStats >= STATS_EVERY && stream.record) {
      this.#lastStats = now;
      stream.source.stats(stream.id).then(
        (stats) => {
          this.#stats = stats;
        },
        () => undefined,
      );
    }
    const next = this.#queue[index + 1];
    if (
      next &&
      !current.prefetched &&
      state.duration !== undefined &&
      state.duration - state.position < PREFETCH_BEFORE
    ) {
      current.prefetched = true;
      const source = this.#services.plugins.source(next.source);
      source.prefetch(next.item, 'next').catch((error) => {
        this.#services.log.warn(`could not prefetch after ${entry.item.title}`, {
          message: toKinoportError(error).message,
        });
      });
    }
  }

  async #ended(end: PlayerEnd): Promise<void> {
    const current = this.#current;
    if (!current || current.ended || end.itemToken !== current.token) return;
    const cut = end.reason === 'finished' && current.stream.failure !== undefined;
    const reason = cut ? 'interrupted' : end.reason;
    const error = reason === 'interrupted' ? (end.error ?? this.#interruption(current, end)) : end.error;
    await this.#leave(reason, end.position, end.duration, error);
    if (reason === 'finished' || reason === 'failed') await this.#follow(current, reason);
    else if (reason === 'interrupted') await this.#finish();
  }

  #interruption(current: Current, end: PlayerEnd): NonNullable<PlayerEnd['error']> {
    const why = current.stream.failure;
    return {
      code: 'PLAYBACK_INTERRUPTED',
      message: `The stream broke at ${Math.floor(end.position)} s${why ? `: ${why.message}` : '.'}`,
      hint: 'The position is kept; `kinoport continue` goes on from there when the source is back.',
    };
  }

  /** The next item in the same window, or the end of the session. */
  async #follow(current: Current, reason: 'finished' | 'failed'): Promise<void> {
    const setting = this.#services.config.current.autoplayNext;
    if (setting !== 'never' && current.index + 1 >= this.#queue.length) await this.#addSiblings(current);
    const next = this.#queue[this.#queue.indexOf(current.entry) + 1];
    if (!next || !followsByItself(current.entry, next, setting)) return this.#finish();
    try {
      await this.#load(this.#queue.indexOf(next));
    } catch (error) {
      this.#told(error);
      if (reason === 'failed') return this.#finish();
      await this.#finish();
    }
  }

  /** One item was played; now the ones it belongs to are known too. */
  async #addSiblings(current: Current): Promise<void> {
    if (this.#queue.length > 1) return;
    const { item, source } = current.entry;
    const siblings = await this.#services.plugins
      .source(source)
      .siblings(item)
      .catch(() => []);
    const at = siblings.findIndex((sibling) => sibling.key === item.key || sibling.uri === item.uri);
    if (at < 0) return;
    this.#queue = siblings.map((sibling, i) =>
      i === at ? current.entry : { item: sibling, source, origin: 'sibling' as const },
    );
    this.#current = { ...current, index: at };
    this.#services.journal.patch(this.id, { queue: this.#queue.map((e) => e.item), index: at });
  }

  async #finish(): Promise<void> {
    try {
      await this.#session?.call('finish', []);
    } catch (error) {
      if (!this.#closed) this.#told(error);
    }
  }

  async #close(reason: 'stopped' | 'killed'): Promise<void> {
    if (this.#closed) return;
    const state = this.#session?.state;
    await this.#leave(reason, state?.position ?? 0, state?.duration);
    this.#closed = true;
    this.#services.journal.close(this.id);
    this.#session?.dispose();
    this.#emit({ type: 'closed', sessionId: this.id });
    this.#onDidEmit.dispose();
  }

  // --- small things ---------------------------------------------------------------------------------------

  #entry(index: number): QueueEntry {
    const entry = this.#queue[index];
    if (!entry) throw new KinoportError('NO_NEXT_ITEM', 'The queue has no item there.');
    return entry;
  }

  #token(): string {
    this.#loads += 1;
    return `${this.id}-${this.#loads}`;
  }

  #journal(
    entry: QueueEntry,
    index: number,
    token: string,
    stream: RemoteStream,
    session?: RemoteSession,
  ): void {
    const { record } = stream;
    const { environment: _, ...options } = this.#options;
    const before = session ? { endpoint: session.endpoint, epoch: session.state.epoch } : { epoch: 0 };
    const change = {
      startedAt: this.startedAt,
      player: this.player.id,
      source: entry.source,
      item: entry.item,
      itemToken: token,
      index,
      queue: this.#queue.map((e) => e.item),
      options: { play: options as JsonObject, origins: this.#queue.map((e) => [e.source, e.origin]) },
      ...before,
    };
    if (session) this.#services.journal.patch(this.id, { ...change, stream: record });
    else this.#services.journal.put({ id: this.id, ...change, ...(record ? { stream: record } : {}) });
  }

  #started(entry: QueueEntry, index: number, start: number, resumed: boolean): PlaybackEvent {
    return {
      type: 'started',
      sessionId: this.id,
      player: this.player.id,
      source: entry.source,
      item: entry.item,
      index,
      count: this.#queue.length,
      start,
      resumed,
    };
  }

  #notice(code: string, message: string): void {
    this.#emit({ type: 'notice', sessionId: this.id, code, message });
  }

  #told(error: unknown): void {
    const { code, message } = serializeError(error);
    this.#services.log.warn(`session ${this.id}: ${message}`, { code });
    this.#notice(code, message);
  }

  #broke(error: unknown): void {
    this.#failure = toKinoportError(error);
    this.#services.log.error(`session ${this.id} broke`, {
      message: this.#failure.message,
      stack: this.#failure.stack,
    });
  }

  #emit(event: PlaybackEvent): void {
    this.#onDidEmit.fire(event);
  }

  #serialize<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#work.then(work, work);
    this.#work = result.catch(() => undefined);
    return result;
  }
}

/** The parts of a journal entry's options, as `#journal` wrote them. */
export function journalOptions(entry: JournalEntry): {
  readonly play: SessionOptions;
  readonly queue: readonly QueueEntry[];
} {
  const { play, origins } = entry.options as {
    play?: SessionOptions;
    origins?: readonly (readonly [string, QueueEntry['origin']])[];
  };
  return {
    play: play ?? {},
    queue: entry.queue.map((item: Item, i) => ({
      item,
      source: origins?.[i]?.[0] ?? entry.source,
      origin: origins?.[i]?.[1] ?? 'argument',
    })),
  };
}
