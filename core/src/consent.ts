import { type AnyErrorCode, KinoportError } from './errors.ts';
import type { JsonValue } from './json.ts';

/**
 * What a viewer has to agree to before a source does something that concerns others. The plugin rejects `resolve` or
 * `open` with {@link consentError} as long as the setting is not `true`; the viewer is asked, and on a yes the host
 * sets it in the config file, waits until the plugin has it, and calls again.
 */
export interface ConsentRequest {
  /** What the viewer agrees to, in whole sentences; at most 2000 characters. */
  readonly text: string;
  /** A boolean of the plugin's settings, `false` by default. */
  readonly setting: string;
}

/** The error that asks for an agreement. `data` is `{ consent: { text, setting } }`. */
export function consentError(code: AnyErrorCode, message: string, consent: ConsentRequest): KinoportError {
  const { text, setting } = consent;
  return new KinoportError(code, message, { data: { consent: { text, setting } } });
}

/** What an error asks the viewer to agree to; `undefined` for all others. */
export function consentOf(error: unknown): ConsentRequest | undefined {
  const consent = error instanceof KinoportError ? member(error.data, 'consent') : undefined;
  const text = member(consent, 'text');
  const setting = member(consent, 'setting');
  if (typeof text !== 'string' || typeof setting !== 'string') return undefined;
  if (text === '' || text.length > 2000 || !/^[A-Za-z][A-Za-z0-9_]{0,63}$/.test(setting)) return undefined;
  return { text, setting };
}

function member(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return typeof value === 'object' && value !== null && name in value
    ? (value as Readonly<Record<string, JsonValue>>)[name]
    : undefined;
}
