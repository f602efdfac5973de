/** Any value that survives `JSON.stringify` and `JSON.parse` unchanged. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** A JSON object. `undefined` members are dropped on the wire. */
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined;
}
