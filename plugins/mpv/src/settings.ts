import type { JsonObject } from '@kinoport/core';

/** The plugin's slice of the config; its schema stands in the manifest. */
export interface Settings {
  readonly path: string | undefined;
  readonly args: readonly string[];
  readonly profile: string | undefined;
}

export function readSettings(value: JsonObject): Settings {
  const text = (member: unknown): string | undefined =>
    typeof member === 'string' && member !== '' ? member : undefined;
  const args = Array.isArray(value.args) ? (value.args as readonly unknown[]) : [];
  return {
    path: text(value.path),
    args: args.filter((arg): arg is string => typeof arg === 'string'),
    profile: text(value.profile),
  };
}
