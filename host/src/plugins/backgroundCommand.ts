import { fileURLToPath, pathToFileURL } from 'node:url';
import { type CommandArguments, KinoportError } from '@kinoport/core';
import { secretNames } from '../config/secretProperties.ts';
import type { Home } from '../home/home.ts';
import { ORDER_VARIABLE, type StandaloneOrder } from '../standalone/order.ts';
import { developmentFlags } from './dev/development.ts';
import { settingsSchema } from './discovery.ts';
import { prepareLaunch } from './permissions/launch.ts';
import type { PluginDefinition } from './process.ts';

export interface BackgroundCommand {
  readonly definition: PluginDefinition;
  readonly home: Home;
  readonly command: string;
  readonly input: CommandArguments;
  /** The module that runs in the process. */
  readonly runtime?: string;
}

/**
 * How a standalone command of a plugin is started without a client: its order comes with its environment.
 * @throws KinoportError `COMMAND_UNKNOWN`; as `prepareLaunch`
 */
export function planBackground({ definition, home, command, input, runtime = RUNTIME }: BackgroundCommand): {
  readonly path: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
} {
  const { id, root, access, manifest, config, development } = definition;
  const module = manifest.standalone[command];
  if (module === undefined)
    throw new KinoportError('COMMAND_UNKNOWN', `The plugin "${id}" has no standalone command "${command}".`);
  const { path, flags, environment } = prepareLaunch({ plugin: definition, home, runtime });
  const secrets = secretNames(settingsSchema(definition));
  const order: StandaloneOrder = {
    command,
    plugin: { id, version: manifest.package.version, root },
    access,
    module: pathToFileURL(module).href,
    input,
    config: Object.fromEntries(Object.entries(config).filter(([name]) => !secrets.includes(name))),
    display: {},
    output: { json: true, quiet: false, verbose: false },
  };
  return {
    path,
    args: [...developmentFlags(development), ...flags, runtime],
    environment: { ...environment, [ORDER_VARIABLE]: JSON.stringify(order) },
  };
}

const RUNTIME = fileURLToPath(new URL('./standalone.js', import.meta.url));
