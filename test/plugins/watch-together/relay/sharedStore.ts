import { type Clock, type Disposable, toDisposable } from '@kinoport/core';
import type { Effect } from '../../../../plugins/watch-together/relay/src/room/draft.ts';
import type { RoomState } from '../../../../plugins/watch-together/relay/src/room/state.ts';
import type {
  Change,
  Delivery,
  RoomStore,
  Updated,
} from '../../../../plugins/watch-together/relay/src/rooms/store.ts';

/** What several processes share: rooms as JSON, and the way of effects from one to the others. */
export class Shared {
  readonly rooms = new Map<string, string>();
  readonly watchers = new Map<string, Set<(delivery: Delivery) => void>>();

  deliver(code: string, delivery: Delivery): void {
    const text = JSON.stringify(delivery, (_, value) =>
      value === Number.POSITIVE_INFINITY ? 'never' : value,
    );
    for (const watcher of [...(this.watchers.get(code) ?? [])])
      watcher(
        JSON.parse(text, (_, value) => (value === 'never' ? Number.POSITIVE_INFINITY : value)) as Delivery,
      );
  }
}

/** One process's end: every change is run twice, as after a lost race, and everything goes through JSON. */
export class SharedStore implements RoomStore {
  readonly #shared: Shared;
  readonly #clock: Clock;

  constructor(shared: Shared, clock: Clock) {
    this.#shared = shared;
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  async count(): Promise<number> {
    return this.#shared.rooms.size;
  }

  async create(state: RoomState, wakeAt: number): Promise<boolean> {
    await Promise.resolve();
    if (this.#shared.rooms.has(state.code)) return false;
    this.#shared.rooms.set(state.code, JSON.stringify(state));
    this.#shared.deliver(state.code, { effects: [], wakeAt, ended: false });
    return true;
  }

  async update<T>(code: string, change: (state: RoomState) => Change<T>): Promise<Updated<T>> {
    await Promise.resolve();
    const kept = this.#shared.rooms.get(code);
    if (kept === undefined) return undefined;
    const read = JSON.parse(kept) as RoomState;
    change(read);
    if (JSON.stringify(read) !== kept) throw new Error('a change has altered what it was given');
    const { state, effects, wakeAt, result } = change(read);
    if (state) this.#shared.rooms.set(code, JSON.stringify(state));
    else this.#shared.rooms.delete(code);
    this.#shared.deliver(code, { effects, wakeAt, ended: state === undefined });
    return { result };
  }

  publish(code: string, effects: readonly Effect[]): void {
    this.#shared.deliver(code, { effects, ended: false });
  }

  async watch(code: string, deliver: (delivery: Delivery) => void): Promise<Disposable> {
    const watchers = this.#shared.watchers.get(code) ?? new Set();
    this.#shared.watchers.set(code, watchers.add(deliver));
    return toDisposable(() => {
      watchers.delete(deliver);
    });
  }

  dispose(): void {}
}
