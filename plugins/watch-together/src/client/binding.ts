import {
  type Clock,
  type Disposable,
  DisposableStore,
  Emitter,
  isKinoportError,
  type Playback,
  type PlaybackHandle,
  type PlaybackSnapshot,
} from '@kinoport/core';
import type { FollowFigures } from '../control/figures.ts';
import { PlaybackPlayer } from '../control/playbackPlayer.ts';
import type { RoomTime, Timeline, ViewerIntent } from '../control/ports.ts';
import { TimelineFollower } from '../control/timelineFollower.ts';

export interface BindingOptions {
  readonly clock: Clock;
  readonly playback: Playback;
  readonly time: RoomTime;
  readonly policy: 'precise' | 'classic';
  readonly ownOffset: number;
}

/** What a room needs to know of the player that it drives. */
export interface BindingNews {
  /** Another item is in the player, or its picture is there now. */
  changed(): void;
  /** The viewer did something in the player. */
  intended(intent: ViewerIntent): void;
  /** The item was played to its end. */
  finished(): void;
  /** The player is gone. */
  lost(): void;
  failed(error: unknown): void;
}

let count = 0;

/** A playback session that follows a room. */
export class Binding implements Disposable {
  readonly playbackId: string;
  readonly #handle: PlaybackHandle;
  readonly #player: PlaybackPlayer;
  readonly #follower: TimelineFollower;
  readonly #news: BindingNews;
  readonly #owned = new DisposableStore();
  #item: PlaybackSnapshot['item'];
  #seq = 0;
  #starts = 0;
  #stalled = false;
  #toldBuffering = false;
  #opening: boolean;
  #gone = false;

  readonly #buffering = new Emitter<boolean>();
  /** The player has begun or ceased to wait for data. */
  readonly onDidChangeBuffering = this.#buffering.event;

  private constructor(
    player: PlaybackPlayer,
    snapshot: PlaybackSnapshot,
    options: BindingOptions,
    news: BindingNews,
  ) {
    const { playback } = options;
    this.playbackId = snapshot.id;
    this.#handle = playback.get(snapshot.id);
    this.#player = this.#owned.add(player);
    this.#item = snapshot.item;
    this.#news = news;
    this.#opening = player.state.status === 'opening';
    count += 1;
    this.#follower = this.#owned.add(
      new TimelineFollower({
        clock: options.clock,
        time: options.time,
        player,
        policy: options.policy,
        ownOffset: options.ownOffset,
        commandPrefix: `room${count}x${Math.floor(options.clock.now() % 1e6)}`,
      }),
    );
    this.#listen(playback);
  }

  /** @throws KinoportError `SESSION_NOT_FOUND` */
  static async open(playbackId: string, options: BindingOptions, news: BindingNews): Promise<Binding> {
    const player = await PlaybackPlayer.open(options.playback, playbackId);
    try {
      const handle = options.playback.get(playbackId);
      await handle.setWaitAtEnd(true);
      return new Binding(player, await handle.snapshot(), options, news);
    } catch (error) {
      await player.dispose();
      throw error;
    }
  }

  /** What is in the player. */
  get item(): PlaybackSnapshot['item'] {
    return this.#item;
  }

  /** How many items have begun here. */
  get starts(): number {
    return this.#starts;
  }

  /** There is a picture, or it is about to be. */
  get isOpen(): boolean {
    return !this.#gone && !this.#opening;
  }

  get isGone(): boolean {
    return this.#gone;
  }

  /** Seconds, as far as the player knows. */
  get duration(): number | undefined {
    return this.#player.state.duration ?? this.#item.duration;
  }

  get buffering(): boolean {
    return !this.#gone && (this.#stalled || this.#player.state.status === 'buffering');
  }

  get position(): number {
    return this.#player.state.position;
  }

  get figures(): FollowFigures {
    return this.#follower.figures;
  }

  /** Milliseconds that a seek takes here. */
  get seekTime(): number {
    return this.#follower.seekTime * 1000;
  }

  set ownOffset(seconds: number) {
    this.#follower.ownOffset = seconds;
  }

  /** Where the player is to be; of the item that is in it. */
  follow(timeline: Timeline): void {
    this.#seq += 1;
    this.#follower.follow({ ...timeline, seq: this.#seq });
  }

  /** The room has refused what the viewer did. */
  takeBack(): void {
    this.#follower.reassert();
  }

  /** Another item, standing at its beginning. */
  async load(uri: string, signal: AbortSignal): Promise<void> {
    await this.#handle.load(uri, { paused: true, start: 0, ignoreResume: true, signal });
  }

  pause(): Promise<void> {
    return this.#handle.pause();
  }

  /** A line in the player's picture; where it cannot show one, nothing. */
  async show(text: string): Promise<void> {
    if (this.#gone || !this.#player.capabilities.messages) return;
    try {
      await this.#handle.showMessage(text, 3);
    } catch (error) {
      if (!isGone(error)) this.#news.failed(error);
    }
  }

  /** Lets go of the player: it goes on alone. */
  async release(): Promise<void> {
    if (!this.#gone) {
      try {
        await this.#follower.release();
        await this.#handle.setWaitAtEnd(false);
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    }
    await this.dispose();
  }

  async dispose(): Promise<void> {
    this.#buffering.dispose();
    await this.#owned.dispose();
  }

  #listen(playback: Playback): void {
    const id = this.playbackId;
    const follower = this.#follower;
    this.#owned.add(follower.onDidIntend((intent) => this.#news.intended(intent)));
    this.#owned.add(follower.onDidLosePlayer(() => this.#lose()));
    this.#owned.add(
      follower.onDidFail((error) => {
        if (!isGone(error)) this.#news.failed(error);
      }),
    );
    this.#owned.add(
      follower.onDidStall((stalled) => {
        this.#stalled = stalled;
        this.#tellBuffering();
      }),
    );
    this.#owned.add(
      this.#player.onDidChangeState(({ status }) => {
        const opening = status === 'opening';
        if (opening !== this.#opening) {
          this.#opening = opening;
          this.#news.changed();
        }
        this.#tellBuffering();
      }),
    );
    this.#owned.add(
      playback.onDidStart((snapshot) => {
        if (snapshot.id !== id) return;
        this.#item = snapshot.item;
        this.#starts += 1;
        this.#opening = snapshot.state.status === 'opening';
        this.#news.changed();
      }),
    );
    this.#owned.add(
      playback.onDidEnd((end) => {
        if (end.id === id && end.reason === 'finished') this.#news.finished();
      }),
    );
  }

  #tellBuffering(): void {
    if (this.buffering === this.#toldBuffering) return;
    this.#toldBuffering = this.buffering;
    this.#buffering.fire(this.#toldBuffering);
  }

  #lose(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#news.lost();
  }
}

const isGone = (error: unknown): boolean =>
  isKinoportError(error, 'PLAYER_GONE', 'SESSION_NOT_FOUND', 'ABORTED');
