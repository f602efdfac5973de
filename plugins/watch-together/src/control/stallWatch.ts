/** Milliseconds of standing still that are a stall, and while the player is being moved by us. */
const STALL = 500;
const STALL_MOVING = 2500;

/** Notices that a player stands still that should play: it waits for bytes, hangs, or its machine does. */
export class StallWatch {
  #since: number | undefined;
  #stalled = false;

  get stalled(): boolean {
    return this.#stalled;
  }

  /**
   * `wanted`: the player should play now · `moves`: it does · `moved`: we are about to place it, which may take its
   * time. Instants are milliseconds.
   * @returns whether `stalled` has changed
   */
  update(
    now: number,
    is: { readonly wanted: boolean; readonly moves: boolean; readonly moved: boolean },
  ): boolean {
    const before = this.#stalled;
    if (!is.wanted || is.moves) {
      this.#since = undefined;
      this.#stalled = false;
    } else {
      this.#since ??= now;
      if (now - this.#since > (is.moved ? STALL_MOVING : STALL)) this.#stalled = true;
    }
    return this.#stalled !== before;
  }
}
