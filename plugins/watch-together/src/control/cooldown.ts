const FIRST = 1200;
const LONGEST = 20_000;
/** Milliseconds without another one after which everything is forgotten. */
const FORGIVEN = 10_000;

/** Keeps jumps apart: 1.2 s, doubled each time another one follows soon. Instants are milliseconds. */
export class Cooldown {
  #last: number | undefined;
  #wait = FIRST;

  allows(now: number): boolean {
    return this.#last === undefined || now - this.#last >= this.#wait;
  }

  use(now: number): void {
    const soon = this.#last !== undefined && now - this.#last < this.#wait + FORGIVEN;
    this.#wait = soon ? Math.min(LONGEST, this.#wait * 2) : FIRST;
    this.#last = now;
  }
}
