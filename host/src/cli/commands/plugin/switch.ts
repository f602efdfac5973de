import type { PluginView } from '../../../api/protocol.ts';
import { withHost } from '../../connection/connectHost.ts';
import { type CliContext, type CommonOptions, outputFor } from '../../context.ts';

/** `plugin enable|disable|reload <id>` @throws KinoportError of the host as it is */
export async function runPluginSwitch(
  ctx: CliContext,
  name: 'enable' | 'disable' | 'reload',
  id: string,
  options: CommonOptions,
): Promise<number> {
  const output = outputFor(ctx, options);
  const began = ctx.clock.now();
  const plugin = await withHost(ctx, (host) => host.call(`plugins.${name}`, { id }));
  if (output.json) output.value(plugin);
  else output.info(sentence(name, plugin, ctx.clock.now() - began));
  return 0;
}

function sentence(name: 'enable' | 'disable' | 'reload', plugin: PluginView, ms: number): string {
  if (name === 'disable')
    return plugin.origin === 'dev'
      ? `${plugin.id} is switched off in the config; "plugin dev" runs it until that ends.`
      : `${plugin.id} is switched off.`;
  if (name === 'enable')
    return `${plugin.id} is switched on${plugin.pid === null ? '; it starts when it is needed' : ''}.`;
  return `${plugin.id} reloaded in ${Math.round(ms)} ms (generation ${plugin.generation}, process ${plugin.pid}).`;
}
