/** What runs in each plugin's process: the connection to the host, the context, the plugin's own module. */

import { registerHooks } from 'node:module';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { KinoportError, type Plugin, serializeError, systemClock } from '@kinoport/core';
import { pipeTransport } from '../rpc/peer.ts';
import type { DeactivateResult, InitializeParams, InitializeResult, ReportResult } from '../rpc/protocol.ts';
import { PluginRuntime } from './context.ts';
import { explainUncaught, PluginPeer } from './denials.ts';
import { developing, type LoadWatch } from './development/loading.ts';
import { withPlace } from './development/place.ts';
import { guardOutput } from './output.ts';
import { RuntimeReport } from './report.ts';

// Every plugin gets the host's own copy of the public API, whatever lies in its node_modules.
const coreUrl = new URL('./core.js', import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === '@kinoport/core' ? { url: coreUrl, shortCircuit: true } : next(specifier, context),
});

const peer = new PluginPeer(pipeTransport(new Socket({ fd: 3, readable: true, writable: true })), {
  clock: systemClock,
  name: 'the host',
});
const redactor = guardOutput();
const report = new RuntimeReport(systemClock);
let runtime: PluginRuntime | undefined;

async function load(entry: string, isQuiet: boolean): Promise<Plugin> {
  let module: { readonly default?: unknown };
  try {
    module = await import(entry);
  } catch (error) {
    throw await loadFailure(error, entry, isQuiet);
  }
  const plugin = module.default as Plugin | undefined;
  if (typeof plugin?.activate !== 'function') {
    throw new KinoportError(
      'PLUGIN_LOAD_FAILED',
      'The entry module has no default export with an activate function.',
      {
        hint: 'export default definePlugin({ activate(ctx) { ... } })',
      },
    );
  }
  return plugin;
}

async function loadFailure(error: unknown, entry: string, isQuiet: boolean): Promise<KinoportError> {
  const { message, stack } = serializeError(error);
  const { formatPlace, placeOfLoad } = await import('./faultPlace.ts');
  const place = await placeOfLoad(error, entry).catch(() => undefined);
  const where = place ? formatPlace(place) : fileURLToPath(entry);
  if (!isQuiet) console.error(place ? `${where}\n${stack ?? message}` : (stack ?? message));
  return new KinoportError('PLUGIN_LOAD_FAILED', `The plugin's code could not be loaded: ${message}`, {
    hint: `Look at ${where}`,
    ...(place ? { data: { ...place } } : {}),
    cause: error,
  });
}

peer.handle('initialize', async (params): Promise<InitializeResult> => {
  const initialize = params as InitializeParams;
  peer.identity = { id: initialize.plugin.id, access: initialize.access };
  let loading: LoadWatch | undefined;
  try {
    if (initialize.development) loading = await developing(peer, initialize.entry, initialize.development);
    // Whoever works on it is told the place, in better order than a log could.
    const plugin = await load(initialize.entry, loading !== undefined);
    report.loaded();
    runtime = new PluginRuntime(peer, initialize, plugin, redactor);
    const registered = await runtime.activate();
    report.activated();
    return registered;
  } catch (error) {
    throw loading ? withPlace(error, initialize.plugin.root, loading) : error;
  }
});
// A sign of life, whatever the plugin does; see Heartbeat.
peer.handle('ping', async () => undefined);
peer.handle(
  'deactivate',
  async (): Promise<DeactivateResult> => ({
    problems: (await runtime?.deactivate()) ?? [],
  }),
);
peer.handle('report', async (): Promise<ReportResult> => report.value);
explainUncaught(() => peer.identity);
peer.onDidClose(() => process.exit(0));
// What the plugin has told before it ended is told.
process.on('exit', () => peer.flush());
// The host ends plugins by this pipe; a Ctrl-C in the terminal of a foreground host is not for them.
process.on('SIGINT', () => undefined);
peer.listen();
