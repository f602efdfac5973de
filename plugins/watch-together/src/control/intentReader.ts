import { type Clock, type PlayerState, positionAt } from '@kinoport/core';
import type { OwnCommands, PlayerChange } from './ownCommands.ts';

/** Reads out of a player's states what its viewer did there: everything that no command of ours explains. */
export class IntentReader {
  readonly #clock: Clock;
  readonly #own: OwnCommands;
  #state: PlayerState | undefined;
  #paused: boolean | undefined;
  /** The viewer has sought and the player has not arrived. */
  #seeking = false;

  constructor(clock: Clock, own: OwnCommands) {
    this.#clock = clock;
    this.#own = own;
  }

  /**
   * The next state. Local positions, seconds.
   * @returns `undefined` for a state that is older than one before: it is to be ignored
   */
  read(state: PlayerState): readonly PlayerChange[] | undefined {
    const before = this.#state;
    if (before !== undefined && state.itemToken === before.itemToken && state.epoch < before.epoch)
      return undefined;
    this.#state = state;
    if (before === undefined || state.itemToken !== before.itemToken) {
      this.#paused = pausedOf(state);
      this.#seeking = false;
      return [];
    }
    return [...this.#sought(before, state), ...this.#stopped(state), ...this.#sped(before, state)];
  }

  #sought(before: PlayerState, state: PlayerState): readonly PlayerChange[] {
    const position = positionAt(state, this.#clock.now());
    if (state.epoch > before.epoch && !this.#own.explains({ kind: 'seek', position }, state.cause))
      this.#seeking = true;
    if (!this.#seeking || state.status === 'seeking' || state.status === 'opening') return [];
    this.#seeking = false;
    return [{ kind: 'seek', position }];
  }

  #stopped(state: PlayerState): readonly PlayerChange[] {
    const before = this.#paused;
    const paused = pausedOf(state);
    if (paused === undefined) return [];
    this.#paused = paused;
    const change = { kind: 'pause', paused } as const;
    // Seen also where nothing changes, so that it explains nothing later.
    const own = this.#own.explains(change, state.cause);
    // At the end a player stops by itself.
    const isNews = before !== undefined && before !== paused && state.status !== 'ended';
    return isNews && !own ? [change] : [];
  }

  #sped(before: PlayerState, state: PlayerState): readonly PlayerChange[] {
    if (Math.abs(before.rate - state.rate) <= 1e-9) return [];
    const change = { kind: 'rate', rate: state.rate } as const;
    return this.#own.explains(change, state.cause) ? [] : [change];
  }
}

/** `undefined`: the status says nothing of what the viewer wants. A player that is at the end stands still. */
function pausedOf({ status }: PlayerState): boolean | undefined {
  if (status === 'paused' || status === 'ended') return true;
  return status === 'playing' || status === 'buffering' ? false : undefined;
}
