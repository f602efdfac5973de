import { type Clock, type KinoportError, type StreamStats } from '@kinoport/core';

const ASK_EVERY = 1_000;

export interface Patience {
  readonly clock: Clock;
  /** Milliseconds without a sign that something goes on. */
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
  /** Asked once a second; an `activity` is such a sign. */
  readonly stats: () => Promise<StreamStats>;
  readonly onStats?: ((stats: StreamStats) => void) | undefined;
  /** What it ends with when there was none. */
  readonly late: () => KinoportError;
}

/**
 * Work of a source that may wait for the world (strangers, a slow server): it may take as long as the source tells
 * what it waits for.
 */
export async function patiently<T>(
  { clock, limit, signal, stats, onStats, late }: Patience,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const tooLate = new AbortController();
  let lastSign = clock.now();
  let isAsking = false;
  let isOver = false;
  const timer = clock.every(ASK_EVERY, () => {
    if (clock.now() - lastSign >= limit) tooLate.abort(late());
    if (isAsking) return;
    isAsking = true;
    stats()
      .then((figures) => {
        if (isOver) return;
        if (figures.activity !== undefined) lastSign = clock.now();
        onStats?.(figures);
      })
      // A source that is being restarted has no figures for a moment.
      .catch(() => undefined)
      .finally(() => {
        isAsking = false;
      });
  });
  try {
    return await work(signal ? AbortSignal.any([signal, tooLate.signal]) : tooLate.signal);
  } catch (error) {
    throw tooLate.signal.aborted && signal?.aborted !== true ? tooLate.signal.reason : error;
  } finally {
    isOver = true;
    await timer.dispose();
  }
}
