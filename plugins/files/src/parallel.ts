import { abortedError } from '@kinoport/core';

/** Maps in order of the input with at most `width` calls under way; the first failure ends it. */
export async function mapParallel<T, R>(
  values: readonly T[],
  width: number,
  map: (value: T) => Promise<R>,
  signal?: AbortSignal,
): Promise<R[]> {
  const results = new Array<R>(values.length);
  const entries = values.entries();
  const work = async (): Promise<void> => {
    for (const [index, value] of entries) {
      if (signal?.aborted) throw abortedError();
      results[index] = await map(value);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, values.length) }, work));
  return results;
}
