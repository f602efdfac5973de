import {
  abortedError,
  type Event,
  KinoportError,
  type PlayerEnd,
  type PlayerState,
  type StreamStats,
  toKinoportError,
} from '@kinoport/core';
import type { PlaybackEvent } from '../api/protocol.ts';
import type { RemotePlayer } from '../plugins/remotePlayer.ts';
import type { RemoteSession } from '../plugins/remoteSession.ts';
import type { RemoteStream } from '../plugins/remoteSource.ts';
import type { JournalEntry } from '../storage/journal.ts';
import { Ahead } from './ahead.ts';
import { type Beginning, beginningOf } from './beginning.ts';
import { type Current, currentItem, isOf, type SessionServices } from './currentItem.ts';
import { trustedEnd } from './ends.ts';
import { LaterStart } from './laterStart.ts';
import { type Begin, loadOptionsOf, mediaOf, type SessionOptions } from './opening.ts';
import type { LoadOptions } from './playbackCalls.ts';
import { followsByItself, noNeighbour, type QueueEntry } from './queue.ts';
import { SessionEvents } from './sessionEvents.ts';
import { SessionQueue } from './sessionQueue.ts';
import { type Journalled, SessionRecord } from './sessionRecord.ts';

type LoadedWith = Pick<SessionOptions, 'start' | 'paused' | 'ignoreResume'>;

/** One film after another in one window: the queue, the open stream, the player, and the progress of what plays. */
export class PlaybackSession {
  readonly id: string;
  readonly player: RemotePlayer;
  readonly startedAt: number;
  readonly #services: SessionServices;
  #options: SessionOptions;
  readonly #events: SessionEvents;
  readonly #queue: SessionQueue;
  readonly #record: SessionRecord;
  readonly #ahead: Ahead;
  readonly #later = new LaterStart();
  #session: RemoteSession | undefined;
  #current: Current | undefined;
  #loads = 0;
  #work: Promise<unknown> = Promise.resolve();
  readonly #stopped = new AbortController();
  #opening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #closed = false;

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
    this.#events = new SessionEvents(id, services.log);
    this.#queue = new SessionQueue(queue, services.plugins);
    this.#ahead = new Ahead({
      log: services.log,
      source: (id) => services.plugins.source(id),
      following: (entry) => this.#queue.following(entry, services.config.current.autoplayNext),
    });
    this.#options = options;
    this.startedAt = startedAt;
    this.#record = new SessionRecord(services, { id, startedAt, player: player.id });
  }

  get onDidEmit(): Event<PlaybackEvent> {
    return this.#events.onDidEmit;
  }

  get queue(): readonly QueueEntry[] {
    return this.#queue.entries;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  get current(): { readonly entry: QueueEntry; readonly index: number } | undefined {
    const entry = this.#current?.entry;
    return entry && { entry, index: this.#queue.indexOf(entry) };
  }

  /** The stream that it plays, of a source that has to go on for it. */
  get stream(): RemoteStream | undefined {
    const stream = this.#current?.stream;
    return stream?.record ? stream : undefined;
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

  /** Opens the player with the item at `index`. @throws KinoportError as `Source.open` and `Player.open`; `ABORTED` */
  open(index: number, signal?: AbortSignal): Promise<void> {
    const stopped = this.#stopped.signal;
    this.#opening = this.#open(index, signal ? AbortSignal.any([signal, stopped]) : stopped);
    return this.#opening;
  }

  async #open(index: number, signal: AbortSignal): Promise<void> {
    const entry = this.#queue.at(index);
    this.#events.emit({ type: 'opening', sessionId: this.id, title: entry.item.title });
    // Two processes start side by side; an error of the player is met again below.
    this.player.plugin.current().catch(() => undefined);
    const stream = await this.#openStream(entry, signal);
    try {
      const token = this.#token();
      this.#record.enter(this.#journalled(entry, stream), token);
      const media = mediaOf(entry.item, stream, this.#options.subtitles);
      const begin = await this.#begin({ entry, stream, media, options: this.#options });
      if (signal.aborted) throw abortedError();
      const session = await this.player.open(media, {
        ...loadOptionsOf(this.#options, token, begin, this.#options.paused),
        sessionId: this.id,
        signal,
        ...(this.#options.fullscreen === undefined ? {} : { fullscreen: this.#options.fullscreen }),
        ...(this.#options.playerArgs === undefined ? {} : { extraArgs: this.#options.playerArgs }),
        ...(this.#options.environment === undefined ? {} : { environment: this.#options.environment }),
      });
      this.#record.opened(session);
      this.#session = session;
      this.#enter(entry, token, stream, begin, 0);
      this.#listen(session);
    } catch (error) {
      await stream.dispose();
      await this.#services.endProcess(this.id).catch((fault) => this.#events.broke(fault));
      this.#record.close();
      throw error;
    }
  }

  /** Goes on with a player that outlived the host before this one. */
  restore(entry: JournalEntry, session: RemoteSession, stream: RemoteStream): void {
    const queued = this.#queue.at(entry.index);
    this.#loads = Number(entry.itemToken.split('-').at(-1)) || 0;
    const begin = { seconds: session.state.position, resumed: true };
    this.#session = session;
    this.#enter(queued, entry.itemToken, stream, begin, 0);
    this.#listen(session);
  }

  /** The item at another place of the queue, in the same window. @throws KinoportError `NO_NEXT_ITEM` */
  go(step: 1 | -1): Promise<void> {
    return this.#serialize(async () => {
      const current = this.#current;
      if (!current) throw new KinoportError('NOTHING_PLAYING', 'Nothing is playing.');
      const entry = await this.#queue.neighbour(current.entry, step);
      if (entry) return this.#load(entry);
      throw noNeighbour(step);
    });
  }

  /** Another item now, in the same window; its place in the queue is behind the one that played. */
  load(entry: QueueEntry, { start, ...options }: LoadOptions, signal?: AbortSignal): Promise<void> {
    return this.#serialize(async () => {
      if (!this.#current) throw new KinoportError('NOTHING_PLAYING', 'Nothing is playing.');
      this.#queue.insertAfter(this.#current.entry, entry);
      try {
        await this.#load(
          entry,
          { ...options, ...(start === undefined ? {} : { start: start.toFixed(3) }) },
          signal,
        );
      } catch (error) {
        if (this.#current.entry !== entry) this.#queue.remove(entry);
        throw error;
      }
    });
  }

  /** What follows the present item, in place of what did. */
  setUpcoming(entries: readonly QueueEntry[]): Promise<void> {
    return this.#serialize(async () => {
      if (!this.#current) throw new KinoportError('NOTHING_PLAYING', 'Nothing is playing.');
      this.#queue.setUpcoming(this.#current.entry, entries);
      this.#journalQueue();
    });
  }

  /** Whether an item's end is the end of what happens by itself: nothing follows, and the window stays. */
  setWaitAtEnd(waitAtEnd: boolean): void {
    this.#options = { ...this.#options, waitAtEnd };
    this.#journalQueue();
  }

  /** Ends the film and the player; resolves when its progress is saved and the session is over. */
  async stop(): Promise<void> {
    this.#stopped.abort(abortedError());
    // Who opens it hears of it.
    await this.#opening?.catch(() => undefined);
    this.#current?.tracker.claim();
    try {
      await this.#session?.call('stop', []);
    } catch (error) {
      this.#services.log.warn('a player did not stop in order', { message: toKinoportError(error).message });
      await this.#services.endProcess(this.id).catch((fault) => this.#events.broke(fault));
    }
    await this.#close('stopped');
  }

  /** Saves everything and lets go of the player, which plays on and is found again by the next host. */
  detach(): void {
    this.#current?.tracker.flush();
  }

  /** What a new listener needs to know first. */
  replay(): readonly PlaybackEvent[] {
    if (!this.#current || !this.#session) return [];
    const { entry } = this.#current;
    const { state } = this.#session;
    return [this.#started(entry, state.position, false), { type: 'state', sessionId: this.id, state }];
  }

  // --- one item -------------------------------------------------------------------------------------------

  async #openStream(entry: QueueEntry, signal: AbortSignal): Promise<RemoteStream> {
    const onStats = (stats: StreamStats): void =>
      this.#events.emit({ type: 'opening', sessionId: this.id, title: entry.item.title, stats });
    return this.#services.plugins.source(entry.source).open(entry.item, { signal, onStats });
  }

  async #load(entry: QueueEntry, options?: LoadedWith, signal?: AbortSignal): Promise<void> {
    const session = this.remote;
    const stopped = this.#stopped.signal;
    const stream = await this.#openStream(entry, signal ? AbortSignal.any([signal, stopped]) : stopped);
    try {
      const token = this.#token();
      const media = mediaOf(entry.item, stream);
      const begin = await this.#begin({ entry, stream, media, options });
      await this.#leaveWhereItIs('stopped');
      // Whoever closed the session meanwhile knew nothing of this stream.
      if (this.#closing) throw new KinoportError('PLAYER_GONE', 'The player is no longer there.');
      if (signal?.aborted) throw abortedError();
      this.#record.enter(this.#journalled(entry, stream), token, session);
      this.#enter(entry, token, stream, begin, session.state.epoch + 1);
      await session.call('load', [media, loadOptionsOf(this.#options, token, begin, options?.paused)]);
    } catch (error) {
      if (this.#current?.stream !== stream) await stream.dispose();
      throw error;
    }
  }

  #enter(entry: QueueEntry, token: string, stream: RemoteStream, begin: Begin, sinceEpoch: number): void {
    this.#current = currentItem(this.#services, {
      sessionId: this.id,
      entry,
      token,
      stream,
      sinceEpoch,
      start: begin.seconds,
      onFault: (error) => this.#events.told(error),
      onStats: () => this.#tellState(),
    });
    this.#ahead.entered(entry);
    if (this.#session) this.#session.itemToken = token;
    this.#later.set(begin.later);
    this.#events.emit(this.#started(entry, begin.seconds, begin.resumed));
  }

  /** With the player's position, unless that still speaks of the item before. */
  async #leaveWhereItIs(reason: PlayerEnd['reason']): Promise<void> {
    const state = this.#session?.state;
    const isOwn = state !== undefined && this.#current !== undefined && isOf(this.#current, state);
    await this.#leave(reason, isOwn ? state.position : 0, isOwn ? state.duration : undefined);
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
    this.#events.emit({
      type: 'ended',
      sessionId: this.id,
      item: current.entry.item,
      reason,
      position: position > 0 ? position : (current.tracker.state?.position ?? current.start),
      duration: duration ?? null,
      watched,
      ...(error ? { error } : {}),
    });
    await current.care.dispose();
    await current.stream.dispose();
  }

  // --- what the player says -------------------------------------------------------------------------------

  #listen(session: RemoteSession): void {
    session.onDidChangeState((state) => this.#heard(state));
    session.onDidEnd(
      (end) => void this.#serialize(() => this.#ended(end)).catch((error) => this.#events.broke(error)),
    );
    session.onDidRequest(
      (request) => void this.go(request === 'next' ? 1 : -1).catch((error) => this.#events.told(error)),
    );
    this.#heard(session.state);
  }

  #heard(state: PlayerState): void {
    const current = this.#current;
    if (this.#closed || !current) return;
    const isOfItem = isOf(current, state);
    if (!isOfItem && state.status !== 'gone') return;
    if (isOfItem && !current.ended) current.tracker.heard(state);
    this.#tellState();
    if (state.status === 'gone') {
      this.#stopped.abort(abortedError());
      void this.#serialize(() => this.#close('killed')).catch((error) => this.#events.broke(error));
      return;
    }
    const { remote } = this;
    this.#later
      .heard(state, remote, this.#options.paused === true)
      .catch((error) => this.#events.told(error));
    current.care.heard(state);
    this.#ahead.heard(state);
  }

  /** What the player says, with the figures of the source. */
  #tellState(): void {
    const state = this.#session?.state;
    const current = this.#current;
    if (this.#closed || !state || !current || !(isOf(current, state) || state.status === 'gone')) return;
    const { stats } = current.care;
    this.#events.emit({ type: 'state', sessionId: this.id, state, ...(stats ? { stats } : {}) });
  }

  async #ended(end: PlayerEnd): Promise<void> {
    const current = this.#current;
    if (!current || current.ended || end.itemToken !== current.token) return;
    const { reason, error } = trustedEnd(end, current.start, current.stream.failure);
    await this.#leave(reason, end.position, end.duration, error);
    if (this.#options.waitAtEnd) return;
    if (reason === 'finished' || reason === 'failed') await this.#follow(current, reason);
    else if (reason === 'interrupted') await this.#finish();
  }

  /** The next item in the same window, or the end of the session. */
  async #follow({ entry }: Current, reason: 'finished' | 'failed'): Promise<void> {
    const setting = this.#services.config.current.autoplayNext;
    const asks = reason === 'finished' && setting !== 'never';
    const next = asks ? await this.#queue.neighbour(entry, 1) : this.#queue.after(entry);
    if (!next || !followsByItself(entry, next, setting)) return this.#finish();
    try {
      await this.#load(next);
    } catch (error) {
      this.#events.told(error);
      await this.#finish();
    }
  }

  async #finish(): Promise<void> {
    try {
      await this.#session?.call('finish', []);
    } catch (error) {
      if (!this.#closed) this.#events.told(error);
    }
  }

  #close(reason: 'stopped' | 'killed'): Promise<void> {
    this.#closing ??= this.#end(reason);
    return this.#closing;
  }

  async #end(reason: 'stopped' | 'killed'): Promise<void> {
    const isLost = reason === 'killed' && this.#current?.ended === false;
    this.#ahead.stop();
    await this.#leaveWhereItIs(reason);
    // Its driver took it for dead; where it is not, nobody would ever end it.
    if (isLost) await this.#services.endProcess(this.id).catch((fault) => this.#events.broke(fault));
    this.#closed = true;
    this.#record.close();
    this.#session?.dispose();
    this.#events.close();
  }

  #token(): string {
    this.#loads += 1;
    return `${this.id}-${this.#loads}`;
  }

  /** What the journal is to know of an item. */
  #journalled(entry: QueueEntry, stream: RemoteStream): Journalled {
    return { entry, stream, queue: this.#queue.entries, options: this.#options };
  }

  #journalQueue(): void {
    const current = this.#current;
    if (current && !this.#closed) this.#record.change(this.#journalled(current.entry, current.stream));
  }

  #begin(what: Beginning): Promise<Begin> {
    return beginningOf(this.#services, this.player, what, (code, message) => this.tell(code, message));
  }

  #started(entry: QueueEntry, start: number, resumed: boolean): PlaybackEvent {
    const { id: sessionId, player } = this;
    const { item, source } = entry;
    const place = { index: this.#queue.indexOf(entry), count: this.#queue.entries.length };
    return { type: 'started', sessionId, player: player.id, source, item, ...place, start, resumed };
  }

  /** A line for whoever watches. */
  tell(code: string, message: string): void {
    this.#events.tell(code, message);
  }

  #serialize<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#work.then(work, work);
    this.#work = result.catch(() => undefined);
    return result;
  }
}
