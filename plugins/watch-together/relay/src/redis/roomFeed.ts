import type { Clock, Disposable } from '@kinoport/core';
import { catchUp } from '../room/catchUp.ts';
import type { Effect } from '../room/draft.ts';
import type { Delivery } from '../rooms/store.ts';
import type { Kept, RoomMessage } from './message.ts';

/** Milliseconds that a change may be on its way when a later one is there already. */
const GAP = 300;

type Change = Extract<RoomMessage, { kept: Kept }>;

/**
 * What happens in a room, for the members of this process: every change once and in order, whether it comes as the
 * answer to a commit of its own or is heard of. What was never heard of is made up from the states.
 */
export class RoomFeed implements Disposable {
  readonly #clock: Clock;
  readonly #deliver: (delivery: Delivery) => void;
  readonly #held = new Map<number, Change>();
  readonly #waiting: { readonly version: number; readonly wake: () => void }[] = [];
  #shown: Kept | undefined;
  #newest: Kept | undefined;
  #gap: Disposable | undefined;
  #over = false;

  constructor(clock: Clock, deliver: (delivery: Delivery) => void) {
    this.#clock = clock;
    this.#deliver = (delivery) => {
      // A change that was on its way: whoever watched has gone, and would set a timer.
      if (!this.#over) deliver(delivery);
    };
  }

  /**
   * The newest that this process knows; members have been told of it, or are about to be. Not before {@link begin}: what
   * is heard of on the way into the room is no beginning.
   */
  get newest(): Kept | undefined {
    return this.#shown ? this.#newest : undefined;
  }

  /** Whether members have been told of a version, so that it need not be heard of. */
  hasShown(version: number): boolean {
    return this.#shown !== undefined && version <= this.#shown.version;
  }

  /** What there was when this process came to the room. */
  begin(kept: Kept): void {
    this.#know(kept);
    if (this.#shown) return;
    this.#shown = kept;
    this.#drain();
  }

  hear(message: RoomMessage): void {
    if (!message.kept) {
      this.#deliver({ effects: message.effects, ended: false });
      return;
    }
    this.#know(message.kept);
    if (this.hasShown(message.kept.version)) return;
    this.#held.set(message.kept.version, message);
    if (!this.#shown) return;
    if (message.jump) this.jumpTo(message.kept);
    else this.#drain();
  }

  /** Members are told of the difference to what they know. */
  jumpTo(kept: Kept): void {
    this.#newest = kept;
    const before = this.#shown?.state;
    this.#show(kept, before ? catchUp(before, kept.state) : []);
    this.#drain();
  }

  /** Time alone has changed nothing; whoever looks after the room has to know when to look again. */
  unchanged(wakeAt: number): void {
    this.#deliver({ effects: [], wakeAt, ended: false });
  }

  /** Resolves when members have been told of a version. */
  reached(version: number): Promise<void> {
    if (!this.#shown || this.#shown.version >= version) return Promise.resolve();
    return new Promise((wake) => this.#waiting.push({ version, wake }));
  }

  #know(kept: Kept): void {
    if (!this.#newest || kept.version > this.#newest.version) this.#newest = kept;
  }

  #drain(): void {
    const { version = 0 } = this.#shown ?? {};
    for (const old of [...this.#held.keys()]) if (old <= version) this.#held.delete(old);
    const next = this.#held.get(version + 1);
    if (next) {
      this.#held.delete(version + 1);
      this.#show(next.kept, next.effects);
      this.#drain();
      return;
    }
    if (this.#held.size === 0) {
      void this.#gap?.dispose();
      this.#gap = undefined;
    } else this.#gap ??= this.#clock.after(GAP, () => this.#skip());
  }

  /** The change between will not come any more. */
  #skip(): void {
    this.#gap = undefined;
    const [first] = [...this.#held.values()].sort((a, b) => a.kept.version - b.kept.version);
    if (first) {
      const { newest = first.kept } = this;
      this.jumpTo(first.kept);
      this.#know(newest);
    }
  }

  #show(kept: Kept, effects: readonly Effect[]): void {
    this.#shown = kept;
    const { state, wakeAt, version } = kept;
    this.#deliver({ effects, wakeAt, ended: state === undefined });
    for (const waiter of this.#waiting.filter((candidate) => candidate.version <= version)) {
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      waiter.wake();
    }
  }

  dispose(): void {
    this.#over = true;
    void this.#gap?.dispose();
    this.#held.clear();
    for (const { wake } of this.#waiting.splice(0)) wake();
  }
}
