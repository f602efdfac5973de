import type { Disposable } from '@kinoport/core';
import type { Effect } from '../room/draft.ts';
import type { RoomState } from '../room/state.ts';

/** What a change makes of a room. */
export interface Change<T> {
  /** undefined: the room is over. */
  readonly state: RoomState | undefined;
  readonly effects: readonly Effect[];
  /** When time alone changes the room next, in `now` of the store; Infinity: never. */
  readonly wakeAt: number;
  readonly result: T;
}

/** What a process does for the store that it shares with others. */
export interface RoomKeeper {
  /**
   * Moves on a room that nobody moves on, from now to its end. `lost`: a process that is no more, whose members have
   * lost their connections.
   * @throws KinoportError `RELAY_STORE`, `RELAY_DRAINING`
   */
  adopt(code: string, lost?: string): Promise<void>;
  /** The store does not answer, and has not for a while. */
  away(): void;
  /** It answers again: what it has of this process's members may be old. Never rejects. */
  back(): Promise<void>;
}

/** What a process is told of a room that it watches. */
export interface Delivery {
  readonly effects: readonly Effect[];
  /** As of {@link Change}; undefined: as before. */
  readonly wakeAt?: number;
  readonly ended: boolean;
}

/**
 * Where rooms live. One process may keep them in its memory; or any number of processes share them, when it keeps
 * states as JSON, changes them one after the other (by comparing and setting, or with a lease), and hands effects from
 * one process to the others. A change is a pure function of the state: it may be run again on a newer one.
 */
export interface RoomStore extends Disposable {
  /**
   * Milliseconds of the clock that instants of rooms are of. It is the same for all processes of the store and never
   * goes back, unless somebody sets the clock of a shared store back; between two processes it may differ by what their exchange with the store leaves.
   */
  now(): number;
  /** Rooms in all. */
  count(): number | Promise<number>;
  /** False when there is a room of that code already. */
  create(state: RoomState, wakeAt: number): boolean | Promise<boolean>;
  /**
   * Runs `change` on the newest state, one at a time per room over all processes. When it resolves the state is kept,
   * and the effects have been given to `deliver` of this process; those of others get them in the same order.
   * Resolves with undefined when there is no such room. What `change` throws is thrown, and nothing has changed.
   * @throws KinoportError `RELAY_STORE` when the store does not answer
   */
  update<T>(code: string, change: (state: RoomState) => Change<T>): Updated<T> | Promise<Updated<T>>;
  /** Effects that belong to no change: statuses. They may be lost. */
  publish(code: string, effects: readonly Effect[]): void;
  /** Of a store that several processes share: has the process look after rooms. */
  attend?(keeper: RoomKeeper): void;
  /** From the moment that this resolves until it is disposed, effects of the room are given to `deliver`, in order. */
  watch(code: string, deliver: (delivery: Delivery) => void): Disposable | Promise<Disposable>;
}

export type Updated<T> = { readonly result: T } | undefined;
