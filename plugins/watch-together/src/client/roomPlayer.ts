import {
  type Clock,
  Emitter,
  isKinoportError,
  KinoportError,
  type Playback,
  toKinoportError,
} from '@kinoport/core';
import type { FollowFigures } from '../control/figures.ts';
import type { RoomTime, ViewerIntent } from '../control/ports.ts';
import type { Copy } from '../media/claim.ts';
import type { Recognition, Shelf } from '../media/shelf.ts';
import { LIMITS, type QueueItem } from '../protocol/index.ts';
import { Binding } from './binding.ts';
import { MediaKeeper } from './mediaKeeper.ts';
import type { MemberRequest } from './member.ts';
import type { PlayersInUse } from './playersInUse.ts';
import { nextItem, type RoomView } from './roomView.ts';

export interface RoomPlayerOptions {
  readonly clock: Clock;
  readonly playback: Playback;
  readonly time: RoomTime;
  readonly policy: 'precise' | 'classic';
  readonly shelf: Shelf;
  readonly players: PlayersInUse;
  readonly find: (item: QueueItem, by: Recognition) => Promise<Copy | undefined>;
  readonly self: string;
  readonly view: () => RoomView;
  readonly ask: (request: MemberRequest) => Promise<void>;
  readonly connected: () => boolean;
  readonly warn: (error: KinoportError) => void;
  /** What the relay is told of the player has changed. */
  readonly changed: () => void;
}

/** The player of a member: driven by the room, and its viewer's hand on it carried to the room. */
export class RoomPlayer {
  readonly #options: RoomPlayerOptions;
  readonly #media: MediaKeeper;
  readonly #lost = new Emitter<void>();
  #binding: Binding | undefined;
  #offset = 0;
  #waitForMe = true;
  /** What the room knows; undefined: not known. */
  #toldWait: boolean | undefined = true;

  /** The player was closed, or has died. */
  readonly onDidLose = this.#lost.event;

  constructor(options: RoomPlayerOptions) {
    this.#options = options;
    const { shelf, self, view, ask, find, warn, changed } = options;
    this.#media = new MediaKeeper({
      ...{ shelf, self, view, ask, find, warn },
      changed: () => {
        changed();
        this.#tellWaitLater();
      },
    });
  }

  /** Session that is driven; undefined: there is none, or its player is gone. */
  get playbackId(): string | undefined {
    return this.#alive?.playbackId;
  }

  /** Seconds. */
  get position(): number | undefined {
    return this.#alive?.position;
  }

  get figures(): FollowFigures | undefined {
    return this.#alive?.figures;
  }

  get buffering(): boolean {
    return this.#alive?.buffering ?? false;
  }

  /** Milliseconds. */
  get seekTime(): number | undefined {
    return this.#alive?.seekTime;
  }

  /** As `MediaKeeper.loaded`. */
  get loaded(): string | null | undefined {
    return this.#alive && this.#media.loaded;
  }

  get offset(): number {
    return this.#offset;
  }

  /** @throws KinoportError `INVALID_ARGUMENT` */
  setOffset(seconds: number): void {
    if (!Number.isFinite(seconds) || Math.abs(seconds) > 60)
      throw new KinoportError('INVALID_ARGUMENT', 'An own offset is at most a minute.');
    this.#offset = seconds;
    if (this.#binding) this.#binding.ownOffset = seconds;
  }

  /** @throws KinoportError `SESSION_NOT_FOUND`, `ROOM_PLAYER_IN_USE` */
  async bind(playbackId: string | undefined): Promise<void> {
    if (playbackId !== undefined && playbackId === this.playbackId) return;
    const { players, clock, playback, time, policy } = this.#options;
    if (playbackId !== undefined) players.take(playbackId, this);
    await this.release();
    if (playbackId !== undefined) {
      try {
        const binding = await Binding.open(
          playbackId,
          { clock, playback, time, policy, ownOffset: this.#offset },
          {
            changed: () => void this.#media.update(),
            intended: (intent) => void this.#intended(intent),
            finished: () => void this.#finished(),
            lost: () => void this.#wasLost(),
            failed: (error) => this.#options.warn(toKinoportError(error)),
          },
        );
        binding.onDidChangeBuffering(() => this.#options.changed());
        this.#binding = binding;
        await this.#media.bind(binding);
      } catch (error) {
        players.release(playbackId, this);
        throw error;
      }
    }
    this.#options.changed();
    await this.#tellWait();
  }

  async setWaitForMe(wait: boolean): Promise<void> {
    this.#waitForMe = wait;
    await this.#tellWait();
  }

  /** The timeline has changed. */
  follow(): void {
    this.#media.follow();
    this.#tellWaitLater();
  }

  /** The queue has changed. */
  update(): void {
    void this.#media.update();
  }

  /** The room may know less than it was told. */
  resumed(): void {
    this.#media.forget();
    this.#media.follow();
    this.#toldWait = undefined;
    this.#tellWaitLater();
  }

  async show(text: string): Promise<void> {
    await this.#alive?.show(text);
  }

  /** Lets go of the player, which goes on alone. */
  async release(): Promise<void> {
    const binding = this.#binding;
    if (!binding) return;
    this.#binding = undefined;
    await this.#media.bind(undefined);
    this.#options.players.release(binding.playbackId, this);
    await binding.release();
  }

  async dispose(): Promise<void> {
    await this.release();
    this.#media.dispose();
    this.#lost.dispose();
  }

  get #alive(): Binding | undefined {
    return this.#binding?.isGone === false ? this.#binding : undefined;
  }

  async #intended(intent: ViewerIntent): Promise<void> {
    const { timeline, host, settings } = this.#options.view();
    const { self, ask, warn, connected } = this.#options;
    if (this.loaded !== timeline.media) return;
    try {
      if (timeline.phase === 'idle') {
        await this.#intendedInLobby(intent);
        return;
      }
      if (host !== self && settings.control === 'host')
        throw new KinoportError('ROOM_FORBIDDEN', 'Only the host may do this.');
      await ask(requestOf(intent));
    } catch (error) {
      if (isKinoportError(error, 'ROOM_CLOSED')) return;
      if (!connected()) {
        this.#letGo();
        return;
      }
      warn(toKinoportError(error));
      this.#binding?.takeBack();
    }
  }

  /** Nobody can be asked: the player is its viewer's own until the room says again where it is. */
  #letGo(): void {
    if (!this.#media.letGo()) return;
    this.#options.warn(
      new KinoportError('RELAY_UNREACHABLE', 'The room does not hear of this: the connection is lost.', {
        hint: 'Until it is back your player goes its own way.',
      }),
    );
  }

  /** Whoever presses play in the lobby is ready, and the film waits for the others. */
  async #intendedInLobby({ kind }: ViewerIntent): Promise<void> {
    if (kind !== 'play') return;
    await this.#alive?.pause();
    await this.#options.ask({ type: 'ready', ready: true });
  }

  /** One member says what is next: the host. */
  async #finished(): Promise<void> {
    const view = this.#options.view();
    const next = nextItem(view);
    if (view.host !== this.#options.self || view.timeline.phase === 'idle' || !next) return;
    if (this.#media.loaded !== view.timeline.media) return;
    try {
      await this.#options.ask({ type: 'select', item: next.id });
    } catch (error) {
      this.#options.warn(toKinoportError(error));
    }
  }

  async #wasLost(): Promise<void> {
    const binding = this.#binding;
    if (!binding) return;
    this.#options.players.release(binding.playbackId, this);
    this.#lost.fire();
    this.#options.changed();
    await this.#tellWait();
  }

  /** Nobody waits for somebody who has no player, or not the film. */
  async #tellWait(): Promise<void> {
    const isThere = this.#binding === undefined || (!this.#binding.isGone && !this.#media.isLacking);
    const wait = this.#waitForMe && isThere;
    if (wait === this.#toldWait || !this.#options.connected()) return;
    this.#toldWait = wait;
    try {
      await this.#options.ask({ type: 'preferences', waitForMe: wait });
    } catch (error) {
      // Told when the connection is there again, or with the next change.
      this.#toldWait = undefined;
      if (!isKinoportError(error, 'RELAY_UNREACHABLE', 'ROOM_CLOSED')) throw error;
    }
  }

  /** As `#tellWait`, of what nobody has asked for. */
  #tellWaitLater(): void {
    this.#tellWait().catch((error: unknown) => this.#options.warn(toKinoportError(error)));
  }
}

/** What the viewer's doing asks of the room, within what the wire takes. */
function requestOf(intent: ViewerIntent): MemberRequest {
  if (intent.kind === 'rate') {
    const { min, max } = LIMITS.rate;
    return { type: 'rate', rate: Math.min(max, Math.max(min, intent.rate)) };
  }
  const position = Math.min(LIMITS.position, Math.max(0, intent.position));
  if (intent.kind === 'seek') return { type: 'seek', position };
  return intent.kind === 'pause' ? { type: 'pause', position } : { type: 'play' };
}
