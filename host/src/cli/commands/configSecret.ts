import { KinoportError, PRODUCT } from '@kinoport/core';
import type { SecretView } from '../../api/protocol.ts';
import { withHost } from '../connection/connectHost.ts';
import { type CliContext, type CommonOptions, outputFor } from '../context.ts';
import { askHidden, readAllInput } from '../terminal/hidden.ts';
import type { Output } from '../terminal/output.ts';
import { formatTable } from '../terminal/table.ts';
import { printable } from '../terminal/width.ts';
import { findPlugins } from './config.ts';

export interface SecretOptions extends CommonOptions {
  readonly list?: boolean;
  readonly remove?: boolean;
  readonly move?: boolean;
}

/** `config secret`: gives plugins their secrets. No value is ever printed, nor taken from the command line. */
export async function runConfigSecret(
  ctx: CliContext,
  plugin: string | undefined,
  name: string | undefined,
  options: SecretOptions,
): Promise<number> {
  const output = outputFor(ctx, options);
  const ways = [options.list, options.remove, options.move].filter(Boolean);
  if (ways.length > 1) throw usage('Only one of --list, --remove and --move can be given.');
  if (options.list === true) {
    if (name !== undefined) throw usage('--list takes a plugin only.');
    return list(ctx, plugin, output);
  }
  if (plugin === undefined || name === undefined)
    throw usage('A plugin and the name of a secret are needed.');
  if (options.move === true) return move(ctx, plugin, name, output);
  if (options.remove === true) return tell(await set(ctx, plugin, name, null), output);
  // A mistyped name is met before anybody types a password for it.
  await checkName(ctx, plugin, name);
  return tell(await set(ctx, plugin, name, await valueFor(plugin, name)), output);
}

async function list(ctx: CliContext, plugin: string | undefined, output: Output): Promise<number> {
  const params = plugin === undefined ? {} : { plugin };
  const secrets = await withHost(ctx, (host) => host.call('secrets.list', params));
  if (output.json) {
    output.value(secrets);
    return 0;
  }
  if (secrets.length === 0) output.info('There are none.');
  const rows = secrets.map((each) => [each.plugin, each.name, stateOf(each), each.description ?? '']);
  const head = [
    { title: 'Plugin' },
    { title: 'Secret' },
    { title: '' },
    { title: 'What it is', flexible: true },
  ] as const;
  if (rows.length > 0) for (const line of formatTable(head, rows, output.columns)) output.data(line);
  return 0;
}

function stateOf({ set, required, setting }: SecretView): string {
  if (!setting) return "set, the plugin's own";
  if (set) return 'set';
  return required ? 'missing' : 'not set';
}

/** Out of the config file, where it does not belong. */
async function move(ctx: CliContext, plugin: string, name: string, output: Output): Promise<number> {
  const [{ removeSetting, settingInFile }, plugins] = await Promise.all([
    import('../../config/secretInFile.ts'),
    findPlugins(ctx),
  ]);
  const file = ctx.home.configFile;
  const found = plugins.find(({ id }) => id === plugin) ?? plugins.find(({ key }) => key === plugin);
  const key = found?.key ?? plugin;
  const result = await set(ctx, plugin, name, settingInFile(file, key, name));
  removeSetting(file, key, name);
  if (output.json) output.value(result);
  else output.info(`"${name}" of ${result.plugin} is now kept as a secret, and out of ${file}.`);
  return 0;
}

async function checkName(ctx: CliContext, plugin: string, name: string): Promise<void> {
  const secrets = await withHost(ctx, (host) => host.call('secrets.list', { plugin }));
  if (secrets.some((each) => each.setting && each.name === name)) return;
  // It says what there is instead; nothing is stored under a name that is not known.
  await set(ctx, plugin, name, '');
}

async function valueFor(plugin: string, name: string): Promise<string> {
  const value =
    process.stdin.isTTY === true
      ? await askHidden(`${printable(name)} of ${printable(plugin)} (not shown): `)
      : await readAllInput();
  if (value !== '') return value;
  throw new KinoportError('INVALID_ARGUMENT', 'The secret is empty.', {
    hint: `To take it away: "${PRODUCT.command} config secret ${plugin} ${name} --remove".`,
  });
}

function set(ctx: CliContext, plugin: string, name: string, value: string | null) {
  return withHost(ctx, (host) => host.call('secrets.set', { plugin, name, value }));
}

function tell(result: SecretView & { readonly changed: boolean }, output: Output): number {
  const { plugin, name, set: isSet, changed, required } = result;
  if (output.json) output.value(result);
  else if (isSet) output.info(`"${name}" of ${plugin} ${changed ? 'is set' : 'was so already'}.`);
  else output.info(`"${name}" of ${plugin} ${changed ? 'is removed' : 'was not set'}.`);
  if (!isSet && required && !output.json)
    output.note(`${plugin} does not start without it; a running one keeps what it was given.`);
  return 0;
}

function usage(message: string): KinoportError {
  return new KinoportError('USAGE', message, {
    hint: `"${PRODUCT.command} config secret --help" shows what there is.`,
  });
}
