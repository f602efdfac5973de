import { type Clock, type Disposable, toDisposable } from '@kinoport/core';
import type { Effect } from '../room/draft.ts';
import type { RoomState } from '../room/state.ts';
import type { Change, Delivery, RoomStore, Updated } from './store.ts';

/** Rooms of one process, which end with it. */
export class MemoryStore implements RoomStore {
  readonly #clock: Clock;
  readonly #rooms = new Map<string, RoomState>();
  readonly #watchers = new Map<string, (delivery: Delivery) => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  count(): number {
    return this.#rooms.size;
  }

  create(state: RoomState, wakeAt: number): boolean {
    if (this.#rooms.has(state.code)) return false;
    this.#rooms.set(state.code, state);
    this.#watchers.get(state.code)?.({ effects: [], wakeAt, ended: false });
    return true;
  }

  update<T>(code: string, change: (state: RoomState) => Change<T>): Updated<T> {
    const before = this.#rooms.get(code);
    if (!before) return undefined;
    const { state, effects, wakeAt, result } = change(before);
    if (state) this.#rooms.set(code, state);
    else this.#rooms.delete(code);
    this.#watchers.get(code)?.({ effects, wakeAt, ended: state === undefined });
    return { result };
  }

  publish(code: string, effects: readonly Effect[]): void {
    this.#watchers.get(code)?.({ effects, ended: false });
  }

  watch(code: string, deliver: (delivery: Delivery) => void): Disposable {
    this.#watchers.set(code, deliver);
    return toDisposable(() => {
      if (this.#watchers.get(code) === deliver) this.#watchers.delete(code);
    });
  }

  dispose(): void {
    this.#rooms.clear();
    this.#watchers.clear();
  }
}
