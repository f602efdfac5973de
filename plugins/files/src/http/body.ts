import type { Clock } from '@kinoport/core';
import type { HttpAnswer } from './client.ts';
import { timeoutError } from './errors.ts';

/** Silence after which a body counts as stalled. */
export const STALL_MS = 15_000;

/**
 * The chunks of a body. Silence of the server ends it with an error; time in which nobody asks for a chunk (a
 * paused player) does not count. The request is over when the iteration is, however it ends.
 */
export async function* chunks(answer: HttpAnswer, clock: Clock): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator: AsyncIterator<Uint8Array> = answer.body[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      const timer = clock.after(STALL_MS, () => answer.close(timeoutError(answer.url, STALL_MS / 1000)));
      const next = await iterator.next().finally(() => timer.dispose());
      if (next.done) {
        ended = true;
        return;
      }
      yield next.value;
    }
  } finally {
    if (!ended) answer.close();
  }
}

/** The beginning of a body: all of it, or what has come when it is more than `limit`. The rest is not fetched. */
export async function readUpTo(answer: HttpAnswer, limit: number, clock: Clock): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks(answer, clock)) {
    parts.push(chunk);
    length += chunk.length;
    if (length > limit) break;
  }
  return Buffer.concat(parts);
}
