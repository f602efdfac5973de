import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import {
  type CommandArguments,
  type CommandContribution,
  deserializeError,
  type JsonObject,
  KinoportError,
} from '@kinoport/core';
import { defaultPluginSetting, readConfigFile } from '../config/parseConfig.ts';
import { secretNames } from '../config/secretProperties.ts';
import { pluginSchemas } from '../plugins/configSchemas.ts';
import { type DiscoveredPlugin, settingsSchema } from '../plugins/discovery.ts';
import { readManifest } from '../plugins/manifest.ts';
import { accessOf } from '../plugins/permissions/access.ts';
import { planStandalone } from '../plugins/standalone.ts';
import { displayEnvironment } from '../processes/environment.ts';
import type { StandaloneNote, StandaloneOrder } from '../standalone/order.ts';
import { findPlugins } from './commands/config.ts';
import type { CliContext, CommonOptions } from './context.ts';
import { onSignals } from './terminal/signals.ts';

/** A command that runs without a host, and where its plugin lies when only a running host knows. */
export interface StandaloneCommand {
  readonly contribution: CommandContribution;
  readonly root?: string;
}

/** Runs it in a process of its own, which has this one's terminal; returns its exit code. */
export async function runStandalone(
  ctx: CliContext,
  { contribution, root }: StandaloneCommand,
  args: Record<string, unknown>,
  { json, verbose, quiet, ...options }: Record<string, unknown> & CommonOptions,
): Promise<number> {
  const { command } = contribution;
  const plugins = await findPlugins(ctx);
  const plugin = pluginOf(plugins, command, root);
  const input = { args, options } as CommandArguments;
  const runtime = join(dirname(ctx.hostEntry), 'standalone.js');
  const launch = planStandalone(plugin, contribution, input, runtime);
  const order: StandaloneOrder = {
    command,
    plugin: { id: plugin.id, version: plugin.manifest?.package.version ?? '', root: plugin.root },
    access: plugin.access,
    module: launch.module,
    input,
    config: configOf(ctx, plugins, plugin),
    display: displayEnvironment(ctx.environment),
    output: { json: json === true, verbose: verbose === true, quiet: quiet === true },
  };
  return runProcess(launch, order, ctx.cwd);
}

function pluginOf(
  plugins: readonly DiscoveredPlugin[],
  command: string,
  root: string | undefined,
): DiscoveredPlugin {
  const found = plugins.find(
    ({ enabled, manifest }) => enabled && manifest?.standalone[command] !== undefined,
  );
  if (found?.error) throw found.error;
  if (found && (root === undefined || found.root === root)) return found;
  if (root === undefined)
    throw new KinoportError('COMMAND_UNKNOWN', `No plugin contributes the command "${command}".`);
  // Somebody works on it: the host that runs has been told of the folder.
  const manifest = readManifest(root);
  const access = accessOf(manifest.package.kinoport.permissions, []);
  const place = { key: manifest.id, id: manifest.id, root, manifest, access };
  return {
    ...place,
    builtin: false,
    origin: 'dev',
    enabled: true,
    config: {},
    grants: [],
    development: { root },
  };
}

/** Its slice of the config file, but for the secrets. @throws KinoportError `CONFIG_INVALID` */
function configOf(
  ctx: CliContext,
  plugins: readonly DiscoveredPlugin[],
  plugin: DiscoveredPlugin,
): JsonObject {
  const schema = settingsSchema(plugin);
  const { config } = readConfigFile(ctx.home.configFile, {
    plugins: pluginSchemas(plugins, ctx.home.config),
  });
  const setting = config.plugins[plugin.key] ?? defaultPluginSetting(schema);
  if (setting.problem) throw deserializeError(setting.problem);
  const secrets = secretNames(schema);
  return Object.fromEntries(Object.entries(setting.config).filter(([name]) => !secrets.includes(name)));
}

/** Ctrl-C and the like come to this process, which tells the other: what a terminal sends to both counts once. */
async function runProcess(
  { path, args, environment }: ReturnType<typeof planStandalone>,
  order: StandaloneOrder,
  cwd: string,
): Promise<number> {
  const child = spawn(path, args, {
    cwd,
    env: environment,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    windowsHide: true,
  });
  const tell = (message: StandaloneOrder | StandaloneNote): void => {
    // One that has just ended cannot be told; its end is what counts.
    if (child.connected) child.send(message, () => undefined);
  };
  const signals = onSignals({
    interrupt: (signal) => tell({ signal: signal === 'SIGTERM' ? 'terminate' : 'interrupt' }),
    hangUp: () => tell({ signal: 'hangUp' }),
    ...(process.platform === 'win32' ? {} : { reload: () => tell({ signal: 'reload' }) }),
  });
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('spawn', () => tell(order));
      child.once('error', (cause) =>
        reject(new KinoportError('COMMAND_FAILED', `"${order.command}" could not be started.`, { cause })),
      );
      child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
    });
  } finally {
    await signals.dispose();
  }
}
