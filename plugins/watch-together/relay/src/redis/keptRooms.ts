import type { Effect } from '../room/draft.ts';
import type { Availability } from './availability.ts';
import type { Keys } from './keys.ts';
import type { RedisLink } from './link.ts';
import { type Kept, readKept } from './message.ts';
import { COMMIT, RESTORE } from './script.ts';

/** Milliseconds that a room is kept after it should have been moved on, and that it is known to be over. */
const KEPT = 3_600_000;
const OVER = 600_000;

/** What the server keeps of rooms, and what it does with them. Methods throw `RELAY_STORE` when it does not answer. */
export class KeptRooms {
  readonly #link: RedisLink;
  readonly #keys: Keys;
  readonly #availability: Availability;
  readonly #relay: string;
  readonly #now: () => number;

  constructor(options: {
    readonly link: RedisLink;
    readonly keys: Keys;
    readonly availability: Availability;
    /** Names this process. */
    readonly relay: string;
    /** The clock of rooms. */
    readonly now: () => number;
  }) {
    this.#link = options.link;
    this.#keys = options.keys;
    this.#availability = options.availability;
    this.#relay = options.relay;
    this.#now = options.now;
  }

  count(): Promise<number> {
    return this.#availability.answered(this.#link.commands.zcard(this.#keys.wakes));
  }

  async load(code: string): Promise<Kept | undefined> {
    const { commands } = this.#link;
    const fields = commands.hmget(this.#keys.room(code), 'v', 's', 'w');
    const kept = readKept(await this.#availability.answered(fields));
    if (!kept?.state) await this.#availability.answered(commands.zrem(this.#keys.wakes, code));
    return kept;
  }

  /** @returns what there is in place of what was expected; undefined: it is done */
  async commit(
    code: string,
    expected: number,
    kept: Kept,
    effects: readonly Effect[],
  ): Promise<{ readonly kept: Kept | undefined } | undefined> {
    const values = [...this.#fields(code, kept), String(expected), JSON.stringify(effects)];
    const answer = await this.#availability.answered(
      COMMIT.run(this.#link.commands, this.#keysOf(code), values),
    );
    return answer.length === 0 ? undefined : { kept: readKept(answer) };
  }

  /** Puts a room back that the server knows no more. @returns what it has instead, newer or as new */
  async restore(code: string, newest: Kept): Promise<Kept | undefined> {
    const answer = await RESTORE.run(this.#link.commands, this.#keysOf(code), this.#fields(code, newest));
    return answer.length === 0 ? undefined : readKept(answer);
  }

  /** Tells who watches the room; what fails is lost. */
  publish(code: string, effects: readonly Effect[]): void {
    const sent = this.#link.commands.publish(this.#keys.channel(code), JSON.stringify({ e: effects }));
    sent.catch(() => undefined);
  }

  /** From now on this process is told of what happens in the rooms, and counts as one that looks after them. */
  async follow(codes: readonly string[]): Promise<void> {
    if (codes.length === 0) return;
    const { commands, subscriber } = this.#link;
    await Promise.all([
      subscriber.subscribe(...codes.map((code) => this.#keys.channel(code))),
      commands.sadd(this.#keys.roomsOf(this.#relay), ...codes),
    ]);
  }

  unfollow(code: string): void {
    const { commands, subscriber } = this.#link;
    // Where there is no connection there is no subscription either.
    subscriber.unsubscribe(this.#keys.channel(code)).catch(() => undefined);
    commands.srem(this.#keys.roomsOf(this.#relay), code).catch(() => undefined);
  }

  #keysOf(code: string): readonly string[] {
    return [this.#keys.room(code), this.#keys.wakes];
  }

  #fields(code: string, { version, state, wakeAt }: Kept): readonly (string | number)[] {
    const wake = Number.isFinite(wakeAt) ? wakeAt : this.#now() + KEPT;
    const ttl = state ? Math.ceil(Math.max(0, wake - this.#now())) + KEPT : OVER;
    const text = state ? JSON.stringify(state) : '';
    return [String(version), text, String(wake), ttl, code, this.#keys.channel(code)];
  }
}
