import { abortedError } from '@kinoport/core';
import type { PluginProcess } from './process.ts';

/**
 * Activates a generation; one of the signals ends it before.
 * @throws KinoportError as `PluginProcess.activate`; `ABORTED`; the process is gone then
 */
export async function activateUnless(
  generation: PluginProcess,
  signals: readonly (AbortSignal | undefined)[],
): Promise<void> {
  const cancelled = AbortSignal.any(signals.filter((signal) => signal !== undefined));
  const cancel = (): void => void generation.kill();
  cancelled.addEventListener('abort', cancel);
  try {
    if (!cancelled.aborted) await generation.activate();
  } catch (error) {
    if (!cancelled.aborted) throw error;
  } finally {
    cancelled.removeEventListener('abort', cancel);
  }
  if (!cancelled.aborted) return;
  await generation.kill();
  throw abortedError();
}
