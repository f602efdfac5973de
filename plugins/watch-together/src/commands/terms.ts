import type { SyncSettings } from '@kinoport/core';
import type { Room } from '../client/room.ts';

/** What the host decides of a room. */
export interface RoomTerms extends SyncSettings {
  readonly title: string | undefined;
  readonly locked: boolean;
}

export const termsOf = ({ settings, title, locked }: Room): RoomTerms => ({ ...settings, title, locked });

const WORDS = {
  control: { host: 'Only the host steers from now on.', everyone: 'Everyone may steer from now on.' },
  buffering: {
    off: 'Nobody waits any more for one whose player has no data.',
    grace: 'The others wait a little for one whose player has no data.',
    everyone: 'All wait for one whose player has no data.',
  },
  mismatch: {
    warn: 'Who has another film may stay; all are told.',
    refuse: 'Who has another film stays out.',
  },
} as const satisfies { readonly [K in keyof SyncSettings]: Readonly<Record<SyncSettings[K], string>> };

/** What has become of it; one line each. */
export function termsChanges(before: RoomTerms, now: RoomTerms): readonly string[] {
  const { control, buffering, mismatch, title, locked } = now;
  return [
    ...(control === before.control ? [] : [WORDS.control[control]]),
    ...(buffering === before.buffering ? [] : [WORDS.buffering[buffering]]),
    ...(mismatch === before.mismatch ? [] : [WORDS.mismatch[mismatch]]),
    ...(title === before.title || title === undefined ? [] : [`The room is called "${title}" now.`]),
    ...(locked === before.locked ? [] : [`The room has ${locked ? 'a' : 'no'} password now.`]),
  ];
}
