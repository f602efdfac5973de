import { type Diagnostic, serializeError } from '@kinoport/core';
import type { PluginDiagnostics } from '../api/diagnosticsProtocol.ts';
import { believed } from './answers.ts';
import type { Plugin } from './plugin.ts';
import type { PluginSet } from './pluginSet.ts';
import { checks } from './schemas.ts';

/** Milliseconds that a plugin has to answer once it runs. */
const DEADLINE = 2_000;

/** What those plugins tell that declare diagnostics; they are started for it. Never fails as a whole. */
export function diagnose(
  plugins: PluginSet['plugins'],
  signal?: AbortSignal,
): Promise<readonly PluginDiagnostics[]> {
  const declaring = plugins.filter(
    ({ manifest }) => manifest.package.kinoport.contributes?.diagnostics === true,
  );
  return Promise.all(declaring.map(({ plugin }) => diagnosticsOf(plugin, signal)));
}

async function diagnosticsOf(plugin: Plugin, signal: AbortSignal | undefined): Promise<PluginDiagnostics> {
  try {
    const answer = await plugin.call<unknown>(
      'diagnostics/report',
      {},
      { timeout: DEADLINE, ...(signal ? { signal } : {}) },
    );
    const facts: readonly Diagnostic[] = believed(
      checks.diagnostics,
      answer,
      `Plugin "${plugin.id}"`,
      'diagnostics',
    );
    return {
      plugin: plugin.id,
      diagnostics: facts.map(({ label, value, ok = true, hint }) => ({
        label,
        value,
        ok,
        hint: hint ?? null,
      })),
    };
  } catch (error) {
    const { stack: _, ...data } = serializeError(error);
    return { plugin: plugin.id, error: data };
  }
}
