import { DisposableStore } from '@kinoport/core';
import { within } from '../../support/lab/waiting.ts';
import type { Table } from '../../support/table.ts';

/** What the bench does one after the other. */
export interface Part {
  readonly name: string;
  /** Seconds that it may take. */
  readonly most: number;
  /** What is in `owned` is ended with the part, however that ends. */
  run(owned: DisposableStore): Promise<void>;
}

/** Milliseconds for what a part has started to end. */
const GRACE = 15_000;

/** Runs a part to its end or for as long as it may; what breaks says so in the table, and the rest goes on. */
export async function runPart({ name, most, run }: Part, table: Table): Promise<void> {
  const owned = new DisposableStore();
  try {
    await within(`the end of the part ${name}`, most * 1000, run(owned));
  } catch (error) {
    table.add(`${name}: went wrong`, 1, 'times', { atMost: 0 });
    console.error(`${name}:`, error);
  }
  try {
    await within(`the end of what the part ${name} has started`, GRACE, owned.dispose());
  } catch (error) {
    console.error(`${name}:`, error);
  }
}
