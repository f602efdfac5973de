import {
  type Disposable,
  DisposableStore,
  Emitter,
  type Playback,
  type PlaybackHandle,
  type PlayerState,
  type PositionSample,
  type ScheduledOptions,
} from '@kinoport/core';
import type { FollowedPlayer } from './ports.ts';

/** A playback session of the host as the player that is followed. Once the session is over its state is `gone`. */
export class PlaybackPlayer implements FollowedPlayer, Disposable {
  readonly capabilities: FollowedPlayer['capabilities'];
  readonly #handle: PlaybackHandle;
  readonly #changes = new Emitter<PlayerState>();
  readonly #owned = new DisposableStore();
  #state: PlayerState;

  readonly onDidChangeState = this.#changes.event;

  private constructor(
    handle: PlaybackHandle,
    capabilities: FollowedPlayer['capabilities'],
    state: PlayerState,
  ) {
    this.#handle = handle;
    this.capabilities = capabilities;
    this.#state = state;
  }

  /** @throws KinoportError `SESSION_NOT_FOUND` */
  static async open(playback: Playback, id: string): Promise<PlaybackPlayer> {
    const handle = playback.get(id);
    // States that come while the first is asked for are newer than the answer or the same.
    let newest: PlayerState | undefined;
    const early = playback.onDidChangeState((change) => {
      if (change.id === id) newest = change.state;
    });
    try {
      const snapshot = await handle.snapshot();
      const player = new PlaybackPlayer(handle, snapshot.capabilities, newest ?? snapshot.state);
      player.#listen(playback, id);
      return player;
    } finally {
      await early.dispose();
    }
  }

  get state(): PlayerState {
    return this.#state;
  }

  play(options?: ScheduledOptions): Promise<void> {
    return this.#handle.play(options);
  }

  pause(options?: ScheduledOptions): Promise<void> {
    return this.#handle.pause(options);
  }

  seek(position: number, options?: Parameters<PlaybackHandle['seek']>[1]): Promise<void> {
    return this.#handle.seek(position, options);
  }

  setRate(rate: number, options?: Parameters<PlaybackHandle['setRate']>[1]): Promise<void> {
    return this.#handle.setRate(rate, options);
  }

  samplePosition(): Promise<PositionSample> {
    return this.#handle.samplePosition();
  }

  dispose(): Promise<void> {
    this.#changes.dispose();
    return this.#owned.dispose();
  }

  #listen(playback: Playback, id: string): void {
    this.#owned.add(
      playback.onDidChangeState((change) => {
        if (change.id === id) this.#set(change.state);
      }),
    );
    this.#owned.add(
      playback.onDidClose((closed) => {
        if (closed.id === id) this.#set({ ...this.#state, status: 'gone' });
      }),
    );
  }

  #set(state: PlayerState): void {
    this.#state = state;
    this.#changes.fire(state);
  }
}
