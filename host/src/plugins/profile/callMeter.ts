/** So many of the last calls count for the median. */
const KEPT = 256;

/** How long the calls into one generation of a plugin take. */
export class CallMeter {
  readonly #last = new Float64Array(KEPT);
  #count = 0;
  #first: number | undefined;

  /** @param ms from the request to the answer, whatever that was */
  note(ms: number): void {
    this.#first ??= ms;
    this.#last[this.#count % KEPT] = ms;
    this.#count += 1;
  }

  get count(): number {
    return this.#count;
  }

  /** Milliseconds; code that runs for the first time is slow. */
  get first(): number | undefined {
    return this.#first;
  }

  /** Milliseconds, of the last 256 calls. */
  get median(): number | undefined {
    const sorted = this.#last.slice(0, Math.min(this.#count, KEPT)).sort();
    return sorted[Math.floor((sorted.length - 1) / 2)];
  }
}
