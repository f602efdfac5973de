import { type Clock, systemClock } from '../../clock.ts';
import { KinoportError } from '../../errors.ts';
import { Emitter } from '../../event.ts';
import type { Item } from '../../item.ts';
import type {
  Playback,
  PlaybackHandle,
  PlaybackItemEnd,
  PlaybackOpenOptions,
  PlaybackSnapshot,
  PlayedItem,
} from '../../playback.ts';
import type { PlayerState } from '../../player.ts';
import { MemorySession, type SessionNews } from './memorySession.ts';

/** Seconds that every film has. */
const DURATION = 90;

/**
 * `ctx.playback` without a host: each address is a film of 90 s in an ideal player, which goes by a clock and honours
 * instants. For a test that drives playback in its own process.
 */
export class MemoryPlayback implements Playback {
  readonly #clock: Clock;
  readonly #sessions = new Map<string, MemorySession>();
  readonly #started = new Emitter<PlaybackSnapshot>();
  readonly #changed = new Emitter<{ readonly id: string; readonly state: PlayerState }>();
  readonly #ended = new Emitter<PlaybackItemEnd>();
  readonly #closed = new Emitter<{ readonly id: string }>();
  #count = 0;

  readonly onDidStart = this.#started.event;
  readonly onDidChangeState = this.#changed.event;
  readonly onDidEnd = this.#ended.event;
  readonly onDidClose = this.#closed.event;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  async list(): Promise<readonly PlaybackSnapshot[]> {
    return [...this.#sessions.values()].map((session) => session.snapshot);
  }

  async history(): Promise<readonly PlayedItem[]> {
    return [];
  }

  async open(
    uri: string | readonly string[],
    { paused = false, start = 0, waitAtEnd = false }: PlaybackOpenOptions = {},
  ): Promise<PlaybackHandle> {
    const uris = typeof uri === 'string' ? [uri] : uri;
    this.#count += 1;
    const id = `memory-${this.#count}`;
    const news: SessionNews = {
      started: (snapshot) => this.#started.fire(snapshot),
      changed: (state) => this.#changed.fire({ id, state }),
      ended: (end) => this.#ended.fire(end),
      closed: () => {
        this.#sessions.delete(id);
        this.#closed.fire({ id });
      },
    };
    const session = new MemorySession(id, uris.map(filmAt), this.#clock, news);
    this.#sessions.set(id, session);
    session.begin(0, { paused, start });
    session.waitAtEnd = waitAtEnd;
    return this.get(id);
  }

  get(id: string): PlaybackHandle {
    const on =
      <A extends readonly unknown[], T>(run: (session: MemorySession, ...args: A) => T | Promise<T>) =>
      async (...args: A): Promise<T> =>
        run(this.#session(id), ...args);
    return {
      id,
      snapshot: on((session) => session.snapshot),
      samplePosition: on((session) => session.sample),
      play: on((session, options) => session.schedule(true, options)),
      pause: on((session, options) => session.schedule(false, options)),
      seek: on((session, position, options) => session.seek(position, options)),
      setRate: on((session, rate, options) => session.setRate(rate, options)),
      setVolume: on((session, volume, options) => session.setVolume(volume, options)),
      next: on((session) => session.step(1)),
      previous: on((session) => session.step(-1)),
      load: on((session, uri, options = {}) => session.load(filmAt(uri), options)),
      setUpcoming: on((session, uris) => session.setUpcoming(uris.map(filmAt))),
      setWaitAtEnd: on((session, wait) => {
        session.waitAtEnd = wait;
      }),
      stop: on((session) => session.close()),
      selectTrack: on(unsupported),
      addSubtitle: on(unsupported),
      showMessage: on(unsupported),
    };
  }

  /** Moves the player of a session by so many seconds, as a stall or a sound card does; no state tells of it. */
  slip(id: string, seconds: number): void {
    this.#session(id).slip(seconds);
  }

  /** Closes every player. */
  dispose(): void {
    for (const session of [...this.#sessions.values()]) session.close();
    for (const emitter of [this.#started, this.#changed, this.#ended, this.#closed]) emitter.dispose();
  }

  #session(id: string): MemorySession {
    const session = this.#sessions.get(id);
    if (!session) throw new KinoportError('SESSION_NOT_FOUND', `There is no session "${id}".`);
    return session;
  }
}

function unsupported(): never {
  throw new KinoportError('PLAYER_UNSUPPORTED', 'This player has no tracks and shows no messages.');
}

const filmAt = (uri: string): Item => ({
  key: `memory:${uri}`,
  uri,
  title: uri.replace(/^.*[:/]/, ''),
  kind: 'video',
  duration: DURATION,
});
