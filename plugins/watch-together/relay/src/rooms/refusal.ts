import type { KinoportError } from '@kinoport/core';
import type { ServerMessages } from '../../../src/protocol/index.ts';

/** Milliseconds to wait, as a refusal tells them in its `data`. */
function retryAfterOf({ data }: KinoportError): number | undefined {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return undefined;
  const { retryAfter } = data as { readonly retryAfter?: unknown };
  return typeof retryAfter === 'number' ? retryAfter : undefined;
}

/** What is said of an error to whoever is elsewhere: of one that is ours, that it is, and no more. */
export function refusal(error: KinoportError, id?: number): ServerMessages['error'] {
  const retryAfter = retryAfterOf(error);
  return {
    type: 'error',
    ...(id === undefined ? {} : { id }),
    code: error.code,
    message: error.code === 'INTERNAL' ? 'Something went wrong at the relay.' : error.message.slice(0, 500),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
}
