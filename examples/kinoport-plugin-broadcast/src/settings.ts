import type { JsonObject } from '@kinoport/core';

/** As the manifest has them; the host has checked them. */
export interface Settings {
  readonly target: string;
  readonly preset: string;
  /** kbit/s */
  readonly bitrate: number;
}

export function settingsOf({ target, preset, bitrate }: JsonObject): Settings {
  return { target: String(target), preset: String(preset), bitrate: Number(bitrate) };
}
