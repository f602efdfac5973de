/** Runs something for each of many, a few at a time. Rejects with the first failure; those under way go on. */
export async function inTurns<T>(
  items: readonly T[],
  atATime: number,
  run: (item: T) => Promise<void>,
): Promise<void> {
  const left = [...items].reverse();
  const work = async (): Promise<void> => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await run(item);
  };
  await Promise.all(Array.from({ length: Math.min(atATime, items.length) }, work));
}
