import type { JsonValue } from '@kinoport/core';
import type { InjectionToken } from 'tsyringe';

/** Small JSON values by scope (`plugin:<id>`, `host`) and key. A scope holds at most 1 MiB (`STORAGE_LIMIT`). */
export interface KeyValueStore {
  get(scope: string, key: string): JsonValue | undefined;
  /** `undefined` removes. */
  set(scope: string, key: string, value: JsonValue | undefined): void;
  keys(scope: string): readonly string[];
}

export const KeyValueStore: InjectionToken<KeyValueStore> = Symbol('KeyValueStore');
