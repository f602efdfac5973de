import type { RoomState } from '../room/state.ts';
import type { Change } from '../rooms/store.ts';

export type Outcome<T> =
  | { readonly failed: true; readonly error: unknown }
  | { readonly failed: false; readonly done: Change<T> };

/** A change run on what may be an old state: what comes of it is not believed at once. */
export function attempt<T>(state: RoomState, change: (state: RoomState) => Change<T>): Outcome<T> {
  try {
    return { failed: false, done: change(state) };
  } catch (error) {
    return { failed: true, error };
  }
}

/** Whether a change has changed nothing, and has nothing to tell. */
export const isIdle = (before: RoomState, { state, effects }: Change<unknown>): boolean =>
  effects.length === 0 && state !== undefined && JSON.stringify(state) === JSON.stringify(before);
