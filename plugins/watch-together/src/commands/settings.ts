import { KinoportError, type SyncSettings } from '@kinoport/core';

const CHOICES = {
  control: ['host', 'everyone'],
  buffering: ['off', 'grace', 'everyone'],
  mismatch: ['warn', 'refuse'],
} as const satisfies { readonly [K in keyof SyncSettings]: readonly SyncSettings[K][] };

/** Names of what the host decides of a room. */
export const ROOM_SETTINGS = Object.keys(CHOICES) as readonly (keyof SyncSettings)[];

/**
 * A setting by what was given for it; empty: nothing was.
 * @param called what the person has typed it as
 * @throws KinoportError `USAGE`
 */
export function settingOf(
  name: keyof SyncSettings,
  value: string | undefined,
  called: string,
): Partial<SyncSettings> {
  if (value === undefined) return {};
  const choices: readonly string[] = CHOICES[name];
  if (!choices.includes(value))
    throw new KinoportError('USAGE', `${called} is one of ${choices.join(', ')}.`);
  return { [name]: value };
}
