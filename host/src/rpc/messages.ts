import { KinoportError } from '@kinoport/core';

/** Longest message in bytes, without its newline. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** Bytes that may wait for a reader who does not read: four of the longest messages. */
export const MAX_BACKLOG_BYTES = 4 * MAX_MESSAGE_BYTES;

export type MessageId = number | string;

/** JSON-RPC 2.0. What a message holds besides its kind is checked where it is used. */
export interface Message {
  readonly jsonrpc: '2.0';
  readonly id?: MessageId | null;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** `undefined` for what is not a JSON-RPC 2.0 message. */
export function parseMessage(text: string): Message | undefined {
  try {
    const message: unknown = JSON.parse(text);
    return isMessage(message) ? message : undefined;
  } catch {
    return undefined;
  }
}

function isMessage(value: unknown): value is Message {
  if (typeof value !== 'object' || value === null) return false;
  const { jsonrpc, method, id } = value as Record<string, unknown>;
  if (jsonrpc !== '2.0') return false;
  if (method !== undefined) return typeof method === 'string';
  return isMessageId(id) || id === null;
}

export function isMessageId(value: unknown): value is MessageId {
  return typeof value === 'number' || typeof value === 'string';
}

/** @throws KinoportError `PLUGIN_PROTOCOL` when the other side would refuse it; TypeError when it is no JSON */
export function formatMessage(message: Message): string {
  const text = JSON.stringify(message);
  // A character is at most 3 bytes, so that most messages need no counting.
  if (text.length * 3 > MAX_MESSAGE_BYTES && Buffer.byteLength(text) > MAX_MESSAGE_BYTES) {
    throw new KinoportError(
      'PLUGIN_PROTOCOL',
      `A message to be sent is longer than ${MAX_MESSAGE_BYTES} bytes.`,
    );
  }
  return text;
}

export function backlogError(): KinoportError {
  return new KinoportError(
    'PLUGIN_UNRESPONSIVE',
    `More than ${MAX_BACKLOG_BYTES} bytes wait for a reader that does not take them.`,
  );
}
