import { type Clock, type Disposable, DisposableStore } from '@kinoport/core';
import { CLOSE, type ServerMessage, type Status } from '../../../src/protocol/index.ts';
import type { Effect } from '../room/draft.ts';
import { Outgoing, type RoomConnection } from './connection.ts';
import type { Delivery, RoomStore } from './store.ts';

/** Milliseconds between two tellings of how members do. */
const STATUS_EVERY = 5000;

/** The part of a room that is in this process: the connections here, and the timer that moves the room on. */
export class LocalRoom implements Disposable {
  readonly code: string;
  timelineSeq = 0;
  /** Whether there is such a room, as far as this process knows. */
  exists = false;
  /** Those who are entering right now. */
  visits = 0;
  readonly #store: RoomStore;
  readonly #clock: Clock;
  readonly #tick: () => void;
  readonly #ended: () => void;
  readonly #connections = new Map<string, RoomConnection>();
  readonly #visitors = new Set<string>();
  readonly #statuses = new Map<string, Status>();
  readonly #owned = new DisposableStore();
  #timer: Disposable | undefined;
  #wakeAt = Number.POSITIVE_INFINITY;
  #statusTimer: Disposable | undefined;

  constructor(options: {
    readonly code: string;
    readonly store: RoomStore;
    readonly clock: Clock;
    /** Time alone changes the room now. */
    readonly tick: () => void;
    readonly ended: () => void;
  }) {
    this.code = options.code;
    this.#store = options.store;
    this.#clock = options.clock;
    this.#tick = options.tick;
    this.#ended = options.ended;
  }

  async watch(): Promise<void> {
    this.#owned.add(await this.#store.watch(this.code, (delivery) => this.#deliver(delivery)));
  }

  /** Somebody who is about to enter. */
  add(id: string, connection: RoomConnection): void {
    this.#connections.set(id, connection);
    this.#visitors.add(id);
  }

  entered(id: string): void {
    this.#visitors.delete(id);
  }

  remove(id: string): void {
    this.#connections.delete(id);
    this.#visitors.delete(id);
  }

  /** Those who have entered, in the room's own words. */
  get members(): ReadonlySet<string> {
    return new Set([...this.#connections.keys()].filter((id) => !this.#visitors.has(id)));
  }

  has(id: string): boolean {
    return this.#connections.has(id);
  }

  /** Tells those who are here, whatever the room is like. */
  tell(message: ServerMessage): void {
    this.#perform({ to: null, message });
  }

  /** Has a member come back, and take its seat again. */
  sendBack(id: string): void {
    const goodbye = { type: 'goodbye', reason: 'draining', retryAfter: 0 } as const;
    this.#perform({ close: id, code: CLOSE.RESTART, goodbye });
  }

  wake(at: number): void {
    if (at === this.#wakeAt) return;
    void this.#timer?.dispose();
    this.#timer = undefined;
    this.#wakeAt = at;
    if (at === Number.POSITIVE_INFINITY) return;
    // Timers of Node hold 31 bits; an early tick does nothing but set the next one.
    const ms = Math.min(Math.max(at - this.#store.now(), 1), 2 ** 31 - 1);
    this.#timer = this.#clock.after(ms, () => {
      this.#wakeAt = Number.POSITIVE_INFINITY;
      this.#tick();
    });
  }

  /** Notes how a member does; all such notes of some seconds leave together. */
  note(participant: string, status: Status): void {
    this.#statuses.set(participant, status);
    this.#statusTimer ??= this.#clock.after(STATUS_EVERY, () => {
      this.#statusTimer = undefined;
      const members = [...this.#statuses].map(([id, known]) => ({ participant: id, status: known }));
      this.#statuses.clear();
      this.#store.publish(this.code, [{ to: null, message: { type: 'status', members } }]);
    });
  }

  #deliver({ effects, wakeAt, ended }: Delivery): void {
    for (const effect of effects) this.#perform(effect);
    if (ended) this.#ended();
    else if (wakeAt !== undefined) this.wake(wakeAt);
  }

  #perform(effect: Effect): void {
    if ('close' in effect) {
      const connection = this.#connections.get(effect.close);
      this.remove(effect.close);
      connection?.close(effect.code, effect.goodbye);
      return;
    }
    const { message } = effect;
    if (message.type === 'timeline') this.timelineSeq = message.timeline.seq;
    if (effect.to !== null) {
      this.#connections.get(effect.to)?.receive(new Outgoing(message));
      return;
    }
    const outgoing = new Outgoing(message);
    for (const [id, connection] of this.#connections) if (id !== effect.except) connection.receive(outgoing);
  }

  async dispose(): Promise<void> {
    void this.#timer?.dispose();
    void this.#statusTimer?.dispose();
    await this.#owned.dispose();
  }
}
