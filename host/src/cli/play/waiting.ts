import { DisposableStore } from '@kinoport/core';
import type { HostConnection } from '../connection/hostConnection.ts';
import type { CliContext } from '../context.ts';
import type { Output } from '../terminal/output.ts';
import { onSignals } from '../terminal/signals.ts';
import { WaitLine } from '../terminal/waitLine.ts';

/** Asks a source, which may take its time: shows on a terminal that it does, and can be called off. */
export async function whileWaiting<T>(
  ctx: CliContext,
  output: Output,
  host: HostConnection,
  name: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const owner = new DisposableStore();
  try {
    const abort = new AbortController();
    const end = (): void => abort.abort();
    owner.add(onSignals({ interrupt: end, hangUp: end }));
    if (!output.quiet) {
      const line = owner.add(new WaitLine(ctx.clock, name));
      owner.add(
        host.onDidWait(({ stats }) => {
          line.stats = stats;
        }),
      );
    }
    return await work(abort.signal);
  } finally {
    await owner.dispose();
  }
}
