const GIVEN = 100;
const KEPT = 400;

/** Peers for the next time. */
export class KnownPeers {
  /** Bytes that peers gave, by the address at which they can be reached again; the newest at the end. */
  readonly #useful = new Map<string, number>();

  saw(address: string, useful: number): void {
    const most = Math.max(this.#useful.get(address) ?? 0, useful);
    this.#useful.delete(address);
    this.#useful.set(address, most);
    const [oldest] = this.#useful.keys();
    if (this.#useful.size > KEPT && oldest !== undefined) this.#useful.delete(oldest);
  }

  forget(address: string): void {
    this.#useful.delete(address);
  }

  /** Those that gave most first. */
  get best(): readonly string[] {
    return [...this.#useful]
      .sort(([, a], [, b]) => b - a)
      .slice(0, GIVEN)
      .map(([address]) => address);
  }
}
