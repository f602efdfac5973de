import { KinoportError } from '../errors.ts';
import { Emitter } from '../event.ts';
import type {
  Playback,
  PlaybackHandle,
  PlaybackItemEnd,
  PlaybackOpenOptions,
  PlaybackSnapshot,
  PlayedItem,
  PlayedQuery,
} from '../playback.ts';
import type { PlayerState } from '../player.ts';

/** Something a plugin asked of a session, or of the whole. */
export interface TestPlaybackCall {
  readonly id?: string;
  readonly method: string;
  readonly args: readonly unknown[];
}

const STATE: PlayerState = {
  itemToken: 'item',
  status: 'playing',
  position: 0,
  at: 0,
  duration: 60,
  rate: 1,
  volume: 100,
  muted: false,
  seekable: true,
  epoch: 1,
  cause: 'user',
  tracks: [],
};

const SNAPSHOT: PlaybackSnapshot = {
  id: 'session',
  player: 'test',
  source: 'test',
  capabilities: {
    positionPrecision: 0.1,
    exactSeek: true,
    exactStart: true,
    rate: { min: 0.1, max: 10, fine: true },
    volume: true,
    tracks: false,
    externalSubtitles: false,
    messages: true,
    attach: false,
    survivesHost: false,
    load: true,
    multiple: true,
  },
  item: { key: 'test:film', uri: 'test:film', title: 'Film', kind: 'video', duration: 60 },
  index: 0,
  queue: [],
  state: STATE,
};

/** `ctx.playback` of a test: the test says what plays, and sees what the plugin asked for. */
export class TestPlayback implements Playback {
  readonly #sessions = new Map<string, PlaybackSnapshot>();
  readonly #started = new Emitter<PlaybackSnapshot>();
  readonly #changed = new Emitter<{ readonly id: string; readonly state: PlayerState }>();
  readonly #ended = new Emitter<PlaybackItemEnd>();
  readonly #closed = new Emitter<{ readonly id: string }>();
  /** What the plugin asked for, in order. */
  readonly calls: TestPlaybackCall[] = [];
  /** What was played here, newest first. */
  readonly played: PlayedItem[] = [];
  readonly onDidStart = this.#started.event;
  readonly onDidChangeState = this.#changed.event;
  readonly onDidEnd = this.#ended.event;
  readonly onDidClose = this.#closed.event;

  /** An item begins: a film of a minute in the session `session`, unless told otherwise. */
  start(what: Partial<PlaybackSnapshot> = {}): PlaybackSnapshot {
    const snapshot = { ...SNAPSHOT, queue: [what.item ?? SNAPSHOT.item], ...what };
    this.#sessions.set(snapshot.id, snapshot);
    this.#started.fire(snapshot);
    return snapshot;
  }

  /** The state of a session changes. */
  change(state: Partial<PlayerState>, id = SNAPSHOT.id): void {
    const snapshot = this.#session(id);
    const changed = { ...snapshot.state, ...state };
    this.#sessions.set(id, { ...snapshot, state: changed });
    this.#changed.fire({ id, state: changed });
  }

  /** Its item ends: played through, unless told otherwise. */
  end(what: Partial<PlaybackItemEnd> = {}): void {
    const { id, item, state } = this.#session(what.id ?? SNAPSHOT.id);
    const duration = state.duration === undefined ? {} : { duration: state.duration };
    this.#ended.fire({
      id,
      item,
      reason: 'finished',
      position: state.duration ?? state.position,
      ...duration,
      watched: true,
      ...what,
    });
  }

  /** The session is over. */
  close(id: string = SNAPSHOT.id): void {
    this.#sessions.delete(id);
    this.#closed.fire({ id });
  }

  async list(): Promise<readonly PlaybackSnapshot[]> {
    return [...this.#sessions.values()];
  }

  async history({ keys, uri, limit = 100 }: PlayedQuery = {}): Promise<readonly PlayedItem[]> {
    const isMeant = (item: PlayedItem): boolean =>
      (keys === undefined && uri === undefined) ||
      item.uri === uri ||
      item.keys.some((key) => keys?.includes(key));
    return this.played.filter(isMeant).slice(0, limit);
  }

  async open(
    address: string | readonly string[],
    options: PlaybackOpenOptions = {},
  ): Promise<PlaybackHandle> {
    this.calls.push({ method: 'open', args: [address, options] });
    const uris = typeof address === 'string' ? [address] : address;
    const items = uris.map((uri) => ({ ...SNAPSHOT.item, uri, title: uri }));
    const [item = SNAPSHOT.item] = items;
    const state = {
      ...STATE,
      position: options.start ?? 0,
      ...(options.paused ? { status: 'paused' as const } : {}),
    };
    const { id } = this.start({ item, queue: items, state });
    return this.get(id);
  }

  get(id: string): PlaybackHandle {
    const called =
      (method: string) =>
      async (...args: readonly unknown[]): Promise<void> => {
        this.#session(id);
        this.calls.push({ id, method, args });
      };
    return {
      id,
      snapshot: async () => this.#session(id),
      samplePosition: async () => {
        const { position, at } = this.#session(id).state;
        return { position, at, uncertainty: 0 };
      },
      play: called('play'),
      pause: called('pause'),
      seek: called('seek'),
      setRate: called('setRate'),
      setVolume: called('setVolume'),
      selectTrack: called('selectTrack'),
      addSubtitle: called('addSubtitle'),
      showMessage: called('showMessage'),
      next: called('next'),
      previous: called('previous'),
      load: called('load'),
      setUpcoming: called('setUpcoming'),
      setWaitAtEnd: called('setWaitAtEnd'),
      stop: called('stop'),
    };
  }

  #session(id: string): PlaybackSnapshot {
    const snapshot = this.#sessions.get(id);
    if (!snapshot) throw new KinoportError('SESSION_NOT_FOUND', `The test has no session "${id}".`);
    return snapshot;
  }
}
