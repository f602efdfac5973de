import type { PluginProfile } from '../../api/protocol.ts';
import type { ReportResult } from '../../rpc/protocol.ts';
import type { PluginProcess } from '../process.ts';
import { checks } from '../schemas.ts';
import { memoryOf } from './memory.ts';

const PATIENCE = 2_000;

/** What one running generation has cost so far; what only it can tell is `null` where it does not answer. */
export async function profileOf(generation: PluginProcess): Promise<PluginProfile> {
  const { pid, calls, uptime, spawnedAt } = generation;
  const [report, memory] = await Promise.all([
    reportOf(generation),
    pid === undefined ? undefined : memoryOf(pid),
  ]);
  const between = (from: number | null | undefined, to: number | null | undefined): number | null =>
    typeof from === 'number' && typeof to === 'number' ? Math.max(0, to - from) : null;
  // A process may have waited for what it was to run.
  const startedAt = report && Math.max(spawnedAt, report.startedAt);
  return {
    id: generation.plugin.id,
    generation: generation.generation,
    pid: pid ?? null,
    uptime,
    start: between(spawnedAt, startedAt),
    load: between(startedAt, report?.loadedAt),
    activate: between(report?.loadedAt, report?.activatedAt),
    ready: generation.readyAfter,
    calls: calls.count,
    firstCall: calls.first ?? null,
    medianCall: calls.median ?? null,
    messagesPerSecond: uptime > 0 ? (1000 * generation.peer.messages) / uptime : null,
    memory: memory ?? null,
  };
}

async function reportOf({ peer }: PluginProcess): Promise<ReportResult | undefined> {
  try {
    const answer = await peer.call<unknown>('report', {}, { timeout: PATIENCE, urgent: true });
    return checks.report.is(answer) ? answer : undefined;
  } catch {
    // It hangs, stands at a breakpoint, or has just ended.
    return undefined;
  }
}
