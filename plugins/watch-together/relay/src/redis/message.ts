import type { Effect } from '../room/draft.ts';
import type { RoomState } from '../room/state.ts';

/** A room as it is kept. */
export interface Kept {
  /** Grows with every change, by one. */
  readonly version: number;
  /** undefined: the room is over. */
  readonly state: RoomState | undefined;
  /** When time changes it next. */
  readonly wakeAt: number;
}

/** What is published of a room. */
export type RoomMessage =
  | { readonly kept: Kept; readonly effects: readonly Effect[]; readonly jump: boolean }
  /** Of no change: statuses. */
  | { readonly kept: undefined; readonly effects: readonly Effect[] };

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function stateOf(value: unknown): RoomState | undefined {
  if (value === null) return undefined;
  if (!isRecord(value) || !Array.isArray(value.seats) || !isRecord(value.timeline)) throw foreign();
  return value as unknown as RoomState;
}

/** Version of the room that a message is of; undefined: of no change. It stands first, see `COMMIT`. */
export function versionOf(text: string): number | undefined {
  const version = /^\{"v":(\d{1,16}),/.exec(text)?.[1];
  return version === undefined ? undefined : Number(version);
}

/** @throws Error it is none of a relay's */
export function readMessage(text: string): RoomMessage {
  const value: unknown = JSON.parse(text);
  if (!isRecord(value) || !Array.isArray(value.e)) throw foreign();
  const effects = value.e as readonly Effect[];
  if (value.v === undefined) return { kept: undefined, effects };
  if (typeof value.v !== 'number' || typeof value.w !== 'number') throw foreign();
  const kept = { version: value.v, state: stateOf(value.s), wakeAt: value.w };
  return { kept, effects, jump: value.j === true };
}

/** A room out of the fields of its key; undefined: there is none. @throws Error it is none of a relay's */
export function readKept([version, state, wake]: readonly unknown[]): Kept | undefined {
  if (version === null || version === undefined || version === '0') return undefined;
  const [number, wakeAt] = [Number(version), Number(wake)];
  if (!Number.isSafeInteger(number) || !Number.isFinite(wakeAt) || typeof state !== 'string') throw foreign();
  return { version: number, state: state === '' ? undefined : stateOf(JSON.parse(state)), wakeAt };
}

const foreign = (): Error => new Error('what is kept in the store was not written by a relay');
