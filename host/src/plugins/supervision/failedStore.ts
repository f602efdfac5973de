import { type JsonValue, type SerializedError, serializeError } from '@kinoport/core';
import Type, { type Static } from 'typebox';
import type { Logger } from '../../log/logger.ts';
import type { KeyValueStore } from '../../storage/keyValue.ts';
import { checkedSchema } from '../validation.ts';

const SCOPE = 'host';
const PREFIX = 'plugin.failed.';
const MOST_LINES = 40;
const MOST_BYTES = 4096;
const LONGEST = { message: 2000, hint: 1000, stack: 4000 } as const;

const text = (maxLength: number) => Type.String({ maxLength });

const FailedRecord = Type.Object({
  version: Type.String(),
  /** When the entry module was changed last, milliseconds since the epoch. */
  entryModified: Type.Number(),
  error: Type.Object({
    code: Type.String({ pattern: '^[A-Z][A-Z0-9_]{1,63}$' }),
    message: text(LONGEST.message),
    hint: Type.Optional(text(LONGEST.hint)),
    stack: Type.Optional(text(LONGEST.stack)),
  }),
  /** The end of its log, the oldest first: at most 40 lines and 4 KiB. */
  lastLines: Type.Array(Type.String(), { maxItems: MOST_LINES }),
  /** Wall clock, milliseconds since the epoch. */
  at: Type.Number(),
});

/** Why a plugin is not started any more. */
export type FailedRecord = Static<typeof FailedRecord>;

const record = checkedSchema<FailedRecord>(() => FailedRecord);

/** What a plugin's code is known by: another one is worth another try. */
export interface PluginCode {
  readonly id: string;
  readonly version: string;
  readonly entryModified: number;
}

/** Plugins that broke down too often, kept through the end of the host. */
export class FailedStore {
  readonly #store: KeyValueStore;
  readonly #log: Logger;

  constructor(store: KeyValueStore, log: Logger) {
    this.#store = store;
    this.#log = log;
  }

  /** What is known of this code. A broken record, and one of other code, is dropped. */
  find({ id, version, entryModified }: PluginCode): FailedRecord | undefined {
    const found = this.#read(id);
    if (found === undefined) return undefined;
    if (record.is(found) && found.version === version && found.entryModified === entryModified) return found;
    this.clear(id);
    return undefined;
  }

  /** Keeps the reason and as much of the lines' end as fits. What cannot be written is logged, and is known no longer than the host lives. */
  keep(code: PluginCode, reason: unknown, lines: readonly string[], at: number): FailedRecord {
    const kept: FailedRecord = {
      version: code.version,
      entryModified: code.entryModified,
      error: shortened(serializeError(reason)),
      lastLines: [...endOf(lines)],
      at,
    };
    this.#write(code.id, kept);
    return kept;
  }

  /** It was reloaded, enabled or removed. */
  clear(id: string): void {
    this.#write(id, undefined);
  }

  #read(id: string): JsonValue | undefined {
    try {
      return this.#store.get(SCOPE, PREFIX + id);
    } catch {
      // Not even JSON.
      this.clear(id);
      return undefined;
    }
  }

  #write(id: string, value: JsonValue | undefined): void {
    try {
      this.#store.set(SCOPE, PREFIX + id, value);
    } catch (error) {
      const { code, message } = serializeError(error);
      this.#log.warn(`that plugin ${id} failed could not be noted`, { code, message });
    }
  }
}

function shortened({ code, message, hint, stack }: SerializedError): FailedRecord['error'] {
  return {
    code,
    message: message.slice(0, LONGEST.message),
    ...(hint === undefined ? {} : { hint: hint.slice(0, LONGEST.hint) }),
    ...(stack === undefined ? {} : { stack: stack.slice(0, LONGEST.stack) }),
  };
}

function endOf(lines: readonly string[]): readonly string[] {
  const kept: string[] = [];
  let left = MOST_BYTES;
  for (const line of lines.slice(-MOST_LINES).reverse()) {
    const bytes = Buffer.byteLength(line) + 1;
    if (bytes > left) {
      // Rather a part of what was said last than nothing.
      if (kept.length === 0)
        kept.unshift(
          Buffer.from(line)
            .subarray(0, MOST_BYTES - 3)
            .toString('utf8'),
        );
      break;
    }
    left -= bytes;
    kept.unshift(line);
  }
  return kept;
}
