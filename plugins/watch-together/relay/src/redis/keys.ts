/** Names of what is kept. The number is that of the format: relays of another one do not see each other's rooms. */
export class Keys {
  readonly #base: string;
  readonly #channels: string;

  constructor(prefix: string) {
    this.#base = `${prefix}1:`;
    this.#channels = `${this.#base}room:`;
  }

  /** Hash: `v` version, `s` state (empty: the room is over), `w` when time changes it next. */
  room(code: string): string {
    return `${this.#base}room:${code}`;
  }

  /** Where everything that happens in a room is published. */
  channel(code: string): string {
    return `${this.#channels}${code}`;
  }

  codeOf(channel: string): string {
    return channel.slice(this.#channels.length);
  }

  /** Sorted set: rooms by the instant at which time changes them next. */
  get wakes(): string {
    return `${this.#base}wakes`;
  }

  /** Sorted set: relays by their last sign of life. */
  get relays(): string {
    return `${this.#base}relays`;
  }

  /** Set: rooms that a relay takes part in. */
  roomsOf(relay: string): string {
    return `${this.#base}relay:${relay}:rooms`;
  }

  /** Held by the relay that clears up after another one. */
  claim(relay: string): string {
    return `${this.#base}relay:${relay}:claim`;
  }
}
