import { readFileSync } from 'node:fs';
import type { Plugin } from '../../../host/src/plugins/plugin.ts';
import { type Fixture, PluginHost } from '../../host/plugins/support/pluginHost.ts';
import { instant } from '../../support/lab/waiting.ts';

export { PluginHost };

/** A plugin with one command, by which it is found, and one service, which gives back what it gets. */
export function echo(name: string, methods = '', events: readonly string[] = []): Fixture {
  return {
    manifest: {
      contributes: { commands: [{ command: name, title: name }], services: [{ id: name }] },
      experimental: ['services'],
      activationEvents: [...events],
    },
    code: `export default definePlugin({ activate(ctx) {
      ctx.commands.register('${name}', async () => {});
      ctx.services.register('${name}', { echo: async (params) => params, ${methods} });
    } });`,
  };
}

export function pluginOf(host: PluginHost, name: string): Plugin {
  return host.manager.commandPlugin(name);
}

/** Calls a method of the service of an `echo` plugin. */
export function call<T>(plugin: Plugin, method: string, params: unknown): Promise<T> {
  return plugin.call<T>('service/call', { service: plugin.id, method, params, caller: 'bench' });
}

/** Milliseconds that something takes. */
export async function took(run: () => Promise<unknown>): Promise<number> {
  const began = instant();
  await run();
  return instant() - began;
}

/** The value below which so much of the values lie: 0.5, 0.99. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/** Memory of a process in MB: its own with its share of what it shares, and what is its own alone. Linux only. */
export function memoryOf(pid: number | 'self'): { readonly pss: number; readonly anonymous: number } {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(rollup)?.[1]) / 1024;
  return { pss: field('Pss'), anonymous: field('Pss_Anon') };
}
