import type { Clock } from '@kinoport/core';
import type { OwnCommands, PlayerChange } from './ownCommands.ts';
import type { FollowedPlayer } from './ports.ts';

/** Where a player was told to stand and where it does, seconds. */
export interface Placed {
  readonly wanted: number;
  readonly position: number;
}

/** The player's commands, each noted as ours before it is sent. */
export class PlayerCommands {
  readonly #clock: Clock;
  readonly #player: FollowedPlayer;
  readonly #own: OwnCommands;
  #speed: number;
  #placed: Placed | undefined;
  #changes = 0;

  constructor(clock: Clock, player: FollowedPlayer, own: OwnCommands) {
    this.#clock = clock;
    this.#player = player;
    this.#own = own;
    this.#speed = player.state.rate;
  }

  /** The rate that the player was told last. */
  get speed(): number {
    return this.#speed;
  }

  /** Grows with every command that moves the player or changes its speed: what was measured across it is void. */
  get changes(): number {
    return this.#changes;
  }

  /** Where the player stands, if it still stands where it was put. */
  get placed(): Placed | undefined {
    return this.#placed;
  }

  /** Somebody else has moved the player or changed its speed, to `rate`. */
  interfered(rate: number): void {
    this.#speed = rate;
    this.#placed = undefined;
    this.#changes += 1;
  }

  async play(at?: number, signal?: AbortSignal): Promise<void> {
    this.#placed = undefined;
    const own = this.#issue({ kind: 'pause', paused: false }, at);
    const options = { id: own.id, ...(at === undefined ? {} : { at }), ...(signal ? { signal } : {}) };
    await this.#settle(this.#player.play(options), own);
  }

  async pause(at?: number, signal?: AbortSignal): Promise<void> {
    this.#placed = undefined;
    const own = this.#issue({ kind: 'pause', paused: true }, at);
    const options = { id: own.id, ...(at === undefined ? {} : { at }), ...(signal ? { signal } : {}) };
    await this.#settle(this.#player.pause(options), own);
  }

  /** @returns how long it took, seconds */
  async seek(position: number): Promise<number> {
    return (await this.#seek(position)).took;
  }

  /** A seek of a player that stands. @returns where it landed, and how long it took; seconds */
  async place(wanted: number): Promise<Placed & { readonly took: number }> {
    const { took, changes } = await this.#seek(wanted);
    // A picture is shown from its frame's time on, and mpv (0.35.1) begins its sound there too: up to a frame later.
    const { position } = await this.#player.samplePosition();
    if (changes === this.#changes) this.#placed = { wanted, position };
    return { wanted, position, took };
  }

  async #seek(position: number): Promise<{ readonly took: number; readonly changes: number }> {
    this.#placed = undefined;
    const own = this.#issue({ kind: 'seek', position });
    const began = this.#clock.now();
    const changes = this.#changes;
    await this.#settle(this.#player.seek(position, { id: own.id, exact: true }), own);
    return { took: (this.#clock.now() - began) / 1000, changes };
  }

  async setRate(rate: number): Promise<void> {
    this.#speed = rate;
    const own = this.#issue({ kind: 'rate', rate });
    await this.#settle(this.#player.setRate(rate, { id: own.id }), own);
    this.#changes += 1;
  }

  #issue(change: PlayerChange, at?: number): ReturnType<OwnCommands['issue']> {
    this.#changes += 1;
    return this.#own.issue(change, at);
  }

  async #settle(done: Promise<void>, own: ReturnType<OwnCommands['issue']>): Promise<void> {
    try {
      await done;
    } finally {
      own.settled();
    }
  }
}
