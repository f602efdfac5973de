/** Milliseconds by which the offset may move in a millisecond while somebody watches: 0.5 ms a second. */
const SLEW = 0.0005;
/** Beyond this the offset is simply wrong, milliseconds. */
const STEP = 50;

/**
 * The offset that is in force. It nears what the exchanges say so slowly that no picture jumps, and goes there at
 * once where nobody watches or where it is more than 50 ms off.
 */
export class SlewedOffset {
  /** The offset aimed at, where it was so, and how it moves on. */
  #aim: { readonly offset: number; readonly at: number; readonly slope: number } | undefined;
  /** How far the offset in force was from it at that instant. */
  #gap = 0;

  get isSet(): boolean {
    return this.#aim !== undefined;
  }

  /** Milliseconds to add to a local instant; 0 while nothing is known. */
  valueAt(now: number): number {
    if (this.#aim === undefined) return 0;
    const { offset, at, slope } = this.#aim;
    const gone = Math.max(0, now - at);
    const gap = Math.sign(this.#gap) * Math.max(0, Math.abs(this.#gap) - SLEW * gone);
    return offset + slope * (now - at) + gap;
  }

  /** @returns by how much the offset has stepped, milliseconds; 0 when it slews. */
  aim(offset: number, slope: number, now: number, smooth: boolean): number {
    const gap = this.isSet ? this.valueAt(now) - offset : 0;
    const slews = smooth && Math.abs(gap) <= STEP;
    this.#gap = slews ? gap : 0;
    this.#aim = { offset, at: now, slope };
    return slews ? 0 : -gap;
  }

  clear(): void {
    this.#aim = undefined;
    this.#gap = 0;
  }
}
