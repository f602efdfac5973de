import { randomBytes } from 'node:crypto';
import {
  contentKeys,
  type Disposable,
  Emitter,
  type Event,
  type JsonObject,
  KinoportError,
  type StreamRecord,
  type StreamStats,
  sleep,
  toKinoportError,
} from '@kinoport/core';
import type { PlaybackEvent, PlaybackView, PlayParams } from '../api/protocol.ts';
import type { Plugin } from '../plugins/plugin.ts';
import type { RemotePlayer } from '../plugins/remotePlayer.ts';
import type { RemoteSession } from '../plugins/remoteSession.ts';
import type { RemoteStream } from '../plugins/remoteSource.ts';
import type { ProcessBroker } from '../processes/broker.ts';
import type { JournalEntry } from '../storage/journal.ts';
import type { StreamFront } from '../streams/front.ts';
import { type Choice, choiceOf, firstOf, OfferedChoices, type ResolvedQueue } from './choice.ts';
import type { SessionServices } from './currentItem.ts';
import { findItem } from './findItem.ts';
import { fromJournal } from './opening.ts';
import { type QueueEntry, type QueueOrigin, shuffled } from './queue.ts';
import { PlaybackSession } from './session.ts';
import { parseStartTime } from './startTime.ts';

const ATTACH_ATTEMPTS = 4;
const ATTACH_PAUSE = 1_000;
/** Seconds. */
const NEAR_THE_BEGINNING = 1;

export interface PlaybackServices extends SessionServices {
  readonly broker: ProcessBroker;
  readonly front: StreamFront;
}

/** A source makes whoever asked wait. */
export interface Waiting {
  readonly source: string;
  /** Of the item that is being opened; absent while it is not known yet which. */
  readonly title?: string;
  readonly stats: StreamStats;
}

export interface OpenOptions {
  /** Is called with the session before anything of it is announced. */
  readonly prepare?: (session: PlaybackSession) => void;
  /** Gives it up until the player is open; one that is on its way is ended. */
  readonly signal?: AbortSignal;
  /** Once a second while a source has not answered. */
  readonly onWait?: (waiting: Waiting) => void;
}

export interface ResolveServiceOptions extends OpenOptions {
  /** Nobody is asked for what is not known here. */
  readonly onlyIfCached?: boolean;
}

/** Every playback session of this host. */
export class PlaybackService implements Disposable {
  readonly #services: PlaybackServices;
  readonly #sessions = new Map<string, PlaybackSession>();
  readonly #reopened = new Map<string, Promise<RemoteStream>>();
  readonly #choices = new OfferedChoices();
  readonly #onDidEmit = new Emitter<PlaybackEvent>();

  constructor(services: PlaybackServices) {
    this.#services = services;
  }

  /** What happens in all sessions, in order. */
  get onDidEmit(): Event<PlaybackEvent> {
    return this.#onDidEmit.event;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Newest last. */
  get sessions(): readonly PlaybackSession[] {
    return [...this.#sessions.values()];
  }

  /** One session; the newest when no id is given. @throws KinoportError `SESSION_NOT_FOUND`, `NOTHING_PLAYING` */
  get(id?: string): PlaybackSession {
    const session = id === undefined ? this.sessions.at(-1) : this.#sessions.get(id);
    if (session) return session;
    if (id === undefined)
      throw new KinoportError('NOTHING_PLAYING', 'Nothing is playing.', {
        hint: 'Start something with kinoport play.',
      });
    throw new KinoportError('SESSION_NOT_FOUND', `There is no playback session "${id}".`);
  }

  view(session: PlaybackSession): PlaybackView | undefined {
    const { current, state } = session;
    if (!current || !state) return undefined;
    return {
      sessionId: session.id,
      player: session.player.id,
      source: current.entry.source,
      item: current.entry.item,
      index: current.index,
      count: session.queue.length,
      state,
    };
  }

  /**
   * Resolves the addresses, makes the queue, opens the player.
   * @throws KinoportError of routing, sources and players; `ABORTED`
   */
  async open(params: Omit<PlayParams, 'choose'>, options: OpenOptions = {}): Promise<PlaybackSession> {
    const begun = await this.begin(params, options);
    if (begun instanceof PlaybackSession) return begun;
    throw new KinoportError('INTERNAL', 'There was nobody to choose an item.');
  }

  /** As `open`; with `choose`, and several items of which the source wants one to be named, what there is to choose from. */
  async begin(params: PlayParams, options: OpenOptions = {}): Promise<PlaybackSession | Choice> {
    if (params.start !== undefined) parseStartTime(params.start);
    const { plugins, config, progress } = this.#services;
    const { signal, prepare, onWait } = options;
    const player = plugins.player(params.player ?? config.current.player);
    plugins.activateForPlayback();
    // Started beside the source; what goes wrong is met when the player is opened.
    player.plugin.current().catch(() => undefined);
    const resolved = this.#choices.take(params.choice) ?? (await this.#resolve(params, options));
    const choice = choiceOf(this.#choices, resolved, params, progress);
    if (choice) return choice;
    const { entries } = resolved;
    const queue = params.shuffle ? shuffled(entries) : entries;
    // A number means the place that `files` shows, whatever the order.
    const items = entries.map(({ item }) => item);
    const wanted = params.file === undefined ? undefined : entries[findItem(items, params.file)];
    const index = wanted ? queue.indexOf(wanted) : firstOf(queue, params, progress);
    const { uris: _, file: __, fromStart: ___, shuffle: ____, source: _____, ...others } = params;
    const { choose: ______, choice: _______, ...rest } = others;
    const id = `p${randomBytes(6).toString('hex')}`;
    const session = new PlaybackSession(this.#services, id, player, queue, rest);
    this.#add(session);
    prepare?.(session);
    const source = queue[index]?.source ?? '';
    const waiting = session.onDidEmit((event) => {
      if (event.type === 'opening' && event.stats)
        onWait?.({ source, title: event.title, stats: event.stats });
    });
    try {
      await session.open(index, signal);
      return session;
    } catch (error) {
      this.#sessions.delete(session.id);
      throw error;
    } finally {
      void waiting.dispose();
    }
  }

  /** What an address leads to, by whom, and who else could have answered. */
  async resolve(uri: string, sourceId?: string, options: ResolveServiceOptions = {}) {
    const { signal, onWait, onlyIfCached } = options;
    const { plugins } = this.#services;
    const source = sourceId === undefined ? plugins.sourceFor(uri) : plugins.source(sourceId);
    const result = await source.resolve(uri, {
      signal,
      onStats: (stats) => onWait?.({ source: source.id, stats }),
      onlyIfCached,
    });
    const alternatives = plugins
      .routes(uri)
      .map((route) => route.source)
      .filter((id) => id !== source.id);
    return { source, result, alternatives };
  }

  /** The items that addresses lead to, as a queue. @throws KinoportError of routing and sources; `SOURCE_EMPTY` */
  async entriesOf(
    uris: readonly string[],
    source?: string,
    options: OpenOptions = {},
  ): Promise<readonly [QueueEntry, ...QueueEntry[]]> {
    const params = { uris: [...uris], ...(source === undefined ? {} : { source }) };
    const { entries } = await this.#resolve(params, options);
    return entries;
  }

  /**
   * Finds again what the host before this one left behind: players that live on are taken over, the progress of
   * the others is settled from database and player-side journal.
   */
  async restore(): Promise<void> {
    const open = this.#services.journal.listOpen();
    const streams = open.map((entry) => entry.stream).filter((stream) => stream !== undefined);
    await Promise.all([this.#reopen(open, streams), ...open.map((entry) => this.#restoreOne(entry))]);
    this.#reopened.clear();
  }

  /** Saves everything; players go on and are found again by the next host. */
  async detach(): Promise<void> {
    for (const session of this.sessions) session.detach();
  }

  /** Ends every session. */
  async stopAll(): Promise<void> {
    await Promise.allSettled(this.sessions.map((session) => session.stop()));
  }

  /** Ends what needs a plugin that is being switched off; positions are kept. */
  async pluginStops(plugin: Plugin): Promise<void> {
    await Promise.allSettled(this.sessionsOn(plugin.id).map((session) => session.stop()));
  }

  /** Those whose player or stream is of this plugin. */
  sessionsOn(pluginId: string): readonly PlaybackSession[] {
    return this.sessions.filter(
      ({ player, stream }) => player.plugin.id === pluginId || stream?.source.plugin.id === pluginId,
    );
  }

  dispose(): void {
    this.#onDidEmit.dispose();
  }

  // --- opening --------------------------------------------------------------------------------------------

  async #resolve(params: PlayParams, options: OpenOptions): Promise<ResolvedQueue> {
    const several = params.uris.length > 1;
    const entries: QueueEntry[] = [];
    const asking: { title?: string; ask?: boolean } = {};
    for (const uri of params.uris) {
      const { source, result } = await this.resolve(uri, params.source, options);
      const origin: QueueOrigin =
        result.kind === 'folder' && !several
          ? 'folder'
          : result.kind === 'playlist'
            ? 'playlist'
            : 'argument';
      for (const item of result.items)
        if (item.kind !== 'container') entries.push({ item, source: source.id, origin });
      if (result.ask && !several) asking.ask = true;
      if (result.title !== undefined) asking.title = result.title;
    }
    const [first, ...others] = entries;
    if (!first) {
      throw new KinoportError('SOURCE_EMPTY', 'There is nothing to play there.', {
        hint: 'Give a file, or a folder that holds films.',
      });
    }
    return { entries: [first, ...others], ...asking };
  }

  #add(session: PlaybackSession): void {
    this.#sessions.set(session.id, session);
    session.onDidEmit((event) => {
      if (event.type === 'closed') this.#sessions.delete(session.id);
      this.#onDidEmit.fire(event);
    });
  }

  // --- after a crash of the host --------------------------------------------------------------------------

  /** Players of an earlier host read on as soon as their stream is published again. */
  async #reopen(open: readonly JournalEntry[], streams: readonly StreamRecord[]): Promise<void> {
    for (const { streamId } of streams) this.#services.front.expect(streamId);
    await Promise.allSettled(open.map(async (entry) => this.#stream(entry)));
  }

  #stream(entry: JournalEntry): Promise<RemoteStream> {
    const known = this.#reopened.get(entry.id);
    if (known) return known;
    const source = this.#services.plugins.source(entry.source);
    const opening = entry.stream ? source.reopen(entry.stream) : Promise.resolve(source.beyond(entry.item));
    this.#reopened.set(entry.id, opening);
    return opening;
  }

  /** A film whose bytes cannot be had again is followed all the same: the player goes on with what it has. */
  async #streamOrNone(entry: JournalEntry): Promise<RemoteStream> {
    try {
      return await this.#stream(entry);
    } catch (error) {
      const failure = toKinoportError(error);
      this.#services.log.warn('a stream of an earlier host cannot be had again', {
        session: entry.id,
        message: failure.message,
      });
      return this.#services.plugins.source(entry.source).beyond(entry.item, failure);
    }
  }

  async #restoreOne(entry: JournalEntry): Promise<void> {
    const { journal, log, plugins } = this.#services;
    try {
      const player = plugins.player(entry.player);
      const { play, queue } = fromJournal(entry);
      if (entry.endpoint) {
        const alive =
          entry.pid === undefined || (await this.#services.broker.isSameProcess(entry.pid, entry.pidStart));
        if (alive) {
          const session = await this.#attach(player, entry, entry.endpoint);
          const stream = await this.#streamOrNone(entry);
          const restored = new PlaybackSession(
            this.#services,
            entry.id,
            player,
            queue,
            play,
            entry.startedAt,
          );
          this.#add(restored);
          restored.restore(entry, session, stream);
          log.info('took over a player of an earlier host', { session: entry.id });
          return;
        }
      }
      await this.#settle(entry);
    } catch (error) {
      log.warn('a player of an earlier host is gone', {
        session: entry.id,
        message: toKinoportError(error).message,
      });
      await this.#settle(entry);
    }
    // Whoever lives and cannot be steered any more would never be ended.
    await this.#services.endProcess(entry.id);
    journal.close(entry.id);
    await this.#stream(entry)
      .then((stream) => stream.dispose())
      .catch(() => undefined);
  }

  /** A player that is still starting, or whose driver just crashed, is asked again while its process lives. */
  async #attach(player: RemotePlayer, entry: JournalEntry, endpoint: JsonObject): Promise<RemoteSession> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await player.attach(entry.id, endpoint, entry.epoch, 0);
      } catch (error) {
        const { pid, pidStart } = entry;
        const lives = pid !== undefined && (await this.#services.broker.isSameProcess(pid, pidStart));
        if (!lives || attempt === ATTACH_ATTEMPTS) throw error;
        await sleep(this.#services.clock, ATTACH_PAUSE);
      }
    }
  }

  /** The newest of what the database and the player's own journal know. */
  async #settle(entry: JournalEntry): Promise<void> {
    const { plugins, progress, log } = this.#services;
    if (!entry.endpoint) return;
    try {
      const known = await plugins.player(entry.player).recover(entry.endpoint);
      if (!known || known.itemToken !== entry.itemToken) return;
      const record = progress.find(contentKeys(entry.item));
      const isNewer = !record || record.updatedAt < known.updatedAt;
      // A player that fails at the very beginning of an item it was to resume writes a position near 0.
      const isReal = !record || known.position > NEAR_THE_BEGINNING || record.position <= NEAR_THE_BEGINNING;
      if (!(isNewer && isReal) && known.ended !== true) return;
      progress.update(entry.item, entry.source, {
        position: isNewer && isReal ? known.position : (record?.position ?? known.position),
        ...(known.duration === undefined ? {} : { duration: known.duration }),
        ...(known.ended === true ? { watched: true } : {}),
        at: Math.max(known.updatedAt, record?.updatedAt ?? 0),
        durable: true,
      });
    } catch (error) {
      log.warn('the journal of a player could not be read', {
        session: entry.id,
        message: toKinoportError(error).message,
      });
    }
  }
}
