import type { Plugin } from './plugin.ts';
import type { PluginProcess } from './process.ts';

/** Why another generation takes over: the one before is gone, or still serves. */
export type HandoverReason = 'crash' | 'replace';

/** Milliseconds that one thing may take to go over; the generation before serves nobody new meanwhile. */
export const TAKE_OVER_TIMEOUT: Readonly<Record<HandoverReason, number>> = { crash: 60_000, replace: 10_000 };

/** Something of the host's that outlives a generation and goes over to the next before anyone is routed to it. */
export interface Survivor {
  /** Whether this generation has it. */
  isWith(generation: PluginProcess): boolean;
  /**
   * Has `next` take it over. Until the returned function is called the generation before is still the one that is
   * believed; where it is never called, `next` is ended.
   * @throws KinoportError when `next` does not take it
   */
  takeOver(next: PluginProcess, reason: HandoverReason): Promise<() => void>;
}

/**
 * Hands everything over. After a crash what can go over goes over at once; in a replacement nothing does before
 * `commit`.
 */
export async function handOver(
  survivors: Iterable<Survivor>,
  next: PluginProcess,
  reason: HandoverReason,
): Promise<{ readonly failures: readonly unknown[]; readonly commit: () => void }> {
  const results = await Promise.allSettled(
    [...survivors].map(async (survivor) => {
      const commit = await survivor.takeOver(next, reason);
      if (reason === 'crash') commit();
      return commit;
    }),
  );
  const commits = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  return {
    failures: results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : [])),
    commit: () => {
      for (const each of commits) each();
    },
  };
}

/**
 * Brings over to the active generation what `opener` has opened: it may have been replaced while it did, and what was
 * handed over then did not have this yet.
 * @throws KinoportError as `Plugin.current`; of a generation that does not take it
 */
export async function settle(
  plugin: Plugin,
  survivor: Survivor,
  opener: PluginProcess,
  signal?: AbortSignal,
): Promise<void> {
  for (let owner = opener; ; ) {
    const active = await plugin.current(signal);
    if (active === owner || survivor.isWith(active)) return;
    (await survivor.takeOver(active, 'replace'))();
    owner = active;
  }
}
